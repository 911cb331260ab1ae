"""The choices on the page of a customer's appointments: one of three lists, and the filters of the history."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import Q, QuerySet, TextChoices

from appointments.models import REFERENCE_ALPHABET, REFERENCE_LENGTH, Appointment, conditions
from appointments.pages.labels import status_words
from appointments.queries.customer import BookedService, CustomerCounts
from appointments.states import Role, Status
from core import clock
from core.folding import fold, terms
from core.forms import LineField

ENDED = (Status.COMPLETED, Status.CANCELLED, Status.DECLINED, Status.EXPIRED, Status.NO_SHOW, Status.CONFIRMED)


class Tab(TextChoices):
    UPCOMING = "upcoming", "Upcoming"
    WAITING = "waiting", "Awaiting confirmation"
    SERIES = "series", "Series"
    HISTORY = "history", "History"

    @classmethod
    def named(cls, name: str | None) -> "Tab":
        return cls(name) if name in cls.values else cls.UPCOMING

    @property
    def words(self) -> tuple[str, str]:
        """The first word, shown alone on narrow screens, and the rest."""
        first, space, rest = str(self.label).partition(" ")
        return first, space + rest


class HistoryFilters(forms.Form):
    """Search words, a year, a provider, a state. An invalid value is shown as an error and filters nothing."""

    q = LineField(label="Search", max_length=100, required=False)
    year = forms.ChoiceField(required=False)
    provider = forms.ChoiceField(required=False)
    state = forms.ChoiceField(required=False)

    def __init__(self, data, *, counts: CustomerCounts, booked: Iterable[BookedService], zone: ZoneInfo) -> None:
        super().__init__(data)
        self.booked, self.zone = list(booked), zone
        self._choices("year", "Any year", ((str(year), str(year)) for year in _years(counts, zone)))
        people = {service.provider_slug: service.provider_name for service in self.booked}
        self._choices("provider", "Anybody", sorted(people.items(), key=lambda item: fold(item[1])))
        self._choices("state", "Any", ((state.value, status_words(state, Role.CUSTOMER)) for state in ENDED))
        self.is_valid()

    def _choices(self, name: str, nothing: str, choices: Iterable[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", nothing), *choices]

    @property
    def is_set(self) -> bool:
        """Whether any filter has a value, valid or not."""
        return any(self.data.get(name) for name in self.fields)

    def narrow(self, rows: QuerySet[Appointment], *, now: datetime) -> QuerySet[Appointment]:
        wanted = self.cleaned_data
        if wanted.get("q"):
            rows = rows.filter(self._found(wanted["q"]))
        if wanted.get("year"):
            rows = rows.filter(_in_year(int(wanted["year"]), self.zone))
        if wanted.get("provider"):
            rows = rows.filter(provider__slug=wanted["provider"])
        if wanted.get("state"):
            rows = rows.filter(_in_state(Status(wanted["state"]), now))
        return rows

    def _found(self, text: str) -> Q:
        """The condition for a reference or for names of service and provider, compared in Python without accents."""
        words = terms(text)
        names = {service.id: fold(f"{service.name} {service.provider_name}") for service in self.booked}
        found = Q(service__in=[pk for pk, name in names.items() if words and all(word in name for word in words)])
        reference = text.strip().upper()
        if len(reference) == REFERENCE_LENGTH and set(reference) <= set(REFERENCE_ALPHABET):
            found |= Q(reference=reference)
        return found


def _years(counts: CustomerCounts, zone: ZoneInfo) -> list[int]:
    """The years from the customer's first to their last appointment in the reader's zone, latest first."""
    if counts.first is None or counts.last is None:
        return []
    first, last = clock.local(counts.first, zone).year, clock.local(counts.last, zone).year
    return list(range(last, first - 1, -1))


def _in_year(year: int, zone: ZoneInfo) -> Q:
    first, last = datetime(year, 1, 1), datetime(year + 1, 1, 1)
    return Q(start__gte=clock.to_instant(first, zone), start__lt=clock.to_instant(last, zone))


def _in_state(state: Status, now: datetime) -> Q:
    of_state = Q(status=state)
    return of_state | conditions.unanswered(now) if state is Status.EXPIRED else of_state
