"""What all pages share, and the first of them."""

from pathlib import Path
from urllib.parse import quote

from calendar_sync.pretend_google.accounts import Account
from calendar_sync.pretend_google.google import Google
from calendar_sync.pretend_google.refusals import OAuthRefusal, Refusal

from .markup import Html, page, tag
from .messages import Answer, Request

STYLE = Path(__file__).with_name("style.css").read_bytes()


def shown(html: Html, *, status: int = 200, form_action: str = "'self'") -> Answer:
    policy = f"default-src 'none'; style-src 'self'; form-action {form_action}; base-uri 'none'; frame-ancestors 'none'"
    headers = {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return Answer(html.encode(), status, "text/html; charset=utf-8", headers)


def redirect(address: str) -> Answer:
    return Answer(status=303, headers={"Location": address, "Cache-Control": "no-store"}, content_type="text/plain")


def refused(refusal: Refusal | OAuthRefusal) -> Answer:
    name = refusal.error if isinstance(refusal, OAuthRefusal) else refusal.reason
    said = refusal.description if isinstance(refusal, OAuthRefusal) else refusal.message
    inside = tag("p", said, class_="alert"), tag("p", f"Error {refusal.status}: {name}", class_="quiet")
    return shown(page("Access blocked", tag("h1", "Access blocked"), *inside), status=refusal.status)


def style(google: Google, request: Request) -> Answer:
    return Answer(STYLE, content_type="text/css; charset=utf-8", headers={"Cache-Control": "no-cache"})


def diary_of(account: Account) -> str:
    return f"/calendar/{quote(account.email, safe='@')}"


def home(google: Google, request: Request) -> Answer:
    rows = (
        tag("li", tag("a", account.name, href=diary_of(account)), " ", tag("span", account.email, class_="quiet"))
        for account in google.accounts
    )
    return shown(
        page(
            "Calendars",
            tag("h1", "Calendars"),
            tag("p", "Make somebody busy here, and see their openings change on the site they are connected to."),
            tag("ul", *rows, class_="card entries"),
        )
    )
