"""The form by which a provider enters an appointment for a customer. Dates and times are of the provider's clock."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import QueryDict
from django.utils.text import capfirst

from accounts.models import LONGEST_NAME
from accounts.services.addresses import address_errors
from appointments.pages.month_picker import from_value
from core import clock, money
from core.forms import DateInput, LineField, TextField, TimeInput
from core.wording import duration_text
from providers.forms.base import AmountField, WholeField
from providers.models import Service
from providers.wording import place_text, price_text

from .reasons import REASON_LENGTH
from .why_not import EARLIEST, LATEST

SHORTEST, LONGEST = 5, 720
# The choice of somebody new among the customers found.
INVITE = "invite"
HOUR = timedelta(hours=1)


class AddingForm(forms.Form):
    """Who, what and when; length and price as the service has them where they are left empty.

    Hidden: the one-time key, so that a form sent twice makes one appointment, and the overrides that the page named.
    """

    words = LineField(
        label="Customer",
        max_length=254,
        required=False,
        help_text="One of your customers, or an email address to invite.",
    )
    customer = forms.CharField(max_length=40, required=False, widget=forms.RadioSelect)
    name = LineField(label="Their name", max_length=LONGEST_NAME, required=False)
    service = forms.ChoiceField(label="Service")
    date = forms.DateField(
        label="Date", widget=DateInput, validators=[MinValueValidator(EARLIEST), MaxValueValidator(LATEST)]
    )
    time = forms.TimeField(label="Start", widget=TimeInput)
    minutes = WholeField(label="Length", min_value=SHORTEST, max_value=LONGEST, required=False)
    venue = forms.ChoiceField(label="Where", required=False, widget=forms.RadioSelect)
    price = AmountField(label="Price", required=False)
    message = TextField(
        label="A word to the customer",
        max_length=REASON_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "data-counter": True}),
    )
    key = forms.UUIDField(widget=forms.HiddenInput)
    seen = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None, *, services: Sequence[Service], zone: ZoneInfo, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.services, self.zone = {service.slug: service for service in services}, zone
        field = self.fields["service"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(slug, _service_text(one)) for slug, one in self.services.items()]
        self.wanted = self.services.get(self._sent("service")) or next(iter(self.services.values()), None)
        self._ask_where()
        for name in ("words", "name", "minutes", "price"):  # a customer is chosen; left empty, these are the service's
            self.fields[name].has_alternative = True  # type: ignore[attr-defined]

    def _sent(self, name: str) -> str:
        source = self.data if self.is_bound else self.initial
        return str(source.get(name) or "")

    def _ask_where(self) -> None:
        field = self.fields["venue"]
        assert isinstance(field, forms.ChoiceField)
        venues = self.wanted.venues if self.wanted else ()
        if self.wanted and len(venues) > 1:
            provider = self.wanted.provider
            field.choices = [(venue.value, capfirst(place_text(provider, [venue]))) for venue in venues]
        else:
            del self.fields["venue"]

    @classmethod
    def of(cls, asked: QueryDict, *, services: Sequence[Service], zone: ZoneInfo, now: datetime) -> "AddingForm":
        """The form filled in as the address, or what was typed, says; on the next full hour where it names no time.

        `start` is an instant, as links carry it. The key is a new one where none was sent.
        """
        values = {name: asked.get(name, "") for name in cls.base_fields}
        start = from_value(asked.get("start", ""))
        if start is None and not values["date"]:
            start = (now + HOUR).replace(minute=0, second=0, microsecond=0)
        if start is not None:
            there = clock.local(start, zone)
            values |= {"date": f"{there:%Y-%m-%d}", "time": values["time"] or f"{there:%H:%M}"}
        chosen = next((one for one in services if one.slug == values["service"]), services[0] if services else None)
        if chosen:
            values |= {"service": chosen.slug, "venue": values["venue"] or next(iter(chosen.venues), "")}
        return cls(None, services=services, zone=zone, initial=values | {"key": values["key"] or str(uuid4())})

    @property
    def as_sent(self) -> "AddingForm":
        """The same form as if it had been sent, for what can be read of it already."""
        data = QueryDict(mutable=True)
        data.update({name: str(value) for name, value in self.initial.items()})
        return AddingForm(data, services=list(self.services.values()), zone=self.zone)

    def clean(self) -> dict[str, Any]:
        """Check price, place and who it is for; `searched`, `address` and `chosen` are what was typed and chosen, valid
        or not in the end."""
        cleaned = super().clean() or {}
        self.searched = cleaned.get("words", "")
        self.address = _address(self.searched)
        self.chosen = _uuid(cleaned.get("customer", ""))
        self.invites = cleaned.get("customer") == INVITE
        if self.wanted and cleaned.get("price") is not None:
            try:
                cleaned["price"] = money.validate_amount(cleaned["price"], self.wanted.currency)
            except ValidationError as error:
                self.add_error("price", error)
        if self.invites:
            if not self.address:
                self.add_error("words", "Enter the email address to invite, like name@example.com.")
            if not cleaned.get("name"):
                self.add_error("name", "Enter their name, as they read it in the mail.")
        elif self.chosen is None:
            self.add_error("words", "Choose one of your customers, or enter an email address to invite.")
        if len(self.wanted.venues if self.wanted else ()) > 1 and not cleaned.get("venue"):
            self.add_error("venue", "Choose where.")
        return cleaned

    @property
    def start(self) -> datetime:
        """The start of a valid form, in UTC."""
        values = self.cleaned_data
        return clock.to_instant(datetime.combine(values["date"], values["time"]), self.zone)


def _address(words: str) -> str:
    """The email address that the words are; empty where they are none."""
    address = words.strip().lower()
    return "" if address_errors(address) else address


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _service_text(service: Service) -> str:
    return f"{service.name}, {duration_text(service.duration_minutes)}, {price_text(service)}"
