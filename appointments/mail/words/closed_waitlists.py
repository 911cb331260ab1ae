"""The words of the mail that a provider's waitlist was closed."""

from collections.abc import Sequence

from appointments.mail.letters import TEMPLATE, contact
from appointments.models import WaitlistPlace
from appointments.rules.wishes import want_words
from core.letters import Button, Fact, Letter, page
from notifications.text import one_line


def waitlist_closed(places: Sequence[WaitlistPlace]) -> Letter:
    """The letter to the customer who waited in these places, all at one provider."""
    provider = places[0].provider
    return Letter(
        subject=f"Waitlist closed: {one_line(provider.name)}",
        template=TEMPLATE,
        tone="slate",
        badge="Waitlist closed",
        headline=f"The waitlist of {provider.first_name} is closed.",
        preheader=f"{one_line(provider.name)} takes no more appointments here.",
        lead=(
            f"{one_line(provider.name)} takes no more appointments here, so your place has ended.",
            "It does not affect your standing.",
        ),
        button=Button("Find a provider", page("search")),
        facts=tuple(Fact(one_line(place.service.name), want_words(place)) for place in places),
        contact=contact(None),
        why="You get this mail because you were on a waitlist on this site.",
    )
