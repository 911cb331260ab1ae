"""The parts of which all bodies, queries and answers are made."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError as DjangoValidationError
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from accounts.models import User
from api.calls import Call
from api.errors import FieldError, Problem
from appointments.services.availability import LONGEST_RANGE, RangeTooLong
from core import clock, money
from core.text import clean_line, clean_text

UNKNOWN, NO_OFFSET = "unknown-field", "time-without-offset"
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(?P<offset>[Zz]|[+-]\d\d:?\d\d)?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Fields(serializers.Serializer[Any]):
    """The fields of a body, query or answer. A name that is a word of Python's is declared with `_` behind it."""

    def get_fields(self) -> dict[str, Any]:
        return {name.removesuffix("_"): field for name, field in super().get_fields().items()}


# --- Reading ----------------------------------------------------------------------------------------------------------


class Reads(Fields):
    """A JSON body. A name that it does not have is refused. Where one of several values is meant, its refusal names
    them all."""

    default_error_messages = {"invalid": "Send an object of JSON."}

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        for field in fields.values():
            each = getattr(field, "child", field)
            if isinstance(each, serializers.ChoiceField):
                each.error_messages["invalid_choice"] = f"Send one of: {', '.join(map(str, each.choices))}."
        return fields

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        wrong: dict[str, Any] = {}
        if isinstance(data, Mapping):
            taken = {name for name, field in self.fields.items() if not field.read_only}
            wrong = {name: [ErrorDetail("There is no such field.", UNKNOWN)] for name in data if name not in taken}
        try:
            found = super().to_internal_value(data)
        except ValidationError as error:
            raise ValidationError(
                {**error.detail, **wrong} if isinstance(error.detail, dict) else error.detail
            ) from None
        if wrong:
            raise ValidationError(wrong)
        return found


class Params(Reads):
    """The parameters of a query. One that it does not have, or that stands twice, is refused."""


class InZone(Params):
    """Parameters of an answer with times: `tz` is the zone to write them in."""

    tz = serializers.CharField(required=False, help_text="IANA name of the zone that times are written in.")

    def validate_tz(self, name: str) -> ZoneInfo:
        return ZoneInfo(_zone(name))


class Paged(InZone):
    """Parameters of a list."""

    limit = serializers.IntegerField(required=False, min_value=1, max_value=100, help_text="Rows a page, 25 if unsaid.")
    cursor = serializers.CharField(required=False, max_length=2000, help_text="Taken from next or previous.")


def read(kind: type[Reads], data: Any) -> dict[str, Any]:
    """The checked values of a body or query. Raises Problem `invalid`, or the one that is named by a field's error."""
    try:
        return dict(_made_once(kind).run_validation(data))
    except ValidationError as error:
        errors = list(_flat(error.detail))
    codes = {error.code for error in errors}
    name = next((name for name in (UNKNOWN, NO_OFFSET, RangeTooLong.problem) if name in codes), "invalid")
    raise Problem(name, " ".join(f"{error.field}: {error.detail}" for error in errors[:5]), errors=errors)


@cache
def _made_once(kind: type[serializers.BaseSerializer[Any]]) -> Any:
    """A serializer for all calls. It keeps nothing of what it reads or writes, and its fields cost more to make than to
    use."""
    return kind()


def _flat(detail: Any, path: str = "") -> Iterator[FieldError]:
    """The errors of all fields, those inside others by their path, like `hours.monday`."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            own = "" if name == "non_field_errors" else str(name)
            yield from _flat(inner, f"{path}.{own}".strip("."))
    elif isinstance(detail, list):
        for place, inner in enumerate(detail):
            yield from _flat(inner, path if isinstance(inner, str) else f"{path}.{place}")
    else:
        yield FieldError(path, str(getattr(detail, "code", "invalid")), str(detail))


class Line(serializers.CharField):
    """A text of one line, cleaned as on pages."""

    clean = staticmethod(clean_line)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        try:
            return super().to_internal_value(self.clean(data))
        except DjangoValidationError as error:
            raise ValidationError(error.messages[0], error.code or "invalid") from None

    def run_validation(self, data: Any = serializers.empty) -> Any:
        found = super().run_validation(data)
        # What is left of invisible characters alone is empty, too.
        if found == "" and not self.allow_blank:
            self.fail("blank")
        return found


class Text(Line):
    """A text of several lines, cleaned as on pages."""

    clean = staticmethod(clean_text)


class Secret(serializers.CharField):
    """A password or code, exactly as it was sent."""

    def __init__(self, **terms: Any) -> None:
        super().__init__(trim_whitespace=False, max_length=terms.pop("max_length", 4096), **terms)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


@extend_schema_field(OpenApiTypes.STR)
class Zone(serializers.CharField):
    """The IANA name of a time zone."""

    def to_internal_value(self, data: Any) -> str:
        return _zone(super().to_internal_value(data))


def _zone(name: str) -> str:
    try:
        return clock.canonical_zone(name)
    except ValueError as error:
        raise ValidationError(str(error), "invalid") from None


@extend_schema_field(OpenApiTypes.DATETIME)
class Instant(serializers.Field):
    """An instant with its offset (RFC 3339); without one it is refused. Read as UTC, cut to whole seconds."""

    default_error_messages = {
        "invalid": "Send a date and time with an offset, like 2026-12-01T09:30:00+01:00.",
        NO_OFFSET: "Send an offset with the time, like +01:00 or Z.",
    }

    def to_internal_value(self, data: Any) -> datetime:
        match = _INSTANT.fullmatch(data) if isinstance(data, str) else None
        if match is None:
            self.fail("invalid")
        if not match["offset"]:
            self.fail(NO_OFFSET)
        try:
            found = datetime.fromisoformat(data.upper().replace(" ", "T")).astimezone(UTC).replace(microsecond=0)
        except (ValueError, OverflowError):
            self.fail("invalid")
        if not FIRST_DAY <= found.date() <= LAST_DAY:
            self.fail("invalid")
        return found


@extend_schema_field(OpenApiTypes.DATE)
class Day(serializers.Field):
    """A date, YYYY-MM-DD."""

    default_error_messages = {"invalid": "Send a date between 2000 and 2199, like 2026-12-01."}

    def to_internal_value(self, data: Any) -> date:
        try:
            found = date.fromisoformat(data) if isinstance(data, str) and _DAY.fullmatch(data) else None
        except ValueError:
            found = None
        if found is None or not FIRST_DAY <= found <= LAST_DAY:
            self.fail("invalid")
        return found

    def to_representation(self, value: date) -> str:
        return value.isoformat()


class Days(Params):
    """Parameters of a span of dates, from `from` to the day before `to`, of at most 62 days where both are said."""

    from_ = Day(required=False, source="from_date")
    to = Day(required=False, source="to_date", help_text="The day after the last one, at most 62 days after from.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if {"from_date", "to_date"} <= attrs.keys():
            check_days(attrs["from_date"], attrs["to_date"])
        return super().validate(attrs)


def check_days(first: date, end: date) -> None:
    """Raise ValidationError unless the dates from `first` to the one before `end` may be asked for at once."""
    if end < first:
        raise ValidationError({"to": [ErrorDetail("This is before from.", "invalid")]})
    if end - first > LONGEST_RANGE:
        raise ValidationError({"to": [ErrorDetail(RangeTooLong.message, RangeTooLong.problem)]})


@extend_schema_field(OpenApiTypes.STR)
class Figure(serializers.Field):
    """A figure of money without its currency, in plain digits: text, or a number of JSON."""

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, bool) or not isinstance(data, str | int | Decimal):
            raise ValidationError("Send an amount like 58.00.", "invalid")
        try:
            return _decimal(str(data))
        except DjangoValidationError as error:
            raise ValidationError(error.messages[0], "invalid") from None


class Amount(serializers.Serializer[Any]):
    """Money: an amount in the currency's own digits, and its ISO 4217 code."""

    amount = serializers.CharField(max_length=30)
    currency = serializers.CharField(min_length=3, max_length=3)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        try:
            amount = money.validate_amount(_decimal(attrs["amount"]), attrs["currency"])
        except DjangoValidationError as error:
            field = "currency" if error.code == "currency" else "amount"
            raise ValidationError({field: [ErrorDetail(error.messages[0], error.code or "invalid")]}) from None
        return {"amount": amount, "currency": attrs["currency"]}


def _decimal(text: str) -> Decimal:
    if not re.fullmatch(r"-?\d{1,15}(\.\d{1,6})?", text, re.ASCII):
        raise DjangoValidationError("Send an amount like 58.00.", "invalid")
    return Decimal(text)


# --- Writing ----------------------------------------------------------------------------------------------------------


_writing: ContextVar[Call] = ContextVar("writing")


def write(kind: type[serializers.BaseSerializer[Any]], result: Any, call: Call) -> Any:
    """What `kind` says of `result`, in answer to `call`."""
    [told] = write_all(kind, [result], call)
    return told


def write_all(kind: type[serializers.BaseSerializer[Any]], results: Iterable[Any], call: Call) -> list[Any]:
    """What `kind` says of each result, in answer to `call`."""
    before = _writing.set(call)
    try:
        return [_made_once(kind).to_representation(result) for result in results]  # type: ignore[arg-type] # classes have a hash
    finally:
        _writing.reset(before)


class Writes(Fields):
    """An answer, as `write` makes it. `call` is the call it answers."""

    @property
    def call(self) -> Call:
        return _writing.get()

    def zone_of(self, instance: Any) -> ZoneInfo:
        """The zone in which the times of `instance` are written."""
        return self.call.zone or clock.zone("UTC")


@extend_schema_field(OpenApiTypes.DATETIME)
class Moment(serializers.Field):
    """An instant of an answer, with the offset of the zone that its answer is written in."""

    def get_attribute(self, instance: Any) -> Any:
        value = super().get_attribute(instance)
        return None if value is None else (value, cast(Writes, self.parent).zone_of(instance))

    def to_representation(self, value: tuple[datetime, ZoneInfo]) -> str:
        return told(*value)


@extend_schema_field(OpenApiTypes.STR)
class ZoneName(serializers.Field):
    """The IANA name of the zone in which the times beside it are written."""

    def __init__(self, **terms: Any) -> None:
        super().__init__(read_only=True, **terms)

    def get_attribute(self, instance: Any) -> str:
        return cast(Writes, self.parent).zone_of(instance).key

    def to_representation(self, value: str) -> str:
        return value


def told(moment: datetime, zone: ZoneInfo) -> str:
    """An instant as the API writes it."""
    return clock.local(moment, zone).isoformat(timespec="seconds")


def price(amount: Decimal, currency: str) -> dict[str, str]:
    """Money as the API writes it."""
    return {"amount": str(money.round_money(amount, currency)), "currency": currency}


@extend_schema_field(Amount)
class Price(serializers.Field):
    """The price of an object with `price` and `currency`: of the instance, or of its `attribute`."""

    def __init__(self, *, attribute: str = "*", **terms: Any) -> None:
        super().__init__(source=attribute, read_only=True, **terms)

    def to_representation(self, value: Any) -> dict[str, str]:
        return price(value.price, value.currency)


def photo_of(person: User) -> str | None:
    """The whole address of the person's photo; None without one."""
    return f"{settings.SITE_URL}{person.photo.url}" if person.photo else None
