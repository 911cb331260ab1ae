"""Money in the digits of its currency."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from core import clock
from core.money import (
    CURRENCIES,
    CurrencyMismatch,
    Money,
    currency_choices,
    currency_of_country,
    format_money,
    hourly,
    minor_units,
    round_money,
    totals,
    validate_amount,
    validate_currency,
)


@pytest.mark.parametrize(("code", "digits"), [("JPY", 0), ("KRW", 0), ("EUR", 2), ("GBP", 2), ("BHD", 3), ("TND", 3)])
def test_each_currency_has_digits_of_its_own(code, digits):
    assert minor_units(code) == digits


@pytest.mark.parametrize("code", ["", "eur", "XXX", "XAU", "EURO", "DEM"])
def test_what_is_no_currency_in_use_is_refused(code):
    with pytest.raises(ValueError):
        minor_units(code)
    with pytest.raises(ValidationError, match="Choose a currency"):
        validate_currency(code)
    with pytest.raises(ValidationError, match="Choose a currency"):
        validate_amount(Decimal(1), code)


@pytest.mark.parametrize(
    ("amount", "code", "rounded"),
    [
        ("0.005", "EUR", "0.01"),
        ("0.015", "EUR", "0.02"),
        ("0.0149", "EUR", "0.01"),
        ("2.5", "JPY", "3"),
        ("1.0005", "BHD", "1.001"),
        ("999999999.995", "GBP", "1000000000.00"),
        ("123456789012345678901234567890.125", "EUR", "123456789012345678901234567890.13"),
    ],
)
def test_money_is_rounded_half_up(amount, code, rounded):
    assert str(round_money(Decimal(amount), code)) == rounded


@pytest.mark.parametrize(
    ("rate", "minutes", "code", "price"),
    [
        ("84", 45, "GBP", "63.00"),
        ("10.01", 30, "GBP", "5.01"),  # 5.005
        ("5801", 30, "JPY", "2901"),  # 2900.5
        ("7.001", 90, "BHD", "10.502"),  # 10.5015
        ("10", 20, "EUR", "3.33"),
        ("10", 40, "EUR", "6.67"),
    ],
)
def test_an_hourly_price_is_rounded_once(rate, minutes, code, price):
    assert str(hourly(Decimal(rate), minutes, code)) == price


@settings(max_examples=200)
@given(st.integers(0, 10**9), st.integers(1, 1440), st.sampled_from(["JPY", "EUR", "BHD"]))
def test_an_hourly_price_is_the_nearest_unit_and_the_upper_of_two(units, minutes, code):
    rate = Decimal(units).scaleb(-minor_units(code))

    price = hourly(rate, minutes, code)

    assert int(price.scaleb(minor_units(code))) == (2 * units * minutes + 60) // 120  # in whole numbers: floor(x + 1/2)


@pytest.mark.parametrize(
    ("amount", "code", "text"),
    [
        ("58.00", "GBP", "£58"),
        ("61.5", "GBP", "£61.50"),
        ("0", "GBP", "£0"),
        ("5800", "JPY", "¥5,800"),
        ("1.25", "BHD", "BHD 1.250"),
        ("1234567.80", "EUR", "€1,234,567.80"),
        ("80", "USD", "$80"),
        ("80", "AUD", "A$80"),
        ("-5.5", "EUR", "−€5.50"),
        ("-0.001", "EUR", "€0"),
    ],
)
def test_money_is_written_with_its_sign_and_no_needless_decimals(amount, code, text):
    assert format_money(Decimal(amount), code) == text
    assert str(Money(Decimal(amount), code)) == text


@pytest.mark.parametrize(
    ("amount", "code", "error"),
    [
        ("NaN", "EUR", "Enter an amount."),
        ("sNaN", "EUR", "Enter an amount."),
        ("Infinity", "EUR", "Enter an amount."),
        ("-Infinity", "EUR", "Enter an amount."),
        ("-0.01", "EUR", "Enter an amount of 0 or more."),
        ("1000000000", "EUR", "Enter an amount below 1,000,000,000."),
        ("1e999999", "EUR", "Enter an amount below 1,000,000,000."),
        ("1e-999999", "EUR", "EUR has at most 2 digits after the point."),
        ("0.001", "EUR", "EUR has at most 2 digits after the point."),
        ("0.5", "JPY", "JPY has no digits after the point."),
        ("0.0001", "BHD", "BHD has at most 3 digits after the point."),
    ],
)
def test_what_is_no_price_is_refused(amount, code, error):
    with pytest.raises(ValidationError) as raised:
        validate_amount(Decimal(amount), code)

    assert raised.value.messages == [error]


@pytest.mark.parametrize(
    ("amount", "code", "stored"),
    [("10.000", "EUR", "10.00"), ("10.00", "JPY", "10"), ("1E+3", "JPY", "1000"), ("-0", "EUR", "0.00")],
)
def test_a_price_gets_its_currencys_digits(amount, code, stored):
    assert str(validate_amount(Decimal(amount), code)) == stored


def test_two_currencies_never_add_up():
    pounds, euros = Money(Decimal(5), "GBP"), Money(Decimal(5), "EUR")

    for mix in (
        lambda: pounds + euros,
        lambda: pounds - euros,
        lambda: pounds < euros,
    ):
        with pytest.raises(CurrencyMismatch):
            mix()
    assert pounds != euros


def test_sums_of_one_currency():
    forty = Money(Decimal(40), "GBP")

    assert 8 * forty == Money(Decimal(320), "GBP")
    assert forty + forty - forty == forty


def test_each_currency_has_a_sum_of_its_own():
    forty, euros = Money(Decimal(40), "GBP"), Money(Decimal(5), "EUR")

    assert totals([forty, euros, forty]) == [Money(Decimal(80), "GBP"), euros]
    assert totals([]) == []


def test_every_currency_can_be_chosen_once():
    codes = [code for code, _ in currency_choices()]

    assert codes[:3] == ["GBP", "EUR", "USD"]
    assert sorted(codes) == sorted(CURRENCIES)
    assert all(len(code) == 3 and code.isupper() and name.strip() == name != "" for code, name in CURRENCIES.items())


@pytest.mark.parametrize(
    ("zone", "currency"),
    [
        ("Europe/London", "GBP"),
        ("Europe/Lisbon", "EUR"),
        ("Europe/Zurich", "CHF"),
        ("Europe/Vaduz", "CHF"),
        ("Asia/Kolkata", "INR"),
        ("Asia/Tokyo", "JPY"),
        ("America/New_York", "USD"),
        ("America/Guayaquil", "USD"),
        ("Africa/Dakar", "XOF"),
        ("Australia/Lord_Howe", "AUD"),
        ("Antarctica/Troll", ""),
        ("UTC", ""),
        ("Nowhere/City", ""),
    ],
)
def test_a_zone_has_the_money_of_its_country(zone, currency):
    assert currency_of_country(clock.country_code(zone)) == currency


def test_wherever_people_live_there_is_a_currency():
    countries = {clock.country_code(zone) for zone, _ in clock.zone_choices()}

    assert {country for country in countries if not currency_of_country(country)} == {"", "AQ"}
    assert {currency_of_country(country) for country in countries} <= {*CURRENCIES, ""}
