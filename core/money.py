"""Money: a `Decimal` with an ISO 4217 currency, which has minor units of its own (JPY 0, EUR 2, BHD 3)."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext

from django.core.exceptions import ValidationError

# The currencies in use, without funds, metals and test codes. All have two digits except those listed below.
_NAMES = """
AED UAE dirham|AFN Afghan afghani|ALL Albanian lek|AMD Armenian dram|AOA Angolan kwanza|ARS Argentine peso
AUD Australian dollar|AWG Aruban florin|AZN Azerbaijani manat|BAM Bosnian convertible mark|BBD Barbadian dollar
BDT Bangladeshi taka|BHD Bahraini dinar|BIF Burundian franc|BMD Bermudian dollar|BND Brunei dollar
BOB Bolivian boliviano|BRL Brazilian real|BSD Bahamian dollar|BTN Bhutanese ngultrum|BWP Botswana pula
BYN Belarusian rouble|BZD Belize dollar|CAD Canadian dollar|CDF Congolese franc|CHF Swiss franc|CLP Chilean peso
CNY Chinese yuan|COP Colombian peso|CRC Costa Rican colón|CUP Cuban peso|CVE Cape Verdean escudo|CZK Czech koruna
DJF Djiboutian franc|DKK Danish krone|DOP Dominican peso|DZD Algerian dinar|EGP Egyptian pound|ERN Eritrean nakfa
ETB Ethiopian birr|EUR Euro|FJD Fijian dollar|FKP Falkland Islands pound|GBP Pound sterling|GEL Georgian lari
GHS Ghanaian cedi|GIP Gibraltar pound|GMD Gambian dalasi|GNF Guinean franc|GTQ Guatemalan quetzal|GYD Guyanese dollar
HKD Hong Kong dollar|HNL Honduran lempira|HTG Haitian gourde|HUF Hungarian forint|IDR Indonesian rupiah
ILS Israeli new shekel|INR Indian rupee|IQD Iraqi dinar|IRR Iranian rial|ISK Icelandic króna|JMD Jamaican dollar
JOD Jordanian dinar|JPY Japanese yen|KES Kenyan shilling|KGS Kyrgyz som|KHR Cambodian riel|KMF Comorian franc
KPW North Korean won|KRW South Korean won|KWD Kuwaiti dinar|KYD Cayman Islands dollar|KZT Kazakhstani tenge|LAK Lao kip
LBP Lebanese pound|LKR Sri Lankan rupee|LRD Liberian dollar|LSL Lesotho loti|LYD Libyan dinar|MAD Moroccan dirham
MDL Moldovan leu|MGA Malagasy ariary|MKD Macedonian denar|MMK Myanmar kyat|MNT Mongolian tögrög|MOP Macanese pataca
MRU Mauritanian ouguiya|MUR Mauritian rupee|MVR Maldivian rufiyaa|MWK Malawian kwacha|MXN Mexican peso
MYR Malaysian ringgit|MZN Mozambican metical|NAD Namibian dollar|NGN Nigerian naira|NIO Nicaraguan córdoba
NOK Norwegian krone|NPR Nepalese rupee|NZD New Zealand dollar|OMR Omani rial|PAB Panamanian balboa|PEN Peruvian sol
PGK Papua New Guinean kina|PHP Philippine peso|PKR Pakistani rupee|PLN Polish złoty|PYG Paraguayan guaraní
QAR Qatari riyal|RON Romanian leu|RSD Serbian dinar|RUB Russian rouble|RWF Rwandan franc|SAR Saudi riyal
SBD Solomon Islands dollar|SCR Seychelles rupee|SDG Sudanese pound|SEK Swedish krona|SGD Singapore dollar
SHP Saint Helena pound|SLE Sierra Leonean leone|SOS Somali shilling|SRD Surinamese dollar|SSP South Sudanese pound
STN São Tomé and Príncipe dobra|SVC Salvadoran colón|SYP Syrian pound|SZL Swazi lilangeni|THB Thai baht
TJS Tajikistani somoni|TMT Turkmenistani manat|TND Tunisian dinar|TOP Tongan paʻanga|TRY Turkish lira
TTD Trinidad and Tobago dollar|TWD New Taiwan dollar|TZS Tanzanian shilling|UAH Ukrainian hryvnia|UGX Ugandan shilling
USD US dollar|UYU Uruguayan peso|UZS Uzbekistani sum|VES Venezuelan bolívar|VND Vietnamese đồng|VUV Vanuatu vatu
WST Samoan tālā|XAF Central African CFA franc|XCD East Caribbean dollar|XCG Caribbean guilder
XOF West African CFA franc|XPF CFP franc|YER Yemeni rial|ZAR South African rand|ZMW Zambian kwacha|ZWG Zimbabwe Gold
"""
CURRENCIES: dict[str, str] = {entry[:3]: entry[4:] for line in _NAMES.strip().splitlines() for entry in line.split("|")}
_NO_DIGITS = {
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF",
}  # fmt: skip
_THREE_DIGITS = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}
# A sign of several currencies goes to the one that most readers mean by it.
_SYMBOLS = {
    "GBP": "£", "EUR": "€", "USD": "$", "JPY": "¥", "INR": "₹", "KRW": "₩", "ILS": "₪", "VND": "₫", "UAH": "₴",
    "TRY": "₺", "NGN": "₦", "PHP": "₱", "GHS": "₵", "KZT": "₸", "GEL": "₾", "AUD": "A$", "BRL": "R$", "CAD": "CA$",
    "CNY": "CN¥", "HKD": "HK$", "MXN": "MX$", "NZD": "NZ$", "SGD": "S$", "TWD": "NT$",
}  # fmt: skip
# Currencies of countries that use another country's or a shared one; all others have their own, whose code begins
# with the country's.
_PAYS_WITH = {
    country: code
    for code, countries in {
        "EUR": "AD AT AX BE BG BL CY DE EE ES FI FR GF GP GR HR IE IT LT LU LV MC ME MF MQ MT NL PM PT RE SI SK SM "
        "TF VA YT",
        "USD": "AS BQ EC FM GU IO MH MP PR PW SV TC TL UM VG VI",
        "AUD": "CC CX KI NF NR TV",
        "NZD": "CK NU PN TK",
        "GBP": "GG GS IM JE",
        "XOF": "BF BJ CI GW ML NE SN TG",
        "XAF": "CF CG CM GA GQ TD",
        "XPF": "NC PF WF",
        "XCD": "AG AI DM GD KN LC MS VC",
        "XCG": "CW SX",
        "DKK": "FO GL",
        "NOK": "SJ",
        "CHF": "LI",
        "MAD": "EH",
        "ILS": "PS",
    }.items()
    for country in countries.split()
}
_COMMON = ("GBP", "EUR", "USD")
# How the middle of a sentence names a currency; any other by its code.
_IN_WORDS = {
    "GBP": "pounds", "EUR": "euros", "USD": "US dollars", "AUD": "Australian dollars", "CAD": "Canadian dollars",
    "NZD": "New Zealand dollars", "CHF": "Swiss francs", "INR": "rupees", "JPY": "yen", "BDT": "taka", "PLN": "złoty",
}  # fmt: skip
LARGEST = Decimal(10) ** 9  # what the columns for money can hold
_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)


class CurrencyMismatch(ValueError):
    """Raised instead of adding or comparing amounts in two currencies."""


def minor_units(code: str) -> int:
    """The number of digits after the point. Raises ValueError for a code that is no currency in use."""
    if code not in CURRENCIES:
        raise ValueError(f"{code!r:.20} is not the code of a currency.")
    return 0 if code in _NO_DIGITS else 3 if code in _THREE_DIGITS else 2


def round_money(amount: Decimal, code: str) -> Decimal:
    """`amount` rounded to the currency's smallest unit, half up (away from zero)."""
    with localcontext(_EXACT):
        return amount.quantize(Decimal(1).scaleb(-minor_units(code)))


def hourly(rate: Decimal, minutes: int, code: str) -> Decimal:
    """The price of `minutes` at `rate` an hour, rounded once."""
    with localcontext(_EXACT):
        return round_money(rate * minutes / 60, code)


def share(amount: Decimal, part: Decimal, whole: Decimal, code: str) -> Decimal:
    """`amount` in the proportion of `part` to `whole`, rounded once."""
    with localcontext(_EXACT):
        return round_money(amount * part / whole, code)


def validate_amount(amount: Decimal, code: str) -> Decimal:
    """`amount` with exactly the currency's digits; raises ValidationError if it is no price in that currency."""
    try:
        digits = minor_units(code)
    except ValueError:
        raise ValidationError("Choose a currency from the list.", code="currency") from None
    if not amount.is_finite():
        raise ValidationError("Enter an amount.", code="invalid")
    if amount < 0:
        raise ValidationError("Enter an amount of 0 or more.", code="negative")
    if amount >= LARGEST:
        raise ValidationError("Enter an amount below 1,000,000,000.", code="too_large")
    rounded = round_money(amount, code)
    if rounded != amount:
        digits_allowed = f"at most {digits} digits" if digits else "no digits"
        raise ValidationError(f"{code} has {digits_allowed} after the point.", code="too_precise")
    return abs(rounded)  # Decimal knows a negative zero


def validate_currency(code: str) -> None:
    """Model field validator of a currency code."""
    if code not in CURRENCIES:
        raise ValidationError("Choose a currency from the list.", code="currency")


def format_money(amount: Decimal, code: str) -> str:
    """Money as text: "£58", "£61.50", "¥5,800", "BHD 1.250" without a sign; no decimals when whole; "−£5" below 0."""
    rounded = round_money(amount, code)
    digits = 0 if rounded == rounded.to_integral_value() else minor_units(code)
    sign = "−" if rounded < 0 else ""
    return f"{sign}{_SYMBOLS.get(code, f'{code} ')}{abs(rounded):,.{digits}f}"


def price_words(amount: Decimal, code: str) -> str:
    """A price as text: `Free` for zero, else as `format_money` writes it."""
    return format_money(amount, code) if round_money(amount, code) else "Free"


def currency_words(code: str) -> str:
    """A currency in the middle of a sentence: "pounds", or its code where it has no short name of its own."""
    return _IN_WORDS.get(code, code)


def percent_text(percent: Decimal) -> str:
    """A percentage as text, without zeros at its end: "8%", "7.5%"."""
    return f"{percent.normalize():f}%"


def currency_of_country(country: str) -> str:
    """The currency code of a country, by its ISO 3166 code; empty for a country without a currency."""
    own = (code for code in CURRENCIES if code[:2] == country)
    return _PAYS_WITH.get(country) or next(own, "")


def currency_choices() -> list[tuple[str, str]]:
    """Every currency as (code, label) for a select: the most common first, then by code."""
    codes = [*_COMMON, *(code for code in sorted(CURRENCIES) if code not in _COMMON)]
    return [(code, f"{code}, {CURRENCIES[code]}") for code in codes]


@dataclass(frozen=True, slots=True)
class Money:
    """An amount with its currency. Sums of two currencies raise CurrencyMismatch."""

    amount: Decimal
    currency: str

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - self._same(other), self.currency)

    def __mul__(self, times: int) -> "Money":
        return Money(self.amount * times, self.currency)

    __rmul__ = __mul__

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._same(other)

    def __str__(self) -> str:
        return format_money(self.amount, self.currency)

    def _same(self, other: "Money") -> Decimal:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} don't add up.")
        return other.amount


def totals(amounts: Iterable[Money]) -> list[Money]:
    """The sums of the amounts, one for each currency, in the order in which these come."""
    sums: dict[str, Money] = {}
    for one in amounts:
        sums[one.currency] = sums[one.currency] + one if one.currency in sums else one
    return list(sums.values())
