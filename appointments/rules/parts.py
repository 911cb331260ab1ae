"""The parts of a day by the wall clock: morning, afternoon, evening."""

NOON, EVENING = 12, 17


def part_of(hour: int) -> int:
    """The part of the day: 0 morning, 1 afternoon, 2 evening."""
    return (hour >= NOON) + (hour >= EVENING)
