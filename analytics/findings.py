"""The sentences that say what a chart shows; assistive technology reads them instead of the drawing."""

from collections.abc import Sequence

from analytics.figures import Figures, Sums, counted, percent
from analytics.periods import Dates, Unit
from analytics.tables import GROUPS, hours_shown
from core.money import Money
from core.wording import date_part, weekday_name

OFTEN = {Unit.DAY: "Daily", Unit.WEEK: "Weekly", Unit.MONTH: "Monthly"}


def part_words(part: Dates, unit: Unit) -> str:
    """A part in the middle of a sentence: "on 5 October", "in the week of 5 October", "in October 2026"."""
    if unit is Unit.MONTH:
        return f"in {date_part(part.first, 'F Y')}"
    day = date_part(part.first, "j F")
    return f"in the week of {day}" if unit is Unit.WEEK else f"on {day}"


def earnings_words(figures: Figures, code: str) -> str:
    """What the earnings of one currency did over the parts of the period, and beside the earlier ones."""
    sums, unit, parts = figures.by_piece(code), figures.period.unit, figures.parts
    kept = [sums.get(place, Sums()).kept for place in parts]
    if not parts or not any(kept):
        return f"No earnings in {code} in a whole {unit.value} of this period."
    high, low = max(range(len(parts)), key=kept.__getitem__), min(range(len(parts)), key=kept.__getitem__)
    best = f"{Money(kept[high], code)} {part_words(figures.pieces[parts[high]], unit)}"
    if kept[high] == kept[low]:
        words = f"{OFTEN[unit]} earnings were {Money(kept[high], code)} throughout."
    else:
        least = f"{Money(kept[low], code)} {part_words(figures.pieces[parts[low]], unit)}"
        words = f"{OFTEN[unit]} earnings were lowest with {least} and highest with {best}."
    earlier = [sums.get(place, Sums()).kept for place in figures.earlier_parts]
    if not any(earlier):
        return f"{words} There were none in {figures.period.before}."
    above = sum(now > before for now, before in zip(kept, earlier, strict=False))
    both = min(len(kept), len(earlier))
    return f"{words} They were above {figures.period.before} in {above} of {both} {unit.value}s."


def endings_words(figures: Figures) -> str:
    total = counted(figures.now_cells)
    parts = [f"{counted(figures.now_cells, ends)} {name.lower()}" for _, name, ends in GROUPS]
    return f"Of {total} appointments and requests: {', '.join(parts)}."


def hours_words(figures: Figures) -> str:
    """The hour of the week at which most appointments start."""
    if not hours_shown(figures):
        return "No appointment took place."
    hour = max(figures.hours, key=lambda each: (figures.hours[each], -each))
    count, in_all = figures.hours[hour], sum(figures.hours.values())
    return f"{weekday_name(hour // 24)}s at {hour % 24:02}:00 were busiest, with {count} of {in_all} starts."


def people_words(figures: Figures) -> str:
    new, again = figures.people.new, figures.people.again
    return f"{new} of {new + again} customers came for the first time."


def notice_words(counts: Sequence[int], names: Sequence[str]) -> str:
    if not sum(counts):
        return "No appointment took place."
    most = max(range(len(counts)), key=counts.__getitem__)
    share = percent(counts[most], sum(counts))
    return f"Most were booked {names[most][0].lower()}{names[most][1:]} before the start, {share}%."


def openings_words(shares: Sequence[int], parts: Sequence[Dates], unit: Unit) -> str:
    if not any(shares):
        return "No open time was booked."
    most, least = max(range(len(shares)), key=shares.__getitem__), min(range(len(shares)), key=shares.__getitem__)
    best = f"{shares[most]}% {part_words(parts[most], unit)}"
    if shares[most] == shares[least]:
        return f"{best.split()[0]} of the open time was booked throughout."
    return (
        f"Most of the open time was booked with {best}, least with {shares[least]}% {part_words(parts[least], unit)}."
    )
