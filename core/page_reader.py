"""The person a template is drawn for, and the zone and clock its times are written in."""

from django.conf import settings


def reader_of(context):
    """The signed-in user of the page's request, or None."""
    user = getattr(getattr(context, "request", None) or context.get("request"), "user", None)
    return user if user is not None and user.is_authenticated else None


def zone_for(context, zone=None):
    """The zone of a tag: its own argument, else `zone` in the context, else the signed-in user's, else the site's."""
    if zone:
        return zone
    user = reader_of(context)
    return context.get("zone") or (user.time_zone if user else settings.TIME_ZONE)


def uses_12h_clock(context) -> bool:
    """Whether times are written with am and pm: `twelve_hour` in the context, else the signed-in user's setting."""
    if "twelve_hour" in context:
        return bool(context["twelve_hour"])
    user = reader_of(context)
    return bool(user and user.uses_12h_clock)
