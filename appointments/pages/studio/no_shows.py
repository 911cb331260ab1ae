"""What a customer's no-shows mean, as the provider reads it."""

from appointments.pages.consequences import ordinal
from appointments.rules.no_shows import NoShows


def stopped_words(no_shows: NoShows, *, name: str) -> str:
    """What the no-shows of the customer called `name` did; empty while they may book."""
    if not no_shows.stop:
        return ""
    return f"{name} has {no_shows_text(no_shows.count)} with you and can’t book with you online."


def effect_of_marking(no_shows: NoShows, *, name: str) -> str:
    """What one more no-show would do, to be read beside the button; empty where no number of them does anything."""
    if no_shows.limit is None:
        return ""
    if no_shows.stop:
        return stopped_words(no_shows, name=name)
    next_one = f"A no-show would be {name}’s {ordinal(no_shows.count + 1)} of {no_shows.limit} with you"
    if no_shows.next_stops:
        return f"{next_one}: {name} could no longer book with you online. What is booked stays."
    return f"{next_one}."


def effect_of_unmarking(no_shows: NoShows, *, name: str) -> str:
    """What marking a no-show as completed would do; empty where it changes nothing."""
    frees = no_shows.stop and not NoShows(no_shows.count - 1, no_shows.limit).stop
    return f"As completed it would no longer count, and {name} could book with you online again." if frees else ""


def no_shows_text(number: int) -> str:
    return f"{number} no-show{'s' if number != 1 else ''}"
