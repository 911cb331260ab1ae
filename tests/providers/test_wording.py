"""The sentences customers read."""

from decimal import Decimal

import pytest

from providers import wording
from providers.models import BookingPolicy, Confirmation, Pricing, Provider, Service


@pytest.fixture
def policy():
    return BookingPolicy(provider=Provider(name="Maya Okafor"))


def texts(sentences):
    return [sentence.text for sentence in sentences]


def test_the_usual_policy_is_four_sentences(policy):
    assert texts(wording.policy_sentences(policy)) == [
        "Confirms straight away.",
        "Book at least 2 hours ahead, and at most 60 days ahead.",
        "Free to cancel more than 12 hours before the start. After that it is a late cancellation, and in the last "
        "2 hours only Maya can cancel it.",
        "Ask for another time until 2 hours before the start. After that, only Maya can.",
    ]


def test_every_rule_in_force_is_said(policy):
    policy.accepts_at_once = False
    policy.answer_minutes = 90
    policy.notice_minutes = 0
    policy.window_days = 1
    policy.cancellation_cutoff_minutes = policy.reschedule_cutoff_minutes = 0
    policy.max_per_day = 1
    policy.max_open = 30

    assert texts(wording.policy_sentences(policy)) == [
        "Maya answers each request within 1 hour 30 minutes. One without an answer ends by itself.",
        "Book up to the last minute, and at most 1 day ahead.",
        "Free to cancel more than 12 hours before the start. After that it is a late cancellation.",
        "Ask for another time until the start.",
        "Maya takes at most 1 appointment a day.",
        "Maya takes no more while 30 appointments lie ahead.",
    ]


@pytest.mark.parametrize(
    ("cutoff", "free"),
    [
        (719, "more than 12 hours before the start. After that it is a late cancellation, and in the last 11 hours 59 "
              "minutes only Maya can cancel it."),
        (720, "more than 12 hours before the start. After that, only Maya can cancel it."),
        (721, "until 12 hours 1 minute before the start. After that, only Maya can cancel it."),
    ],
)  # fmt: skip
def test_cancelling_is_free_until_it_would_be_late_or_the_provider_says_no(policy, cutoff, free):
    policy.cancellation_cutoff_minutes = cutoff

    assert wording.cancelling_sentence(policy).text == f"Free to cancel {free}"


@pytest.mark.parametrize(
    ("confirmation", "accepts_at_once", "icon"),
    [
        (Confirmation.POLICY, True, "check"),
        (Confirmation.POLICY, False, "wait"),
        (Confirmation.AT_ONCE, False, "check"),
        (Confirmation.BY_HAND, True, "wait"),
    ],
)
def test_a_service_may_differ_from_the_policy(policy, confirmation, accepts_at_once, icon):
    policy.accepts_at_once = accepts_at_once

    assert wording.confirmation_sentence(policy, Service(confirmation=confirmation)).icon == icon


EIGHT = "8 appointments are"


@pytest.mark.parametrize(
    ("pricing", "price", "currency", "minutes", "text", "example"),
    [
        (Pricing.FIXED, "58.000", "GBP", 45, "£58", "45 min costs £58."),
        (Pricing.HOURLY, "84", "GBP", 45, "£84 an hour", f"45 min at £84 an hour is £63; {EIGHT} £504."),
        (
            Pricing.HOURLY,
            "100",
            "GBP",
            50,
            "£100 an hour",
            f"50 min at £100 an hour is £83.33; {EIGHT} £666.64.",
        ),
        (
            Pricing.HOURLY,
            "5800",
            "JPY",
            25,
            "¥5,800 an hour",
            f"25 min at ¥5,800 an hour is ¥2,417; {EIGHT} ¥19,336.",
        ),
        (Pricing.FIXED, "1.25", "BHD", 90, "BHD 1.250", "1 h 30 min costs BHD 1.250."),
        (Pricing.FIXED, "0.000", "USD", 45, "Free", "45 min is free."),
        (Pricing.HOURLY, "0", "GBP", 30, "Free", "30 min is free."),
    ],
)
def test_a_price_is_said_with_its_working(pricing, price, currency, minutes, text, example):
    service = Service(pricing=pricing, price=Decimal(price), currency=currency, duration_minutes=minutes)

    assert wording.price_text(service) == text
    assert wording.price_example(minutes=minutes, pricing=pricing, price=Decimal(price), currency=currency) == example
