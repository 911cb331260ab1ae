"""Operations on one's own page and its rules of booking."""

from typing import Any

from api.calls import Call
from api.errors import FieldError, Problem
from api.operations import own
from providers import edit_stamps, queries, services
from providers.models import BookingPolicy, Category, Provider, Venue


def read_page(call: Call) -> Provider:
    """Read one's own page, with what it lacks to go live."""
    page = own.provider(call)
    page.away = queries.public_word_of(page, now=call.now)  # type: ignore[attr-defined]
    page.missing = [] if page.is_live else queries.missing_for_live(page)  # type: ignore[attr-defined]
    return page


def become_provider(call: Call, **said: Any) -> Provider:
    """Begin one's own page as a draft, which nobody else sees. The same again answers with the draft."""
    with own.by_name():
        services.start_page(actor=call.person, values=_values(said))
    return read_page(call)


def began_before(call: Call, made: str) -> Provider:
    """The page that this request began before, as it is now."""
    return read_page(call)


def change_page(call: Call, **said: Any) -> Provider:
    """Change what one's own page says; what is left out stays."""
    page, seen = own.provider(call), call.seen
    with own.by_name():
        services.save_profile(
            provider=page, actor=call.person, values=_values(said), seen=edit_stamps.of_profile(seen) if seen else None
        )
    return read_page(call)


def go_live(call: Call) -> Provider:
    """Let customers find and book one's page from now on; live already, nothing happens."""
    services.go_live(provider=own.provider(call), actor=call.person, seen=_seen(call))
    return read_page(call)


def pause(call: Call) -> Provider:
    """Take no more bookings. Appointments and requests stay; paused already, nothing happens."""
    services.pause_page(provider=own.provider(call), actor=call.person, seen=_seen(call))
    return read_page(call)


def read_policy(call: Call) -> BookingPolicy:
    """Read one's own rules of booking."""
    return own.provider(call).policy


def change_policy(call: Call, **said: Any) -> BookingPolicy:
    """Change one's own rules of booking; what is left out stays. They hold for what is booked from now on."""
    page, seen = own.provider(call), call.seen
    with own.by_name():
        return services.save_policy(
            provider=page, actor=call.person, values=said, seen=edit_stamps.of_policy(seen) if seen else None
        )


def _seen(call: Call) -> str | None:
    return edit_stamps.of_page(call.seen) if call.seen else None


def _values(said: dict[str, Any]) -> dict[str, Any]:
    """The profile's fields as its service takes them. Raises Problem `invalid` for a category that is none."""
    values = dict(said)
    if "category" in values:
        category = Category.objects.filter(slug=values.pop("category")).first()
        if category is None:
            sentence = "Choose a category from /api/categories/."
            raise Problem("invalid", sentence, errors=[FieldError("category", "unknown", sentence)])
        values["category_id"] = category.pk
    if "venues" in values:
        venues = values.pop("venues")
        values |= {"is_online": Venue.ONLINE in venues, "is_in_person": Venue.IN_PERSON in venues}
    return values
