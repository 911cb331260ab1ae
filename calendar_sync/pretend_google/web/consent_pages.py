"""The pages on which a person says who they are, and what a client may do for them."""

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

from calendar_sync.pretend_google import scopes
from calendar_sync.pretend_google.accounts import Account
from calendar_sync.pretend_google.consent import Asking
from calendar_sync.pretend_google.google import Google

from .markup import button, choice, hidden, join, page, tag
from .messages import Answer, Request
from .pages import redirect, shown

# Google calls it time-based access; its token answer then says when the refresh token ends.
LASTS = {"": "Until I remove it", "7": "For 7 days", "30": "For 30 days"}
LASTING = {days: timedelta(days=int(days)) for days in LASTS if days}


def ask(google: Google, request: Request) -> Answer:
    """First the accounts to choose from, then the boxes; each is passed over where there is nothing to choose."""
    values = dict(parse_qsl(request.query_text, keep_blank_values=True))
    asking = google.consents.asking(values)
    account = google.accounts.find(asking.login_hint) if asking.login_hint else None
    if "none" in asking.prompt:
        if account and not google.consents.needs_asking(asking, account):
            return redirect(google.consents.allow(asking, account, frozenset()))
        return redirect(google.consents.deny(asking, "interaction_required"))
    if not account or "select_account" in asking.prompt:
        return _choose(google, request.query_text, asking)
    return _consent(request.query_text, asking, account)


def answer(google: Google, request: Request) -> Answer:
    """A press on one of the two pages; what was asked for comes along in the form."""
    asked = request.form.get("asked", "")
    asking = google.consents.asking(dict(parse_qsl(asked, keep_blank_values=True)))
    if request.form.get("press") == "cancel":
        return redirect(google.consents.deny(asking))
    account = google.accounts.get(request.form.get("account", ""))
    if request.form.get("press") != "allow" and google.consents.needs_asking(asking, account):
        return _consent(asked, asking, account)
    ticked = frozenset(request.form_lists.get("scope", []))
    lasts = LASTING.get(request.form.get("lasts", ""))
    return redirect(google.consents.allow(asking, account, ticked, lasts=lasts))


def _choose(google: Google, asked: str, asking: Asking) -> Answer:
    rows = (
        button(
            join([tag("span", account.name), tag("small", account.email)]),
            kind="plain account",
            name="account",
            value=account.email,
        )
        for account in google.accounts
    )
    return _form(
        "Choose an account",
        asking,
        tag("p", f"to go on to {asking.client.name}"),
        hidden(asked=asked),
        *rows,
        tag("p", button("Cancel", kind="plain", name="press", value="cancel")),
    )


def _consent(asked: str, asking: Asking, account: Account) -> Answer:
    boxes = [
        tag(
            "label",
            tag("input", type="checkbox", name="scope", value=scope, checked=True),
            tag("span", scopes.words(scope)),
            class_="box",
        )
        for scope in asking.can_be_left_out
    ]
    what = "Choose what it may do:" if boxes else "It is told your name and your email address."
    return _form(
        f"{asking.client.name} wants access to your Google Account",
        asking,
        tag("p", account.email),
        hidden(asked=asked, account=account.email),
        tag("p", what),
        *boxes,
        choice("For how long", "lasts", LASTS.items()) if asking.offline and boxes else "",
        tag(
            "p",
            button("Allow", name="press", value="allow"),
            button("Cancel", kind="plain", name="press", value="cancel"),
            class_="row buttons",
        ),
    )


def _form(title: str, asking: Asking, *inside: object) -> Answer:
    back = urlsplit(asking.redirect_uri)
    # The answer leads to the client, where browsers follow a form only if its page says so.
    allowed = f"'self' {back.scheme}://{back.netloc}"
    form = tag("form", *inside, method="post", action="/o/oauth2/v2/auth", class_="card")
    return shown(page(title, tag("h1", title), form), form_action=allowed)
