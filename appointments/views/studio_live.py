"""Answers for studio pages that stay open: the whole page, its list after a POST, or only the news since then."""

from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django_htmx.http import reselect, reswap, retarget, trigger_client_event

from appointments.models import Appointment
from appointments.pages.labels import state_label
from appointments.pages.studio.news import Seen, digest
from appointments.pages.studio.requests import RequestRow, cards_of, waiting_words
from appointments.queries.requests import asked_of
from appointments.states import Role
from core import clock
from core.http import Request
from providers.models import Provider

IN_PLACE = "appointments/studio/_live.html"
# The ids of the elements that send htmx requests, as the templates name them.
LIST, POLL = "requests", "poll"
CARD = ".weighcard"


@dataclass(slots=True)
class Page:
    """A page that stays open. `address` has its query; `facts` are compared to find news; `rows` have buttons."""

    template: str
    address: str
    provider: Provider
    rows: list[RequestRow]
    count: int
    facts: tuple[object, ...]
    context: dict[str, Any] = field(default_factory=dict)

    @property
    def references(self) -> tuple[str, ...]:
        return tuple(row.appointment.reference for row in self.rows)

    @property
    def seen(self) -> Seen:
        facts = (self.provider.time_zone, self.count, self.references, self.facts)
        soon: RequestRow | None = self.context.get("soon")
        urgent = soon.appointment.reference if soon else ""
        return Seen(digest(clock.now(), *facts), self.count, self.references, urgent)


def asked_by(request: HttpRequest) -> str:
    """The id of the element that htmx swaps, or "" for a request of the whole page."""
    return (cast(Request, request).htmx.target or "") if cast(Request, request).htmx else ""


def show(
    request: HttpRequest,
    page: Page,
    *,
    refused: list[str] | None = None,
    done: str = "",
    after: Appointment | None = None,
) -> HttpResponse:
    """The page as it is now; 409 with the sentences of `refused`. `done` says what a POST did, to `after`."""
    status = HTTPStatus.CONFLICT if refused else HTTPStatus.OK
    ticked = set(request.POST.getlist("request") or request.GET.getlist("request"))
    context = {**page.context, "here": page.address, "rows": page.rows, "seen": page.seen, "ticked": ticked}
    alone = [card for card in cards_of(page.rows) if len(card) == 1]
    context |= {"many": len(alone) > 1, "refused": refused, "done": done}
    asked = asked_by(request)
    if asked == POLL:
        answer = _news(request, page, context)
    elif asked == LIST:
        seen = Seen.read(request.GET.get("seen", ""))
        context |= {"with_list": True, "focus": "" if refused else _next(page, after, seen)}
        if not refused:
            context["announce"] = f"{done} {waiting_words(page.count)}".strip()
        answer = render(request, IN_PLACE, context, status=status)
        if done and not refused:
            trigger_client_event(answer, "toast", {"value": done})
    else:
        answer = render(request, page.template, context, status=status)
    patch_vary_headers(answer, ["HX-Request", "HX-Target"])
    return answer


def _next(page: Page, after: Appointment | None, seen: Seen) -> str:
    """The reference of the request to focus: the one after the answered one, or the first new one; "" if none."""
    wanted = [row for row in page.rows if row.appointment.reference not in seen.references]
    if after is not None:
        wanted = [row for row in page.rows if _order(row.appointment) > _order(after)]
    return next((row.appointment.reference for row in [*wanted, *page.rows]), "")


def _order(one: Appointment) -> tuple[Any, ...]:
    return one.answer_by, one.start, one.pk


def _news(request: HttpRequest, page: Page, context: dict[str, Any]) -> HttpResponse:
    """The changes since the page was drawn, or 204 if there are none. One query more where a row ended.

    Rows keep their places, so that none moves under a finger: an ended one loses its buttons, and new ones are only
    counted until the reader asks for them.
    """
    now, seen, fresh = clock.now(), Seen.read(request.GET.get("seen", "")), page.seen
    if seen.digest == fresh.digest:
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    missing = [reference for reference in seen.references if reference not in page.references]
    ended = [one for one in asked_of(page.provider, missing) if not one.is_request or one.is_unanswered(now)]
    gone = {one.reference for one in ended}
    standing = tuple(reference for reference in seen.references if reference not in gone)
    more = [reference for reference in page.references if reference not in standing]
    # A warning that the page shows is updated in place; a new one is never added, as it would move the rows below.
    soon = next((row for row in page.rows if row.appointment.reference == seen.urgent), None)
    urgent = seen.urgent if soon else ""
    context |= {"soon": soon, "warned": bool(seen.urgent)}
    if more and not standing:
        context |= {"with_list": True, "by_itself": True, "focus": "stays", "seen": replace(fresh, urgent=urgent)}
    else:
        context |= {
            "seen": replace(fresh, references=standing, urgent=urgent),
            "ended": [(one, state_label(one, Role.PROVIDER, now=now)) for one in ended],
            "more": len(more),
        }
    if seen.count != page.count:
        context["announce"] = waiting_words(page.count)
    return render(request, IN_PLACE, context)


def in_dialog(request: HttpRequest, page: HttpResponse) -> HttpResponse:
    """Only the card of a page that asks first where htmx sent its form from a dialog; else the page itself."""
    if asked_by(request) != LIST:
        return page
    return reselect(reswap(retarget(page, f"dialog {CARD}"), "outerHTML"), CARD)
