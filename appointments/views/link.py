"""Pages of one appointment behind a signed link from a mail, without signing in.

A GET changes nothing, because programs that scan mails open links, too: every act is a POST from a page that asks
first. The link's own reader, if signed in, is redirected to their usual page.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial, wraps
from http import HTTPStatus
from operator import attrgetter
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.limits import limited
from appointments import links
from appointments.exceptions import ChangedSince, CountsForMore, MoveRefused, PolicyRefused
from appointments.forms.reasons import CancelForm, ReasonForm, ShownForm
from appointments.links import Link
from appointments.models import AppointmentEvent
from appointments.pages.offers import other_times_words
from appointments.pages.standing import Standing, standing_of
from appointments.queries.history import history_of
from appointments.queries.join_links import missing_link
from appointments.queries.offers import offers_instead_of
from appointments.rules.moves import check_move
from appointments.services import transitions
from appointments.states import Role, Verb
from core import clock
from core.exceptions import DomainError
from core.wording import moment_text, zone_text

from .answering import answer_time, withdraw_time
from .cancelling import to_the_suspended, told_apart, weigh
from .coming import ask_whether_they_come
from .doors import Door, links_door
from .files import calendar_entry
from .new_time import choose_time
from .offered import take_one

View = Callable[..., HttpResponse]
OWN_PAGES = {Role.CUSTOMER: "my_appointment", Role.PROVIDER: "studio_appointment"}
# The customer's pages that ask what the buttons of a reminder ask.
SAME_PAGES = {"link_come": "say_coming", "link_reschedule": "reschedule_appointment"}


@dataclass(frozen=True, slots=True)
class Act:
    """An act of a link, with the words of its button, its question, while it is saved, and afterwards."""

    verb: Verb
    service: Callable[..., transitions.Outcome]
    button: str
    question: str
    saving: str
    done: str
    kind: str = "danger"

    @property
    def is_weighed(self) -> bool:
        """Whether the act may count for the person who does it."""
        return self.verb is Verb.CANCEL

    def form(self, data: QueryDict | None = None) -> forms.Form:
        """The form of the act, whose cleaned data are the arguments of the service."""
        return {Verb.ACCEPT: ShownForm, Verb.CANCEL: CancelForm}.get(self.verb, ReasonForm)(data)


ACTS = {
    act.verb: act
    for act in (
        Act(
            Verb.ACCEPT,
            transitions.accept_request,
            "Accept request",
            "Accept this request?",
            "Accepting…",
            "The request is accepted.",
            kind="primary",
        ),
        Act(
            Verb.DECLINE,
            transitions.decline_request,
            "Decline request",
            "Decline this request?",
            "Declining…",
            "The request is declined.",
        ),
        Act(
            Verb.WITHDRAW,
            transitions.withdraw_request,
            "Withdraw request",
            "Withdraw this request?",
            "Withdrawing…",
            "The request is withdrawn.",
        ),
        Act(
            Verb.CANCEL,
            transitions.cancel_appointment,
            "Cancel appointment",
            "Cancel this appointment?",
            "Cancelling…",
            "It is cancelled.",
        ),
    )
}


def with_link(view: View) -> View:
    """Decorates a view with the opened link as its argument.

    404 for an invalid link, 410 for one that has ended, 403 while its reader is suspended.
    """

    @never_cache
    @wraps(view)
    def run(request: HttpRequest, token: str, **kwargs: Any) -> HttpResponse:
        try:
            link = links.open_link(token)
        except links.LinkPaused:
            return _paused(request)
        except links.NoSuchLink:
            raise Http404 from None
        if clock.now() >= link.ends_at:
            answer = _ended(request, link) if request.method != "POST" else redirect("link", token)
        elif request.user == link.reader and request.method != "POST":
            _tell_of_move(request, link)
            answer = redirect(_own_page(request, link), reference=link.appointment.reference)
        else:
            answer = view(request, link, **kwargs)
        answer["X-Robots-Tag"] = "noindex"
        return answer

    return run


def _own_page(request: HttpRequest, link: Link) -> str:
    """The name of the page of the reader, who is signed in, for the one that they opened."""
    match = request.resolver_match
    opened = match.url_name if match and link.is_of_customer else None
    if match and opened == "link_act" and match.kwargs["verb"] == Verb.CANCEL:
        return "cancel_appointment"
    return SAME_PAGES.get(opened or "", OWN_PAGES[link.side])


def _tell_of_move(request: HttpRequest, link: Link) -> None:
    """Leave a message for the page that the link leads to, where its mail told another time."""
    if link.moved_from and request.method == "GET":
        zone = _standing(link).zones.first
        was, now = (
            moment_text(start, zone, twelve=link.reader.uses_12h_clock)
            for start in (link.moved_from, link.appointment.start)
        )
        messages.info(request, f"This appointment was moved from {was} to {now}, {zone_text(zone)}.")


@require_safe
@with_link
def show(request: HttpRequest, link: Link) -> HttpResponse:
    """The present state of the appointment, with the acts that its reader may do."""
    return _show(request, link)


@require_safe
@with_link
def calendar(request: HttpRequest, link: Link) -> HttpResponse:
    """The calendar file; 404 for an appointment that was never agreed."""
    return calendar_entry(link.appointment, link.reader)


@require_http_methods(["GET", "HEAD", "POST"])
@with_link
def act(request: HttpRequest, link: Link, verb: str) -> HttpResponse:
    """Ask for confirmation, or do the act. The rules at the time of the POST decide, not those shown."""
    wanted = next((each for each in ACTS.values() if each.verb.value == verb), None)
    if wanted is None:
        raise Http404
    if request.method != "POST":
        return _ask(request, link, wanted)
    form = wanted.form(request.POST)
    if not form.is_valid():
        return _ask(request, link, wanted, form)
    try:
        outcome = wanted.service(appointment=link.appointment, actor=link.reader, role=link.side, **form.cleaned_data)
    except (ChangedSince, CountsForMore) as refusal:
        return _ask(request, links.open_link(link.token), wanted, form, refusal=refusal)
    except (MoveRefused, PolicyRefused) as refusal:
        return _show(request, links.open_link(link.token), refusal=str(refusal))
    if outcome.banned:
        return to_the_suspended(request, link.reader, link=link.token)
    if outcome.changed:
        messages.success(request, f"{wanted.done} We email you and {link.other_first_name}.")
    else:
        messages.info(request, "That was already done. Nothing changed.")
    return redirect("link", link.token)


@require_http_methods(["GET", "HEAD", "POST"])
@limited("openings", methods=("GET",))
@with_link
@limited("change_time", person=attrgetter("reader"))
def reschedule(request: HttpRequest, link: Link) -> HttpResponse:
    """Choose another time."""
    return choose_time(request, partial(_door, link.token))


@require_http_methods(["GET", "HEAD", "POST"])
@with_link
def answer(request: HttpRequest, link: Link) -> HttpResponse:
    """Answer the other side's proposal of another time."""
    return answer_time(request, partial(_door, link.token))


@require_http_methods(["GET", "HEAD", "POST"])
@limited("book")
@with_link
def offered(request: HttpRequest, link: Link) -> HttpResponse:
    """Take one of the times that are offered instead of the appointment."""
    return take_one(request, partial(_door, link.token))


@require_http_methods(["GET", "HEAD", "POST"])
@with_link
def come(request: HttpRequest, link: Link) -> HttpResponse:
    """Say that one will come."""
    return ask_whether_they_come(request, partial(_door, link.token))


@require_POST
@with_link
def withdraw(request: HttpRequest, link: Link) -> HttpResponse:
    """Take back one's own proposal of another time."""
    return withdraw_time(request, partial(_door, link.token))


def _door(token: str) -> Door:
    return links_door(links.open_link(token))


@require_POST
@limited("new_link")
@never_cache
def send_new(request: HttpRequest, token: str) -> HttpResponse:
    """Mail a new link to the address to which the ended one was sent."""
    try:
        link = links.open_link(token)
    except links.LinkPaused:
        return _paused(request)
    except links.NoSuchLink:
        raise Http404 from None
    if clock.now() >= link.ends_at:
        links.send_new_link(link, now=clock.now())
        messages.success(request, "A new link is on its way to the address that this one was sent to.")
    return redirect("link", token)


def _show(request: HttpRequest, link: Link, *, refusal: str = "") -> HttpResponse:
    standing = _standing(link, history_of(link.appointment))
    found = offers_instead_of(link.appointment) if link.is_of_customer else []
    offers = [each for each in found if each.is_live(standing.now)]
    context = {
        **_context(link, standing),
        "link_follows": missing_link(link.appointment, now=standing.now).is_coming,
        "offered": offers,
        "offered_words": other_times_words(len(offers)),
        "acts": [act for verb, act in ACTS.items() if verb in standing.moves],
        "refusal": refusal,
    }
    status = HTTPStatus.CONFLICT if refusal else HTTPStatus.OK
    return render(request, "appointments/link/page.html", context, status=status)


def _ask(
    request: HttpRequest, link: Link, act: Act, form: forms.Form | None = None, *, refusal: DomainError | None = None
) -> HttpResponse:
    """The page that asks first, with what the act counts as now and what was typed."""
    try:
        check_move(link.appointment, act.verb, role=link.side, policy=link.appointment.provider.policy, now=clock.now())
    except (MoveRefused, PolicyRefused) as over:
        # The act is over or not allowed any more: redirect to the present state.
        messages.info(request, str(over))
        return redirect("link", link.token)
    standing = _standing(link)
    context = {
        **_context(link, standing),
        "act": act,
        "form": form or act.form(),
        "weighed": weigh(standing, link.reader) if act.is_weighed else None,
        **told_apart(refusal),
    }
    status = HTTPStatus.CONFLICT if refusal else HTTPStatus.UNPROCESSABLE_ENTITY if form else HTTPStatus.OK
    return render(request, "appointments/link/act.html", context, status=status)


def _paused(request: HttpRequest) -> HttpResponse:
    """The answer for a suspended reader. It says nothing of the suspension, since mails are forwarded."""
    response = render(request, "appointments/link/paused.html", status=HTTPStatus.FORBIDDEN)
    response["X-Robots-Tag"] = "noindex"
    return response


def _ended(request: HttpRequest, link: Link) -> HttpResponse:
    return render(request, "appointments/link/ended.html", _context(link, _standing(link)), status=HTTPStatus.GONE)


def _standing(link: Link, history: Sequence[AppointmentEvent] = ()) -> Standing:
    return standing_of(link.appointment, link.side, reader=link.zone, now=clock.now(), history=history)


def _context(link: Link, standing: Standing) -> dict[str, Any]:
    """The context of every page of a link. No query."""
    appointment = link.appointment
    return {
        "link": link,
        "standing": standing,
        "appointment": appointment,
        "provider": appointment.provider,
        "customer": appointment.customer,
        "service": appointment.service,
        "zone": standing.zones.first.key,
        "twelve_hour": link.reader.uses_12h_clock,
        "now": standing.now,
    }
