"""The forms of a service with its price, and of the rules of booking."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from core import money
from core.forms import LineField, TextField
from core.wording import words_for_minutes
from providers import edit_stamps, wording
from providers.models import (
    FEWEST_OCCURRENCES,
    MOST_OCCURRENCES,
    USUAL_OCCURRENCES,
    BookingPolicy,
    Confirmation,
    Pricing,
    Service,
    Venue,
)

from .base import AmountField, SeenForm, WholeField

LEADS = (0, 30, 60, 120, 240, 360, 720, 1440, 2 * 1440, 3 * 1440, 7 * 1440, 14 * 1440)
ANSWER_TIMES = (60, 120, 240, 480, 720, 1440, 2 * 1440, 3 * 1440, 7 * 1440)
WAITLIST_TIMES = (15, 30, 60, 120, 240, 720, 1440)


class ServiceForm(SeenForm):
    name = LineField(label="Name", max_length=80, help_text="Like First assessment.")
    description = TextField(
        label="Description",
        max_length=600,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "data-counter": True}),
        help_text="What happens, and what to bring.",
    )
    duration_minutes = WholeField(label="Length in minutes", min_value=5, max_value=720)
    pricing = forms.ChoiceField(label="Price", choices=Pricing.choices, widget=forms.RadioSelect)
    price = AmountField(label="Amount")
    currency = forms.ChoiceField(label="Currency", choices=money.currency_choices)
    buffer_before_minutes = WholeField(label="Free minutes before", min_value=0, max_value=240)
    buffer_after_minutes = WholeField(label="Free minutes after", min_value=0, max_value=240)
    slot_interval_minutes = WholeField(
        label="Minutes between starts",
        min_value=5,
        max_value=720,
        required=False,
        help_text="How often an appointment may begin. Left empty, one begins when the one before ends.",
    )
    confirmation = forms.ChoiceField(
        label="When somebody books", choices=Confirmation.choices, widget=forms.RadioSelect
    )

    venue = forms.ChoiceField(
        label="Where it takes place",
        choices=[("", "As on my page"), (Venue.IN_PERSON, "Only in person"), (Venue.ONLINE, "Only online")],
        required=False,
        widget=forms.RadioSelect,
        help_text="Where your page says both, the customer chooses.",
    )

    repeats = forms.BooleanField(
        label="Customers may book a series",
        required=False,
        help_text="Daily, weekly, every 2 weeks or monthly, always at the same time of day. "
        "They see every date before anything is booked.",
    )
    max_occurrences = WholeField(
        label="Most appointments of a series",
        min_value=FEWEST_OCCURRENCES,
        max_value=MOST_OCCURRENCES,
        required=False,
        help_text=f"Left empty: {USUAL_OCCURRENCES}. A series counts apart from the limits for one customer.",
    )

    requests_beyond_window = forms.BooleanField(
        label="Dates of a series beyond your booking window may be requested",
        required=False,
        help_text="At most a year ahead. They wait for your answer, also where you confirm straight away. "
        "Otherwise they are left out, and can be added later.",
    )

    def clean_max_occurrences(self) -> int:
        return self.cleaned_data["max_occurrences"] or USUAL_OCCURRENCES

    def clean(self) -> dict[str, Any]:
        return check_price(self, super().clean() or {})

    @property
    def example(self) -> str:
        """The worked example of the form's present price; empty while it makes no sense."""
        source = self.cleaned_data if self.is_bound and hasattr(self, "cleaned_data") else self.initial
        return example_of(source)

    @staticmethod
    def initial_of(service: Service) -> dict[str, Any]:
        values = {name: getattr(service, name) for name in edit_stamps.SERVICE_FIELDS}
        values["price"] = money.round_money(service.price, service.currency)
        return {**values, "seen": edit_stamps.of_service(service)}

    @staticmethod
    def first_values(currency: str) -> dict[str, Any]:
        """The first values of a new service."""
        return {
            "duration_minutes": 60,
            "pricing": Pricing.FIXED,
            "currency": currency,
            "buffer_before_minutes": 0,
            "buffer_after_minutes": 0,
            "confirmation": Confirmation.POLICY,
            "max_occurrences": USUAL_OCCURRENCES,
        }


class FirstServiceForm(ServiceForm):
    """The form of a draft's first service, which calls the policy 'my rules', a later step."""

    confirmation = forms.ChoiceField(
        label="When somebody books",
        choices=[(Confirmation.POLICY, "As in my rules, step 4"), *Confirmation.choices[1:]],
        widget=forms.RadioSelect,
    )


class ExampleForm(forms.Form):
    """The four figures of a worked example, as they are typed."""

    duration_minutes = WholeField(min_value=5, max_value=720)
    pricing = forms.ChoiceField(choices=Pricing.choices)
    price = AmountField()
    currency = forms.ChoiceField(choices=money.currency_choices)

    def clean(self) -> dict[str, Any]:
        return check_price(self, super().clean() or {})

    @property
    def example(self) -> str:
        return example_of(self.cleaned_data) if self.is_valid() else ""


def check_price(form: forms.Form, cleaned: dict[str, Any]) -> dict[str, Any]:
    """Put the price into the currency's own digits, or add its error to the form."""
    if cleaned.get("price") is not None and cleaned.get("currency"):
        try:
            cleaned["price"] = money.validate_amount(cleaned["price"], cleaned["currency"])
        except ValidationError as error:
            form.add_error("price", error)
    return cleaned


def example_of(values: Mapping[str, Any]) -> str:
    minutes, price = values.get("duration_minutes"), values.get("price")
    pricing, currency = values.get("pricing"), values.get("currency")
    if not minutes or not isinstance(price, Decimal) or not pricing or currency not in money.CURRENCIES:
        return ""
    return wording.price_example(minutes=minutes, pricing=pricing, price=price, currency=currency)


def _lengths(minutes: tuple[int, ...], none: str = "") -> list[tuple[int, str]]:
    return [(each, words_for_minutes(each) if each else none) for each in minutes]


YES_OR_NO = ("accepts_at_once", "waitlist_at_night")


class PolicyForm(SeenForm):
    accepts_at_once = forms.TypedChoiceField(
        label="When somebody books",
        choices=[("yes", "Confirm straight away"), ("no", "I answer each request")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        help_text="A service can differ from this.",
    )
    answer_minutes = forms.TypedChoiceField(
        label="Time you have to answer",
        coerce=int,
        help_text="A request nobody answered by then ends by itself.",
    )
    notice_minutes = forms.TypedChoiceField(
        label="Notice you need", coerce=int, help_text="The latest somebody can book before the start."
    )
    window_days = WholeField(
        label="Days ahead", min_value=1, max_value=365, help_text="How far in the future somebody can book."
    )
    cancellation_cutoff_minutes = forms.TypedChoiceField(
        label="Customers can cancel until",
        coerce=int,
        help_text="After that only you can cancel, and the page says whom to ask.",
    )
    reschedule_cutoff_minutes = forms.TypedChoiceField(
        label="Customers can ask for another time until",
        coerce=int,
        help_text="After that only you can propose one.",
    )
    max_per_day = WholeField(
        label="Most appointments a day", min_value=1, max_value=500, required=False, help_text="Empty: no limit."
    )
    max_open = WholeField(
        label="Most appointments ahead in all",
        min_value=1,
        max_value=5000,
        required=False,
        help_text="Nobody can book while this many lie ahead. Empty: no limit.",
    )
    max_waiting_per_customer = WholeField(
        label="Most unanswered requests of one customer",
        min_value=1,
        max_value=100,
        help_text="Somebody with this many asks again once you answered one.",
    )
    max_week_per_customer = WholeField(
        label="Most appointments of one customer in any 7 days",
        min_value=1,
        max_value=100,
    )
    no_show_limit = WholeField(
        label="No-shows that stop a customer from booking",
        min_value=1,
        max_value=100,
        required=False,
        help_text="With you alone; what is booked stays. You can lift the limits for one customer, on that customer’s "
        "page. Empty: no limit.",
    )

    waitlist_minutes = forms.TypedChoiceField(
        label="A time is kept for somebody on your waitlist for",
        coerce=int,
        help_text="Then the next one is asked. Less where it starts soon.",
    )
    waitlist_at_night = forms.TypedChoiceField(
        label="When people on your waitlist are asked",
        choices=[("no", "Not between 22:00 and 07:00 of their time"), ("yes", "At any hour")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        help_text="A time that becomes free at night is held until the morning. What starts soon is offered at once.",
    )

    def __init__(self, *args: Any, policy: BookingPolicy, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        before = [(minutes, f"{text} before") for minutes, text in _lengths(LEADS[1:])]
        self._choose("notice_minutes", _lengths(LEADS, "None"), policy)
        self._choose("answer_minutes", _lengths(ANSWER_TIMES), policy)
        self._choose("waitlist_minutes", _lengths(WAITLIST_TIMES), policy)
        self._choose("cancellation_cutoff_minutes", [(0, "The start"), *before], policy)
        self._choose("reschedule_cutoff_minutes", [(0, "The start"), *before], policy)

    def _choose(self, name: str, choices: list[tuple[int, str]], policy: BookingPolicy) -> None:
        """Set the field's choices; a length set elsewhere (by staff, by a program) stays a choice."""
        present = getattr(policy, name)
        if present not in dict(choices):
            choices = sorted([*choices, (present, words_for_minutes(present))])
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    @staticmethod
    def initial_of(policy: BookingPolicy) -> dict[str, Any]:
        values = {name: getattr(policy, name) for name in edit_stamps.POLICY_FIELDS}
        values |= {name: "yes" if getattr(policy, name) else "no" for name in YES_OR_NO}
        return {**values, "seen": edit_stamps.of_policy(policy)}

    def ask_again(self, saved: dict[str, Any]) -> list[tuple[str, str]]:  # type: ignore[override]
        same = {name for name in YES_OR_NO if (saved[name] == "yes") == self.cleaned_data[name]}
        return super().ask_again({name: value for name, value in saved.items() if name not in same})
