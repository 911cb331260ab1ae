"""The settings of mails, and the link in a mail that turns its topic off."""

from http import HTTPStatus
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.models import User

from . import preferences
from .forms import LEAVES_ON, MailPreferencesForm, Much, much_of
from .models import MOST_LEADS, Topic, UnsubscribeLink
from .queries import refusal_of

# What each topic means, and the part of the table it stands in.
SAID: dict[Topic, str] = {
    Topic.APPOINTMENTS: "With the entry for your calendar. Without it you could miss a change.",
    Topic.NEW_TIMES: "With the deadline, and once more 3 hours before it; and what became of it.",
    Topic.REMINDERS: "At the lead times below.",
    Topic.ANSWERS: "Declined, or not answered in time.",
    Topic.RECEIPTS: "That your request was sent.",
    Topic.REQUESTS: "If you offer your time: a customer asks for one, with the deadline, or takes the request back.",
}
PARTS: dict[str, tuple[Topic, ...]] = {
    "Your appointments": (Topic.APPOINTMENTS, Topic.NEW_TIMES, Topic.REMINDERS),
    "Finding a time": (Topic.ANSWERS, Topic.RECEIPTS),
    "Your customers": (Topic.REQUESTS,),
}
MUCH_SAID = {
    Much.ALL: "Confirmations, changes, answers, reminders, and receipts of what you did yourself.",
    Much.NEEDED: "The same without receipts of what you did yourself.",
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
    preferences.save_choice(actor=me, off=form.cleaned_data["off"], leads=form.cleaned_data["leads"])
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
    on = form.topics_on
    shown = much_of(on)
    chosen = form.data.get("much") if form.is_bound else shown
    rows = [
        (name, [(topic, SAID[topic], topic in on, _boxes_of(topic)) for topic in topics])
        for name, topics in PARTS.items()
    ]
    much = [(each, MUCH_SAID[each], each == chosen) for each in Much if each != Much.OWN or shown == Much.OWN]
    context = {
        "form": form,
        "parts": rows,
        "much": much,
        "was": form.data.get("was") if form.is_bound else shown,
        "leads_on": form.leads_on,
        "most": MOST_LEADS,
        "refusal": refusal_of(cast(User, request.user)),
    }
    return render(request, "notifications/settings.html", context, status=status)


def _boxes_of(topic: Topic) -> str:
    """The choices of `Much` that tick the topic's box, for the script that ticks them."""
    return " ".join(much for much, on in LEAVES_ON.items() if topic in on)
