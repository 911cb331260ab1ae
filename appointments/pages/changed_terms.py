"""What changed in the terms of a booking since its form was shown, in words."""

from appointments.services.booking import Terms
from core.money import format_money
from core.wording import duration_text
from providers.models import Service
from providers.wording import cancelling_sentence, place_text


def changes_in_words(seen: Terms, now: Terms, service: Service, *, venue: str = "") -> list[str]:
    """A sentence for each term that differs from the terms the person saw."""
    changes = []
    if (seen.price, seen.currency) != (now.price, now.currency):
        price = format_money(now.price, now.currency)
        changes.append(f"The price is now {price}." if now.price else "It is now free.")
    if seen.minutes != now.minutes:
        changes.append(f"It now takes {duration_text(now.minutes)} instead of {duration_text(seen.minutes)}.")
    if seen.confirms_at_once != now.confirms_at_once:
        name = service.provider.first_name
        changes.append(
            "It is now confirmed straight away." if now.confirms_at_once else f"{name} now answers each request."
        )
    if seen.cutoff_minutes != now.cutoff_minutes:
        rule = cancelling_sentence(service.provider.policy).text
        changes.append(f"It is now {rule[0].lower()}{rule[1:]}")
    if venue and venue not in service.venues:
        changes.append(f"It now takes place {place_text(service.provider, service.venues)}.")
    return changes
