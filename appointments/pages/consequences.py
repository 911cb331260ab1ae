"""What cancelling counts as, in figures and sentences, alike on every page and in every mail that speaks of it.

All figures come from the rules in force; a template writes none of them. A sentence keeps its moments as values, which
each page writes in its own zone and clock, and each mail in its reader's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from appointments.models import Appointment
from appointments.rules.fair_use import COUNTED_FOR, LATE_WITHIN, LIMIT, Consequence, Ending
from appointments.rules.moves import CancelTerms
from core.wording import day_distance, duration_text, local, words_for_minutes, zone_text

NUMBERS = {1: "One", 2: "Two", 3: "Three", 4: "Four", 5: "Five"}
ORDINALS = {2: "second", 3: "third", 4: "fourth", 5: "fifth"}
MINUTE = timedelta(minutes=1)
WINDOW = f"{COUNTED_FOR.days} days"
LATE_NOTICE = words_for_minutes(LATE_WITHIN // MINUTE)


@dataclass(frozen=True, slots=True)
class OfDay:
    """A moment that a sentence writes as a time of day."""

    moment: datetime


@dataclass(frozen=True, slots=True)
class Day:
    """A moment that a sentence writes as a date."""

    moment: datetime


@dataclass(frozen=True, slots=True)
class Phrase:
    """Text with a place `{}` for each of its values, of which a bare moment is written as date and time."""

    pattern: str
    values: tuple[datetime | OfDay | Day | str, ...] = ()

    def text(self, at: Callable[[datetime], str]) -> str:
        """The phrase as plain text, with its moments as `at` writes them."""
        return self.pattern.format(*(at(value) if isinstance(value, datetime) else value for value in self.values))


@dataclass(frozen=True, slots=True)
class Weighed:
    """What cancelling now counts as for the person who would do it, and all that the page says of it.

    `number` is sent back with the form: the act counts as that late cancellation, 0 for none.
    """

    counts: Consequence
    headline: str
    details: tuple[Phrase, ...]
    window: Phrase
    rules: tuple[tuple[str, Phrase], ...]

    @property
    def number(self) -> int:
        return self.counts.number

    @property
    def figure(self) -> str:
        return figure(self.number)

    @property
    def used(self) -> int:
        """How many of the strikes are drawn as used."""
        return min(self.number - 1, LIMIT)

    @property
    def limit(self) -> int:
        return LIMIT

    @property
    def strikes_label(self) -> str:
        return f"{self.used} of {LIMIT} used, this would be the {ordinal(self.number)}"

    @property
    def button(self) -> str:
        """The words of the button, which repeat the price."""
        if self.counts.bans:
            return "Cancel and be suspended"
        return f"Cancel and use my {self.figure}" if self.counts.is_late else "Cancel appointment"


def weighed(
    appointment: Appointment,
    terms: CancelTerms,
    counts: Consequence,
    ending: Ending,
    *,
    reader: ZoneInfo,
    now: datetime,
) -> Weighed:
    """What the pages say of `counts`; `ending` says what a ban would end, where it would ban. Asks no database."""
    if not counts.is_late:
        return Weighed(counts, terms.sentence, (_holds_until(terms, reader),), Phrase(""), ())
    details: tuple[Phrase, ...] = (_how_near(appointment, now), _free_ended(appointment, reader, now))
    headline = "This is a late cancellation."
    if counts.bans:
        headline = f"This will be your {ordinal(counts.number)} late cancellation of {LIMIT}."
        details = (_what_a_ban_does(ending), *details)
    return Weighed(counts, headline, details, _window(counts), _rules(counts))


def weighed_together(counts: Consequence, ending: Ending, *, near: Phrase) -> Weighed:
    """What the pages say of cancelling several in one act; `near` says which of them make it count."""
    headline = f"This counts as one late cancellation, your {ordinal(counts.number)} of {LIMIT} in {WINDOW}."
    details: tuple[Phrase, ...] = (near,)
    if counts.bans:
        headline = f"This will be your {ordinal(counts.number)} late cancellation of {LIMIT}."
        details = (_what_a_ban_does(ending), *details)
    return Weighed(counts, headline, details, _window(counts), _rules(counts))


def whose_are_near(late: Sequence[Appointment]) -> Phrase:
    """Which of several customers' appointments make cancelling count, and the way to avoid it."""
    if len(late) == 1:
        return Phrase(f"Only {{}} starts within {LATE_NOTICE}. Keep it, and nothing counts.", (_whose(late[0]),))
    return _how_many_are_near(len(late))


def which_are_near(late: Sequence[datetime]) -> Phrase:
    """Which of several times of one series make cancelling count, and the way to avoid it."""
    if len(late) == 1:
        return Phrase(f"Only that on {{}} starts within {LATE_NOTICE}. Keep it, and nothing counts.", (late[0],))
    return _how_many_are_near(len(late))


def _whose(appointment: Appointment) -> str:
    return f"{appointment.customer.first_name}’s"


def _how_many_are_near(count: int) -> Phrase:
    rule = "all of them together count once. Keep those, and nothing counts."
    return Phrase(f"{count} of them start within {LATE_NOTICE}; {rule}")


def until_when(terms: CancelTerms, provider: str) -> Phrase:
    """Until when somebody can cancel, and from when on that is late; or why they can't. `provider` is a first name."""
    if not terms.allowed:
        return Phrase(terms.sentence)
    late, until = terms.late_from, terms.until
    if late is None:
        return Phrase("Free to cancel until {}. After that, only {} can.", (until, provider))
    if late == until:
        return Phrase("Free to cancel before {}. After that, only {} can.", (until, provider))
    closed = words_for_minutes((late + LATE_WITHIN - until) // MINUTE)
    stops = until < late + LATE_WITHIN
    if terms.is_late:
        now = "Cancelling now is a late cancellation."
        return Phrase(f"{now} After {{}}, only {{}} can cancel.", (until, provider)) if stops else Phrase(now)
    free = "Free to cancel before {}. After that it is a late cancellation"
    if stops:
        return Phrase(f"{free}, and in the last {closed} only {{}} can cancel.", (late, provider))
    return Phrase(f"{free}.", (late,))


def figure(number: int) -> str:
    """A late cancellation's number as `2nd of 3`."""
    return f"{ordinal(number)} of {LIMIT}"


def number_accepted(said: str) -> int:
    """The number of the late cancellation to which somebody agrees by saying its `figure`; 0 for anything else."""
    return next((number for number in range(1, LIMIT + 1) if figure(number) == said), 0)


def counts_sentence(counts: Consequence) -> str:
    """What cancelling now counts as, for programs: in one sentence, and a second where it would suspend."""
    told = f"Cancelling now is a late cancellation, the {figure(counts.number)} in {WINDOW}."
    return f"{told} It would suspend booking straight away." if counts.bans else told


def ordinal(number: int) -> str:
    """A number as `1st`, `2nd`, `3rd`, `4th`."""
    ending = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _holds_until(terms: CancelTerms, reader: ZoneInfo) -> Phrase:
    word, last = ("before", terms.late_from) if terms.late_from else ("until", terms.until)
    return Phrase(f"That holds {word} {{}}, {{}}.", (last, zone_text(reader)))


def _how_near(appointment: Appointment, now: datetime) -> Phrase:
    left = appointment.start - now
    length = duration_text(left) if left >= MINUTE else "less than a minute"
    return Phrase(f"It starts in {length}.")


def _free_ended(appointment: Appointment, reader: ZoneInfo, now: datetime) -> Phrase:
    ended = appointment.start - LATE_WITHIN
    if appointment.agreed_at and appointment.agreed_at >= ended:
        return Phrase("Free cancelling had ended before it was agreed.")
    day = day_distance(local(ended, reader).date(), local(now, reader).date())
    return Phrase(f"Free cancelling ended {day} at {{}}.", (OfDay(ended),))


def _what_a_ban_does(ending: Ending) -> Phrase:
    happens = ["booking is suspended straight away"]
    if ending.has_page:
        happens.append("your page is taken down")
    if ending.appointments == 1:
        happens.append("your other appointment is cancelled")
    elif ending.appointments:
        happens.append(f"your other {ending.appointments} appointments are cancelled")
    if ending.requests:
        happens.append("1 request ends" if ending.requests == 1 else f"{ending.requests} requests end")
    *before, last = happens
    all_of_it = f"{', '.join(before)} and {last}" if before else last
    return Phrase(f"If you cancel, {all_of_it}. You are signed out everywhere.")


def _window(counts: Consequence) -> Phrase:
    left = LIMIT - counts.number
    what = f"late cancellations in {WINDOW}"
    if left <= 0:
        return Phrase(f"{what}. The {_word(LIMIT)} suspends booking.")
    assert counts.free_again is not None
    more = f"A {_word(LIMIT)}" if left == 1 else f"{NUMBERS.get(left, left)} more"
    return Phrase(f"{what}. {more} up to {{}} would suspend booking.", (Day(counts.free_again),))


def _rules(counts: Consequence) -> tuple[tuple[str, Phrase], ...]:
    """How standing works, each rule with its icon."""
    return (
        ("clock", Phrase(f"Cancelling {LATE_NOTICE} or less before the start is a late cancellation.")),
        ("cal", _how_long(counts)),
        ("warn", Phrase(f"The {_word(LIMIT)} suspends booking straight away.")),
    )


def _how_long(counts: Consequence) -> Phrase:
    rule = f"Each one counts for {WINDOW}."
    on_record = counts.number - 1
    if on_record < 1 or counts.free_again is None:
        return Phrase(rule)
    whose = "Yours" if on_record == 1 else "Your oldest,"
    comma = "" if on_record == 1 else ","
    ends = counts.free_again
    return Phrase(f"{rule} {whose} from {{}}{comma} stops counting on {{}}.", (Day(ends - COUNTED_FOR), Day(ends)))


def _word(number: int) -> str:
    return ORDINALS.get(number, ordinal(number))
