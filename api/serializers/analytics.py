"""A provider's figures as programs read them."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from rest_framework import serializers

from analytics.figures import Cell, End, Figures, Sums, booked_minutes, by_service, counted, percent, summed
from analytics.periods import Choice
from api.serializers.base import Amount, Days, InZone, Writes, ZoneName, price, told

# The periods by the names that programs know them by.
PERIODS = {"30d": Choice.MONTH, "12w": Choice.WEEKS, "year": Choice.YEAR}


@dataclass(frozen=True, slots=True)
class Asked:
    """Figures, and whether those of the period before are told beside them."""

    figures: Figures
    compares: bool


class AnalyticsParams(Days, InZone):
    """Parameters of figures: dates, or a period that ends with the last whole day, week or month."""

    period = serializers.ChoiceField(choices=list(PERIODS), required=False, help_text="30d if unsaid.")
    compare = serializers.BooleanField(required=False, help_text="Whether to tell the period before, too.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        dates = {"from_date", "to_date"} & attrs.keys()
        if dates and "period" in attrs:
            raise serializers.ValidationError({"period": ["Send either a period, or from and to."]})
        if len(dates) == 1:
            raise serializers.ValidationError({"to" if "from_date" in dates else "from": ["Send this, too."]})
        return super().validate(attrs)


class SumsOut(serializers.Serializer[Any]):
    """What a currency's appointments were priced at, what of it goes back to customers, the fee, and what is left."""

    currency = serializers.CharField()
    gross = Amount()
    refunds = Amount()
    platform_fee = Amount()
    net = Amount()


class OutcomesOut(serializers.Serializer[Any]):
    """The numbers of appointments and requests by how they ended."""

    all = serializers.IntegerField()
    completed = serializers.IntegerField()
    no_show = serializers.IntegerField()
    late_by_customer = serializers.IntegerField()
    late_by_provider = serializers.IntegerField()
    by_customer = serializers.IntegerField()
    by_provider = serializers.IntegerField()
    by_house = serializers.IntegerField()
    withdrawn = serializers.IntegerField()
    declined = serializers.IntegerField()
    expired = serializers.IntegerField()


class PeriodOut(serializers.Serializer[Any]):
    """A period, from `from` to the day before `to`. `open_minutes` is the open time, of which `booked_minutes` were
    taken; `new_customers` came for the first time."""

    from_ = serializers.DateField()
    to = serializers.DateField()
    outcomes = OutcomesOut()
    sums = SumsOut(many=True)
    open_minutes = serializers.IntegerField()
    booked_minutes = serializers.IntegerField()
    booked_percent = serializers.IntegerField()
    new_customers = serializers.IntegerField()
    returning_customers = serializers.IntegerField()

    def get_fields(self) -> dict[str, Any]:
        return {name.removesuffix("_"): field for name, field in super().get_fields().items()}


class ServiceSumsOut(serializers.Serializer[Any]):
    """A service's kept appointments, and its sums in one currency."""

    service = serializers.CharField()
    kept = serializers.IntegerField()
    sums = SumsOut()


class RegularOut(serializers.Serializer[Any]):
    """A customer who came often: kept appointments, what these brought by currency, and the next start."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    kept = serializers.IntegerField()
    brought = Amount(many=True)
    next = serializers.DateTimeField(allow_null=True)


class HourOut(serializers.Serializer[Any]):
    """The kept appointments that start in an hour of the week; Monday is 0."""

    weekday = serializers.IntegerField()
    hour = serializers.IntegerField()
    kept = serializers.IntegerField()


class AnalyticsOut(Writes):
    """The figures of a period; `before` has those of the period before, where it was asked for, else null."""

    time_zone = ZoneName()
    period = PeriodOut(source="*")
    before = PeriodOut(source="*", allow_null=True)
    services = ServiceSumsOut(many=True, source="*")
    top_customers = RegularOut(many=True, source="*")
    busiest_hours = HourOut(many=True, source="*")

    def zone_of(self, instance: Asked) -> ZoneInfo:
        return self.call.zone or instance.figures.zone

    def to_representation(self, instance: Asked) -> dict[str, Any]:
        figures, zone = instance.figures, self.zone_of(instance)
        return {
            "time_zone": zone.key,
            "period": _period(figures, figures.now_cells, is_now=True),
            "before": _period(figures, figures.earlier_cells, is_now=False) if instance.compares else None,
            "services": [
                {"service": row.name, "kept": row.kept, "sums": _sums(row.sums, row.currency)}
                for row in by_service(figures.now_cells)
            ],
            "top_customers": [
                {
                    "id": person.uuid,
                    "name": person.name,
                    "kept": person.kept,
                    "brought": [price(amount, code) for code, amount in sorted(person.brought.items())],
                    "next": told(person.next, zone) if person.next else None,
                }
                for person in figures.regulars
            ],
            "busiest_hours": [
                {"weekday": hour // 24, "hour": hour % 24, "kept": count}
                for hour, count in sorted(figures.hours.items(), key=lambda item: (-item[1], item[0]))
            ],
        }


def _period(figures: Figures, cells: list[Cell], *, is_now: bool) -> dict[str, Any]:
    dates = figures.period.dates if is_now else figures.period.earlier
    people = figures.people if is_now else figures.earlier_people
    is_open, booked = figures.open_now if is_now else figures.open_earlier, booked_minutes(cells)
    return {
        "from": dates.first.isoformat(),
        "to": dates.end.isoformat(),
        "outcomes": {"all": counted(cells), **{end.value: counted(cells, {end}) for end in End}},
        "sums": [_sums(summed(cells, code), code) for code in figures.currencies],
        "open_minutes": is_open,
        "booked_minutes": booked,
        "booked_percent": percent(booked, is_open),
        "new_customers": people.new,
        "returning_customers": people.again,
    }


def _sums(sums: Sums, code: str) -> dict[str, Any]:
    named = {"gross": sums.gross, "refunds": sums.refund, "platform_fee": sums.fee, "net": sums.net}
    return {"currency": code, **{name: price(amount, code) for name, amount in named.items()}}
