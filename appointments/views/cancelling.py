"""Parts of every view by which a person cancels: weighing what it counts as, and where it leaves whom it bans."""

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect

from accounts.models import User
from appointments.exceptions import ChangedSince
from appointments.pages.consequences import Weighed, weighed
from appointments.pages.standing import Standing
from appointments.rules.fair_use import Ending
from appointments.services import fair_use
from core.exceptions import DomainError


def weigh(standing: Standing, actor: User) -> Weighed | None:
    """What cancelling now counts as for `actor`, the viewer of `standing`; None where they can't cancel.

    One query, and one more where it would ban.
    """
    if not standing.terms.allowed:
        return None
    appointment, now = standing.appointment, standing.now
    counts = fair_use.consequence_for(actor.pk, [appointment.start], now=now)
    ending = fair_use.what_a_ban_ends(actor, besides=[appointment], now=now) if counts.bans else Ending()
    return weighed(appointment, standing.terms, counts, ending, reader=standing.zones.first, now=now)


def told_apart(refusal: DomainError | None) -> dict[str, bool]:
    """What a page says that comes back instead of cancelling: that cancelling got worse, or the appointment another."""
    return {"got_worse": refusal is not None, "has_changed": isinstance(refusal, ChangedSince)}


def to_the_suspended(request: HttpRequest, person: User, *, link: str = "") -> HttpResponseRedirect:
    """Redirect the person, whom the act has banned, to the page that says so.

    Their session has ended with it, so what this request knows of it is dropped: no message could be kept in it.
    Somebody else who is signed in where `link` was opened stays signed in, and reads there that it works no more.
    """
    if request.user == person:
        logout(request)
    elif link and request.user.is_authenticated:
        return redirect("link", link)
    return redirect("suspended")
