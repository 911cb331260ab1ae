"""How long a sign-in to Google lasts, and what its end says of itself."""

from datetime import datetime, timedelta

# How long before the end that Google told the owner is reminded of it.
REMINDED_BEFORE = timedelta(days=3)
# Google ends the sign-ins of an app whose consent screen is set to "Testing" after seven days
# (https://developers.google.com/identity/protocols/oauth2#expiration); that is noticed with the next access token.
TESTING_ENDS, NOTICED_BY = timedelta(days=7), timedelta(days=8)
A_MOMENT = timedelta(minutes=5)
TESTING_WORDS = (
    "Google ends sign-ins after seven days while this site’s app there is set to “Testing”. Whoever runs this site can "
    "publish the app, and then they last."
)


def reminder_at(until: datetime | None, *, now: datetime) -> datetime | None:
    """When the owner is reminded that a sign-in ends; None where nobody said so, or where it ends sooner than that."""
    at = until - REMINDED_BEFORE if until else None
    return at if at and at > now else None


def ends_soon(until: datetime | None, *, now: datetime) -> bool:
    """Whether a sign-in that has not ended yet is about to."""
    return until is not None and now < until <= now + REMINDED_BEFORE


def ended_by_testing(signed_in_at: datetime, ended_at: datetime) -> bool:
    """Whether a sign-in lasted as long as one does while the app at Google is set to "Testing"."""
    return TESTING_ENDS - A_MOMENT <= ended_at - signed_in_at <= NOTICED_BY
