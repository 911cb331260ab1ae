"""Own events that repeat: changed and deleted on one date, from one date on, or on all.

Each date is an event, so that whatever reads events (openings, Google, files) needs to know nothing of rules. Dates
that were changed alone follow a change of more than themselves. Those that were deleted alone stay away, unless the
event comes at other intervals from then on.
"""

from dataclasses import asdict, dataclass, replace
from datetime import datetime

from django.db import transaction

from accounts.models import User
from appointments.exceptions import EventGone, EventRefused
from appointments.models import OwnEvent, OwnRecurrence
from appointments.rules.own_events import MOST_DATES, Details, check_details, details_of, last_day, rule_of
from appointments.rules.recurrence import Rule, expand
from appointments.rules.stopping import Scope
from core import clock
from core.db import retrying
from providers.exceptions import ChangedMeanwhile

from .own_events import (
    Saved,
    Shown,
    change_own_event,
    check_inside,
    check_room,
    checked_dates,
    delete_own_event,
    delete_rows,
    follow,
    keep_rule,
    lock_owner,
    new_events,
    read_event,
    set_details,
    take_back_offered,
)

FIELDS = [*asdict(Details("", clock.now(), clock.now())), "recurrence", "occurrence", "version", "changed_at"]
AT_ONCE = 50  # rows in one statement


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of an event's dates: the rows that there are, by number in the new rule, those that `end`, and what
    each date says from now on. `since` is the number, in the old rule, of the first date that changes."""

    rule: Rule
    dates: dict[int, Details]
    rows: dict[int, OwnEvent]
    ending: list[OwnEvent]
    since: int = 1

    @property
    def before(self) -> list[Details]:
        return [details_of(row) for row in [*self.rows.values(), *self.ending]]


def reached(row: OwnEvent, scope: Scope) -> list[OwnEvent]:
    """The rows that an act on this one concerns, by date. One query, none for one that does not repeat."""
    if row.recurrence_id is None or scope is Scope.ONE:
        return [row]
    rows = OwnEvent.objects.filter(recurrence=row.recurrence_id).select_related("recurrence").order_by("occurrence")
    return list(rows.filter(occurrence__gte=row.occurrence) if scope is Scope.FOLLOWING else rows)


def plan_change(row: OwnEvent, details: Details, rule: Rule, scope: Scope, *, now: datetime) -> Plan:
    """What becomes of the dates of an event that from now on says `details` and repeats by `rule`.

    Only the rule's zone, frequency and end count: where it begins follows from the event. An end that is the one it had
    stays so many dates away. One query. Raises EventRefused.
    """
    check_details(details, now=now)
    old = rule_of(row)
    if old is None:
        rule = replace(rule, first=details.start)
        return Plan(rule, checked_dates(details, rule, now=now), {1: row}, [])
    number = row.occurrence or 1
    since = number if scope is Scope.FOLLOWING else 1
    in_all = len(expand(old, most=MOST_DATES).occurrences)
    is_same = rule.frequency is old.frequency
    if is_same and rule.until == last_day(old):
        rule = replace(rule, count=in_all - since + 1, until=None)
    rule = replace(rule, first=details.start if since == number else _moved_first(row, details, old, rule))
    dates, rows = checked_dates(details, rule, now=now), reached(row, scope)
    if is_same:
        by_number = {(each.occurrence or 1) - since + 1: each for each in rows}
        deleted = set(range(1, in_all - since + 2)) - by_number.keys()
        dates = {each: said for each, said in dates.items() if each not in deleted}
        if not dates:
            field = "count" if rule.until is None else "until"
            raise EventRefused("So no date would be left. Choose a later end, or delete the event.", field=field)
    else:
        by_number = dict(enumerate(rows, 1))
    kept = {each: one for each, one in by_number.items() if each in dates}
    ending = [one for each, one in by_number.items() if each not in dates]
    return Plan(rule, dates, kept, ending, since)


def _moved_first(row: OwnEvent, details: Details, old: Rule, rule: Rule) -> datetime:
    """The start of the first date where this one moves so many days, and to another time of day."""
    start, was, first = (clock.local(each, rule.zone) for each in (details.start, row.start, old.first))
    day = first.date() + (start.date() - was.date())
    return clock.to_instant(datetime.combine(day, start.time()), rule.zone)


def dates_written(
    row: OwnEvent | None, details: Details, rule: Rule | None, scope: Scope, *, now: datetime
) -> tuple[list[Details], list[Details]]:
    """What an event says on the dates that saving it so concerns, before and after; of a new one nothing before. Raises
    EventRefused."""
    if row is None:
        return [], list(checked_dates(details, rule, now=now).values())
    if rule is None or (scope is Scope.ONE and row.recurrence_id):
        return [details_of(row)], [details]
    plan = plan_change(row, details, rule, scope, now=now)
    return plan.before, list(plan.dates.values())


def change_dates(
    *,
    event: OwnEvent,
    details: Details,
    rule: Rule | None,
    scope: Scope,
    actor: User,
    version: int,
    shown: Shown | None = None,
) -> Saved:
    """Give the actor's event other times, texts or another rule, on this date, from it on, or on all dates.

    Without a rule, and on one date alone, as `change_own_event` does, with its refusals. Saved as it is, nothing
    changes.
    """
    if rule is None or (scope is Scope.ONE and event.recurrence_id):
        return change_own_event(event=event, details=details, actor=actor, version=version, shown=shown)
    return _change(
        event=event, details=details, rule=rule, scope=scope, actor=actor, version=version, shown=shown or {}
    )


@retrying
@transaction.atomic
def _change(
    *, event: OwnEvent, details: Details, rule: Rule, scope: Scope, actor: User, version: int, shown: Shown
) -> Saved:
    person, provider = lock_owner(actor)
    row = read_event(event, person)
    if row is None:
        raise EventGone
    now = clock.now()
    if details_of(row) == details and _is_as_before(rule, rule_of(row)):
        return Saved(row, changed=False)
    if row.version != version:
        raise ChangedMeanwhile
    plan = plan_change(row, details, rule, scope, now=now)
    rows = [*plan.rows.values(), *plan.ending]
    check_room(person, plan.dates.values(), now=now, besides=[each.pk for each in rows])
    check_inside(person, plan.dates.values(), shown, now=now, before=plan.before)
    before, old, recurrence = plan.before, row.recurrence, keep_rule(person, plan.rule)
    for number, each in plan.rows.items():
        set_details(each, plan.dates[number], now=now)
        each.recurrence, each.occurrence = recurrence, number
    OwnEvent.objects.bulk_update(plan.rows.values(), FIELDS, batch_size=AT_ONCE)
    missing = {number: said for number, said in plan.dates.items() if number not in plan.rows}
    made = new_events(person, missing, recurrence, now=now)
    OwnEvent.objects.bulk_create(made)
    delete_rows(plan.ending, person, now=now)
    _end_before(old, plan.since)
    taken_back = take_back_offered(person, provider, plan.dates.values(), now=now)
    keys = [each.uuid for each in [*rows, *made]]
    follow(person, provider, keys, before=before, after=plan.dates.values())
    saved = next((each for each in plan.rows.values() if each.pk == row.pk), None) or next(iter(plan.rows.values()))
    return Saved(saved, taken_back=taken_back, dates=len(plan.dates))


def _is_as_before(rule: Rule, old: Rule | None) -> bool:
    """Whether the event comes as often, and until the same date, as it does already."""
    if old is None or rule.frequency is not old.frequency:
        return False
    return rule.until == last_day(old) if rule.until else rule.count == old.count


@retrying
@transaction.atomic
def delete_dates(*, event: OwnEvent, scope: Scope, actor: User, version: int) -> int:
    """Delete the actor's event on this date, from it on, or on all dates; returns the number of dates that are gone.

    Raises ChangedMeanwhile where the event is not the version that the page showed.
    """
    if scope is Scope.ONE or event.recurrence_id is None:
        return int(delete_own_event(event=event, actor=actor, version=version))
    person, provider = lock_owner(actor)
    row = read_event(event, person)
    if row is None:
        return 0
    if row.version != version:
        raise ChangedMeanwhile
    rows = reached(row, scope)
    old, before = row.recurrence, [details_of(each) for each in rows]
    delete_rows(rows, person, now=clock.now())
    _end_before(old, row.occurrence or 1)
    follow(person, provider, [each.uuid for each in rows], before=before, after=[])
    return len(rows)


def _end_before(rule: OwnRecurrence | None, number: int) -> None:
    """Have the rule end with the date before this number. What is left alone repeats no more."""
    if rule is None:
        return
    if rule.events.count() > 1:
        OwnRecurrence.objects.filter(pk=rule.pk).update(count=number - 1, until=None)
        return
    rule.events.update(recurrence=None, occurrence=None)
    OwnRecurrence.objects.filter(pk=rule.pk).delete()
