"""The page that asks what becomes of the appointments inside a time off, or on a day that is cleared.

Made from facts in hand. Every figure follows from the chosen ways, so that the page says before what the act does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from appointments.forms.stopping import shown_field
from appointments.models import Appointment, Offer
from appointments.pages.consequences import LATE_NOTICE, Weighed, weighed_together, whose_are_near
from appointments.pages.labels import live_proposal
from appointments.pages.zones import zones_told
from appointments.rules.fair_use import Consequence, Ending, is_late
from appointments.rules.time_off import Claim, Way, usual_way
from appointments.services.offers import Times
from appointments.services.time_off import Cleared, Inside
from appointments.states import Role
from core import clock
from core.wording import duration_text, local, moment_text, range_text
from providers.services import dates_text

MINUTE = timedelta(minutes=1)
WORDS = {
    Way.OFFER: "Offer 3 times",
    Way.CANCEL: "Cancel",
    Way.DECLINE: "Decline",
    Way.TAKE_BACK: "Take back",
    Way.KEEP: "Keep",
}
# The most names that a line spells out.
MOST_NAMED = 6


@dataclass(frozen=True, slots=True)
class Row:
    """A claim on time inside, with the chosen way and how its line reads. `aside` is the time in the other zone, `says`
    what the chosen way leaves open; `has_new_time` that a proposal can still be answered.

    `offered` are the times that are offered instead; `can_offer` is false where none is open.
    """

    claim: Claim
    way: Way
    left: str
    is_late: bool
    aside: str
    says: str
    has_new_time: bool
    offered: Sequence[datetime] = ()
    can_offer: bool = True

    @property
    def comes_to(self) -> Way:
        return self.claim.comes_to(self.way)

    @property
    def appointment(self) -> Appointment:
        return self.claim.appointment

    @property
    def name(self) -> str:
        name: str = self.appointment.customer.name
        if self.has_new_time:
            return f"{name}, new time proposed"
        return f"{name}, request" if self.appointment.is_request else name

    @property
    def leaf(self) -> str:
        """The kind of the leaf that has its date."""
        if self.has_new_time:
            return "iris"
        return "brass" if self.appointment.is_request else ""

    @property
    def field(self) -> str:
        return field_of(self.appointment.reference)

    @property
    def choices(self) -> list[tuple[str, str, bool]]:
        """The ways as value, word and whether it is the chosen one."""
        ways = [way for way in self.claim.ways if self.can_offer or way is not Way.OFFER]
        return [(way.value, self._word(way), way is self.way) for way in ways]

    def _word(self, way: Way) -> str:
        return f"Offer {_times(len(self.offered))}" if way is Way.OFFER and self.offered else WORDS[way]


@dataclass(frozen=True, slots=True)
class Check:
    """The page: a row for each claim, what the act would do, and what that counts as.

    `taken_back` are the offers inside, and `held_until` says how long the times are held that are offered now.
    """

    rows: list[Row]
    kept: int
    taken_back: list[Offer]
    weighed: Weighed | None
    is_time_off: bool
    held_until: str = ""

    @property
    def cancelled(self) -> list[Claim]:
        return self._with(Way.CANCEL)

    @property
    def stays(self) -> list[Claim]:
        return self._with(Way.KEEP)

    def _with(self, way: Way) -> list[Claim]:
        return [row.claim for row in self.rows if row.comes_to is way]

    @property
    def number(self) -> int:
        return self.weighed.number if self.weighed else 0

    @property
    def shown(self) -> str:
        """What the page shows of each claim, for its form to send back."""
        return shown_field(row.appointment for row in self.rows)

    @property
    def offered(self) -> str:
        """The times that the page offers instead of each claim, for its form to send back."""
        rows = [row for row in self.rows if row.offered]
        return " ".join(f"{row.appointment.reference}:{moments_field(row.offered)}" for row in rows)

    @property
    def bans(self) -> bool:
        return self.weighed is not None and self.weighed.counts.bans

    @property
    def ends_any(self) -> bool:
        return len(self.stays) < len(self.rows)

    @property
    def headline(self) -> str:
        if not self.rows and self.kept:
            books = "Somebody is booking a time" if self.kept == 1 else f"{self.kept} people are booking times"
            return f"{books} inside right now. Nothing is released before you save."
        lie = "1 thing lies" if len(self.rows) == 1 else f"{len(self.rows)} things lie"
        return f"{lie} inside. Nothing is cancelled before you {'save' if self.is_time_off else 'press the button'}."

    @property
    def free_words(self) -> str:
        """That cancelling does not count, where something is cancelled and none of it is late; else empty."""
        if self.weighed or not self.cancelled:
            return ""
        return f"None of them starts within {LATE_NOTICE}, so your standing is not affected."

    @property
    def late_ones(self) -> list[Row]:
        """The rows that make the act a late cancellation: kept, they would make it free."""
        return [row for row in self.rows if row.is_late and row.comes_to is Way.CANCEL]

    @property
    def effects(self) -> list[tuple[str, str]]:
        """What the act does, each with its icon."""
        told = {row.appointment.customer_id for row in self.rows if row.way is not Way.KEEP}
        declined = self._with(Way.DECLINE)
        found = [
            ("x", _counted("Cancels", self.cancelled, "appointment")),
            ("x", _counted("Declines", [claim for claim in declined if not claim.proposed], "request")),
            ("x", _counted("Declines", [claim for claim in declined if claim.proposed], "proposed time")),
            ("x", _counted("Takes back", self._with(Way.TAKE_BACK), "proposed time")),
            ("check", f"Keeps {len(self.stays)}: {_names(self.stays)}" if self.stays and not self.bans else ""),
            ("bell", self._taken_back()),
            ("wait", self._released() if self.is_time_off else ""),
            ("bell", self._held()),
            ("mail", self._emails(len(told))),
        ]
        return [(icon, words) for icon, words in found if words]

    def _emails(self, number: int) -> str:
        if self.bans:
            return "Emails everybody whose appointment ends, also by the suspension"
        return f"Emails {'1 person' if number == 1 else f'{number} people'}" if number else "Emails nobody"

    @property
    def button(self) -> str:
        """The words of the button, which count what is ended and repeat the price."""
        parts = [part for part in (self._ends(), self._price()) if part]
        if self.is_time_off:
            parts = ["save", *parts]
        if not parts:
            return "Keep them all"
        *before, last = parts
        text = f"{', '.join(before)} and {last}" if before else last
        return f"{text[:1].upper()}{text[1:]}"

    def _ends(self) -> str:
        """How many end; only the gravest way is named."""
        counts = [(WORDS[way].lower(), len(self._with(way))) for way in (Way.CANCEL, Way.DECLINE, Way.TAKE_BACK)]
        return next((f"{verb} {number}" for verb, number in counts if number), "")

    def _price(self) -> str:
        if self.weighed is None or not self.weighed.counts.is_late:
            return ""
        return "be suspended" if self.weighed.counts.bans else f"use my {self.weighed.figure}"

    def _taken_back(self) -> str:
        if not self.taken_back:
            return ""
        names = dict.fromkeys(offer.customer.first_name for offer in self.taken_back)
        return f"Takes back {len(self.taken_back)} offered time{_s(len(self.taken_back))}: {_listed(list(names))}"

    def _held(self) -> str:
        number = sum(len(row.offered) for row in self.rows)
        return f"Holds {_times(number)} until {self.held_until}" if number else ""

    def _released(self) -> str:
        if not self.kept:
            return ""
        return (
            "Releases a time that somebody is booking now"
            if self.kept == 1
            else (f"Releases {self.kept} times that people are booking now")
        )


def field_of(reference: str) -> str:
    """The name of the form's field that has the way for this appointment."""
    return f"way-{reference}"


def chosen_ways(inside: Inside, chosen: Mapping[str, Way], *, now: datetime) -> dict[str, Way]:
    """The way for each claim by its appointment's reference: the chosen one where it fits, else the usual one."""
    ways = {}
    for claim in inside.claims:
        way = chosen.get(claim.appointment.reference)
        ways[claim.appointment.reference] = way if way in claim.ways else usual_way(claim, now)
    return ways


def moments_field(moments: Sequence[datetime]) -> str:
    """These moments as a form sends them: seconds since 1970, with commas."""
    return ",".join(str(int(moment.timestamp())) for moment in moments)


def build_check(
    inside: Inside,
    ways: Mapping[str, Way],
    counts: Consequence,
    ending: Ending,
    times: Mapping[str, Times],
    *,
    is_time_off: bool,
    reader: ZoneInfo,
    now: datetime,
    twelve: bool,
) -> Check:
    """The page for what lies inside. `counts` and `ending` are those of what `ways` cancel, `times` those that are
    offered instead by reference."""
    rows = []
    for claim in inside.claims:
        one, way = claim.appointment, ways[claim.appointment.reference]
        offered = times[one.reference].starts if way is Way.OFFER and one.reference in times else ()
        # Who is suspended offers nothing, whatever is open; the choice stays for when the act would not suspend.
        can_offer = way is not Way.OFFER or bool(offered) or counts.bans
        zones = zones_told(
            claim.start,
            claim.end,
            reader=reader,
            other=one.customer.zone,
            whose=one.customer.first_name,
            place=one.provider.zone if one.is_in_person else None,
        )
        row = Row(
            claim=claim,
            way=way if can_offer else claim.way_to_end,
            left=_left(claim, now),
            is_late=_counts(claim) and is_late(claim.start, now),
            aside=zones.aside(claim.start, twelve=twelve),
            says=_says(claim, way, reader, now, bans=counts.bans, can_offer=can_offer, twelve=twelve),
            has_new_time=live_proposal(one, now) is not None,
            offered=offered,
            can_offer=can_offer,
        )
        rows.append(row)
    late = [row.appointment for row in rows if row.is_late and row.comes_to is Way.CANCEL]
    weighed = weighed_together(counts, ending, near=whose_are_near(late)) if counts.is_late else None
    held_until = _held_until([each.expires_at for each in times.values()], reader, twelve=twelve)
    return Check(rows, inside.kept, inside.offered, weighed, is_time_off, held_until)


def _held_until(deadlines: Sequence[datetime], reader: ZoneInfo, *, twelve: bool) -> str:
    if not deadlines:
        return ""
    last = moment_text(max(deadlines), reader, twelve=twelve)
    return last if len(set(deadlines)) == 1 else f"{last} at the latest"


def _counts(claim: Claim) -> bool:
    return claim.way_to_end is Way.CANCEL


def _left(claim: Claim, now: datetime) -> str:
    if not _counts(claim):
        return f"{'Taking it back' if claim.way_to_end is Way.TAKE_BACK else 'Declining'} never counts"
    left = claim.start - now
    length = duration_text(left) if left >= MINUTE else "less than a minute"
    return f"Starts in {length}: cancelling it is late" if is_late(claim.start, now) else f"{length} left"


def _says(claim: Claim, way: Way, reader: ZoneInfo, now: datetime, *, bans: bool, can_offer: bool, twelve: bool) -> str:
    """What stays open: nothing where it is ended, for the row says that; a ban ends what is kept, too."""
    if not can_offer:
        return "No other time is open."
    if bans:
        return "Nothing can be offered while this would suspend you." if way is Way.OFFER else ""
    proposal, customer = live_proposal(claim.appointment, now), claim.appointment.customer.first_name
    if way is not Way.KEEP:
        return ""
    if proposal is None:
        return "Stays as it is." if claim.appointment.is_confirmed else "Still waits for your answer."
    if claim.proposed:
        return "Stays proposed. If it is accepted, it lies inside."
    new_time = moment_text(proposal.start, reader, twelve=twelve)
    if proposal.side is Role.PROVIDER:
        return f"You proposed {new_time}. If {customer} accepts, it moves there; if not, it stays."
    return f"{customer} proposed {new_time}. If you accept, it moves there; if not, it stays."


def _counted(verb: str, claims: Sequence[Claim], thing: str) -> str:
    if not claims:
        return ""
    return f"{verb} {len(claims)} {thing}{_s(len(claims))}: {_names(claims)}"


def _times(number: int) -> str:
    return f"{number} time{_s(number)}"


def _s(number: int) -> str:
    return "" if number == 1 else "s"


def _names(claims: Sequence[Claim]) -> str:
    """The first names, each once, and how many more there are."""
    return _listed(list(dict.fromkeys(claim.appointment.customer.first_name for claim in claims)))


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def cleared_words(cleared: Cleared) -> str:
    """What an act has ended, for the message after it: "2 appointments cancelled, 3 times offered. We tell Mina."."""
    ended, offered = cleared.ended, cleared.offered
    taken_back = no_longer_offered(cleared.taken_back)
    if not ended:
        return taken_back
    cancelled = sum(claim.way_to_end is Way.CANCEL for claim in ended)
    proposed = sum(claim.proposed is not None for claim in ended)
    declined = len(ended) - cancelled - proposed
    parts = [
        f"{cancelled} appointment{_s(cancelled)} cancelled" if cancelled else "",
        f"{declined} request{_s(declined)} declined" if declined else "",
        f"{proposed} proposed time{_s(proposed)} released" if proposed else "",
        f"{offered} other time{_s(offered)} offered" if offered else "",
    ]
    done = f"{', '.join(part for part in parts if part)}. We tell {_names(ended)}."
    return f"{done} {taken_back}".strip()


def no_longer_offered(number: int) -> str:
    """The sentence that so many offered times were taken back, empty for none."""
    return f"{_times(number)} no longer offered." if number else ""


def span_words(start: datetime, end: datetime, zone: ZoneInfo, *, twelve: bool) -> str:
    """A time off in words: its dates where it covers whole ones in this zone, else its first and last moment."""
    first, last = local(start, zone).date(), local(end - MINUTE, zone).date()
    if start == clock.day_bounds(first, zone)[0] and end == clock.day_bounds(last, zone)[1]:
        return dates_text(first, last)
    return range_text(start, end, zone, twelve=twelve)
