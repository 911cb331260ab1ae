"""Services that delete what nobody needs any more; the scheduled jobs call them."""

from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.db.models import ProtectedError

from accounts.models import Session, User
from outbox import services as outbox

from .addresses import discard_unconfirmed_account

# How long an account that nobody confirmed or used stays.
UNCONFIRMED_LASTS = timedelta(days=30)
# How long the admin's log of what staff did is kept, and how many entries go at once.
ADMIN_LOG_KEPT = timedelta(days=settings.ADMIN_LOG_DAYS)
BATCH = 1000


def purge(*, now: datetime) -> None:
    """Delete sessions past their end, and accounts that nobody confirmed or used for `UNCONFIRMED_LASTS`."""
    Session.objects.filter(expire_date__lt=now).delete()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
    stale = User.objects.filter(
        email_confirmed_at=None,
        last_login=None,
        joined_at__lt=now - UNCONFIRMED_LASTS,
        leaves_at=None,  # an erased account has no address and no sign-in either
    )
    for number, email in stale.values_list("pk", "email"):
        if email is None:
            _discard_unused_account(number)
        else:
            discard_unconfirmed_account(email=email)


def _discard_unused_account(number: int) -> None:
    """Remove this one account without an address, unless a program used it or gave it an address meanwhile."""
    with transaction.atomic():
        unused = User.objects.select_for_update(of=("self",)).filter(pk=number, email=None, last_login=None).first()
        if unused is None:
            return
        try:
            unused.delete()
        except ProtectedError:  # staff gave it something to do
            return


def forget_admin_log(*, now: datetime) -> int:
    """Delete old entries of the admin's log, some at a time; returns their number.

    The log has no index by time, so it is read from its beginning: its entries are written in the order of time.
    """
    old, gone = LogEntry.objects.filter(action_time__lt=now - ADMIN_LOG_KEPT).order_by("pk"), 0
    while keys := list(old.values_list("pk", flat=True)[:BATCH]):
        gone += LogEntry.objects.filter(pk__in=keys).delete()[0]
        outbox.renew_lease()
    return gone
