"""The letters about staff's decisions on a provider's page."""

from appointments.mail.letters import contact
from core.letters import Button, Letter, Quote, Tone, page
from core.wording import moment_text
from notifications.text import many_lines
from providers.models import PageDecision

WHY = "You get this mail because it is about your page."
Decided = PageDecision.Decided
# Each with what is true from now on, and what the provider can do.
SAID: dict[PageDecision.Decided, tuple[str, Tone, str, str]] = {
    Decided.PAUSED: (
        "Your page is paused",
        "brass",
        "Nobody can book you for now. Your appointments stay as they are.",
        "You can take bookings again in your studio once what we write is dealt with.",
    ),
    Decided.HIDDEN: (
        "Your page is hidden",
        "ruby",
        "Nobody can open your page or book you. Your appointments stay as they are.",
        "Only our staff can show it again. Write to us if this looks wrong.",
    ),
    Decided.SHOWN: (
        "Your page is no longer hidden",
        "brand",
        "Others can open your page. It is paused until you take bookings again.",
        "Take bookings again in your studio when you are ready.",
    ),
}


def decided(decision: PageDecision) -> Letter:
    title, tone, lead, after = SAID[Decided(decision.decided)]
    reader = decision.provider.user
    at = moment_text(decision.at, reader.zone, year=True, twelve=reader.uses_12h_clock, spoken=True)
    return Letter(
        subject=title,
        tone=tone,
        badge=decision.get_decided_display(),
        headline=f"{title}.",
        preheader=lead,
        lead=(f"Our staff decided it on {at}. {lead}",),
        quote=Quote("Our staff wrote", many_lines(decision.reason)),
        button=Button("See your page", page("studio_profile")),
        after=(after,),
        contact=contact(None),
        why=WHY,
    )
