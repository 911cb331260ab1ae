"""When no-shows stop a customer from booking with a provider, with the sentences. Decided from facts in hand.

Counted are the appointments of that customer with that provider that are marked as no-shows now, however old, so that
a correction blocks or unblocks at once. The limit is the provider's. See `docs/decisions/no-shows-and-blocks.md`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NoShows:
    """A customer's no-shows with one provider, and how many stop them from booking; None: no number does."""

    count: int
    limit: int | None

    @property
    def stop(self) -> bool:
        return self.limit is not None and self.count >= self.limit

    @property
    def next_stops(self) -> bool:
        """Whether one more would stop the customer, who is not stopped now."""
        return self.limit is not None and self.count + 1 == self.limit


def refusal(no_shows: NoShows, *, name: str) -> str:
    """The sentence that refuses a booking with the provider called `name`; empty where nothing is in its way."""
    if not no_shows.stop:
        return ""
    marked = f"{name} has marked {_count(no_shows.count)} as {_kind(no_shows.count)}"
    most = f"after {no_shows.limit}" if no_shows.limit != no_shows.count else "after that many"
    return (
        f"{marked}, and {most} nobody can book with {name} online. What is booked stays. If one is a mistake, or you "
        f"would like to come again, ask {name}, who can correct it or let you book all the same."
    )


def notice(no_shows: NoShows, *, name: str) -> str:
    """The sentence to read before booking, where one more no-show would stop the customer; else empty."""
    if not no_shows.count or not no_shows.next_stops:
        return ""
    return (
        f"{name} has marked {_count(no_shows.count)} as {_kind(no_shows.count)}. One more, and you could no longer "
        f"book with {name} online. If you can’t come, cancel before the start."
    )


def _count(number: int) -> str:
    return f"{number} of your appointments"


def _kind(number: int) -> str:
    return "no-shows" if number > 1 else "a no-show"
