"""The settings of what a person is told, and the link in a mail that turns its topic off."""

from datetime import UTC, date, datetime, time
from http import HTTPStatus
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.models import User

from . import preferences
from .boxes import LEAVES_ON, boxes_of, much_of
from .channels import Channel, channels
from .forms import USUAL_QUIET, MailPreferencesForm, value_of
from .models import MOST_LEADS, Much, Topic, UnsubscribeLink
from .preferences import ChannelTopic
from .queries import refusal_of
from .rules import TIME_TO_ACT

# What each topic means, and the part of the table it stands in.
SAID: dict[Topic, str] = {
    Topic.APPOINTMENTS: "With the entry for your calendar. Without it you could miss a change.",
    Topic.NEW_TIMES: "With the deadline, and once more 3 hours before it; and what became of it.",
    Topic.REMINDERS: "Before each confirmed appointment, at the times you choose.",
    Topic.ANSWERS: "Declined, not answered in time, or withdrawn by our team.",
    Topic.WAITLIST: "A time is kept for you, with the deadline. Without it you would have to look yourself.",
    Topic.RECEIPTS: "That your request was sent or taken back.",
    Topic.REQUESTS: "If you offer your time: a customer asks for one, with the deadline, or takes the request back.",
    Topic.CALENDAR: "If you connected one: it can’t be read until you sign in to Google again.",
    Topic.REPORT: "If you offer your time: what took place in the month, and what it brought.",
    Topic.DIGEST: "Your appointments of the next day, who will come, and what waits for you.",
}
PARTS: dict[str, tuple[Topic, ...]] = {
    "Your appointments": (Topic.APPOINTMENTS, Topic.NEW_TIMES, Topic.REMINDERS),
    "Finding a time": (Topic.WAITLIST, Topic.ANSWERS, Topic.RECEIPTS),
    "Your customers": (Topic.REQUESTS, Topic.CALENDAR, Topic.REPORT),
}
MUCH_SAID = {
    Much.ALL: "Confirmations, changes, answers, reminders, and the receipt of each request that you send or take back.",
    Much.NEEDED: "The same without receipts of the requests that you send or take back, and without monthly reports.",
    Much.ESSENTIAL: "Only what concerns your account. All the rest you find on your pages.",
    Much.OWN: "What is ticked below.",
}


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: HttpRequest) -> HttpResponse:
    me = cast(User, request.user)
    choice = preferences.choice_of(me)
    if request.method != "POST":
        return _settings_page(request, MailPreferencesForm(choice=choice))
    form = MailPreferencesForm(request.POST, choice=choice)
    if not form.is_valid():
        return _settings_page(request, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    chosen = {name: form.cleaned_data[name] for name in ("much", "off", "leads", "quiet")}
    preferences.save_choice(actor=me, **chosen)
    messages.success(request, "What you are told about is saved.")
    return redirect("settings_notifications")


@csrf_exempt  # mail programs press it without our page; whoever has the token may turn this one topic off
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """The page that asks before a topic is turned off, and the POST that does it, from the page or a mail program."""
    try:
        link = preferences.link_of(token)
    except UnsubscribeLink.DoesNotExist:
        raise Http404 from None
    topic, is_done = Topic(link.topic), request.method == "POST"
    if is_done:
        preferences.turn_off(link)
    context = {"topic": topic, "said": SAID[topic], "is_done": is_done}
    response = render(request, "notifications/unsubscribe.html", context)
    response["X-Robots-Tag"] = "noindex"
    return response


def _settings_page(request: HttpRequest, form: MailPreferencesForm, *, status: int = HTTPStatus.OK) -> HttpResponse:
    on = form.boxes_on
    shown = much_of(on)
    chosen = form.data.get("much") if form.is_bound else shown
    columns = list(channels)
    rows = [
        (name, [(topic, SAID[topic], [_cell(channel, topic, on) for channel in columns]) for topic in topics])
        for name, topics in PARTS.items()
    ]
    much = [(each, MUCH_SAID[each], each == chosen) for each in Much if each != Much.OWN or shown == Much.OWN]
    context = {
        "form": form,
        "columns": columns,
        "parts": rows,
        "much": much,
        "was": form.data.get("was") if form.is_bound else shown,
        "leads_on": form.leads_on,
        "most": MOST_LEADS,
        **_example(form),
        "refusal": refusal_of(cast(User, request.user)),
    }
    return render(request, "notifications/settings.html", context, status=status)


def _cell(channel: Channel, topic: Topic, on: frozenset[ChannelTopic]) -> dict[str, Any]:
    """A box of the table, with the choices of `Much` that tick it, for the script that does."""
    box = (channel.name, topic)
    ticked_by = " ".join(much for much in LEAVES_ON if box in boxes_of(much))
    return {"label": channel.label, "value": value_of(box), "is_on": box in on, "ticked_by": ticked_by}


def _example(form: MailPreferencesForm) -> dict[str, datetime]:
    """The times for the sentence that explains quiet hours: their end, and until when things come at once."""
    quiet = form.choice.quiet or USUAL_QUIET
    ends = datetime.combine(date(2000, 1, 1), time(quiet.until // 60, quiet.until % 60), UTC)
    return {"quiet_ends": ends, "at_once_before": ends + TIME_TO_ACT}
