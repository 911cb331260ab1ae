"""Tags that lead to other pages: addresses, items of the navigation, query strings and the pager."""

from typing import Any

from django import template
from django.http import QueryDict
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from . import marks

register = template.Library()


@register.simple_tag
def url_if_exists(name: str, *args, **kwargs) -> str:
    """`{% url_if_exists "search" as address %}`: the address, empty where this release has no page of that name."""
    try:
        return reverse(name, args=args, kwargs=kwargs)
    except NoReverseMatch:
        return ""


@register.simple_tag(takes_context=True)
def nav_link(context, name: str, label: str, **options) -> SafeString:
    """`{% nav_link "search" "Find a provider" icon="search" %}`: a list item, marked if its page is the current one.

    Empty where no page has that name. Options: `icon`, `count` (of waiting things), `dot` (that count as a dot),
    `live` (an id of these, so that an answer can change them in place), `wide` (hidden on phones), `exact` (deeper
    pages do not count), `also` (the name of another page that belongs here), `bare` (without the list item), `class`,
    `query` (what follows the address).
    """
    address = url_if_exists(name)
    if not address:
        return mark_safe("")
    path = getattr(getattr(context, "request", None) or context.get("request"), "path", "")
    current = "page" if path == address else ""
    if address != "/" and not options.get("exact") and path.startswith(address):
        current = "page"
    elif options.get("also") and _belongs(path, url_if_exists(options["also"])):
        current = "true"
    waiting = _waiting(options.get("count"), options.get("dot"))
    if options.get("live"):
        waiting = format_html('<span class="live-count" id="{}">{}</span>', options["live"], waiting)
    link = format_html(
        '<a href="{}"{}{}>{}{}{}</a>',
        address + options.get("query", ""),
        format_html(' class="{}"', options["class"]) if options.get("class") else "",
        format_html(' aria-current="{}"', current) if current else "",
        marks.icon(options["icon"]) if options.get("icon") else "",
        label,
        waiting,
    )
    if options.get("bare"):
        return link
    return format_html("<li{}>{}</li>", mark_safe(' class="wide"') if options.get("wide") else "", link)


def _belongs(path: str, address: str) -> bool:
    """Whether a page is the one at this address, or a deeper one; below `/` nothing counts as deeper."""
    return path == address or (len(address) > 1 and path.startswith(address))


def _waiting(count: int | None, dot: int | None) -> SafeString:
    if count:
        return format_html('<span class="count">{}<span class="visually-hidden"> waiting</span></span>', count)
    if dot:
        return format_html('<span class="dot"><span class="visually-hidden">, {} waiting</span></span>', dot)
    return mark_safe("")


@register.simple_tag
def waiting_now(live: str, *, count: int | None = None, dot: int | None = None) -> SafeString:
    """The count or dot of a `nav_link`, for an answer that changes it in place."""
    return format_html('<span class="live-count" id="{}" hx-swap-oob="true">{}</span>', live, _waiting(count, dot))


@register.simple_tag(takes_context=True)
def url_with(context, **changes) -> str:
    """`{% url_with page=2 tab=None %}`: this page's query string with these changes; None or "" removes a value."""
    request = getattr(context, "request", None) or context.get("request")
    return _query_with(request.GET.copy(), changes) or request.path


def _query_with(query: QueryDict, changes: dict[str, Any]) -> str:
    for key, value in changes.items():
        if value is None or value == "":
            query.pop(key, None)
        elif isinstance(value, (list, tuple)):
            query.setlist(key, [str(each) for each in value])
        else:
            query[key] = str(value)
    encoded = query.urlencode()
    return f"?{encoded}" if encoded else ""


@register.simple_tag(takes_context=True)
def pager(context, page, what: str = "results", param: str = "page", here: str = "") -> SafeString:
    """`{% pager page_obj what="appointments" %}`: the part shown, the total, and Previous and Next keeping the query.

    `here` is the address of the list, for a list that is part of the answer at another address, such as that of a POST.
    """

    def turned(number: int | None) -> str:
        if not here:
            return url_with(context, **{param: number})
        path, _, query = here.partition("?")
        return path + _query_with(QueryDict(query, mutable=True), {param: number})

    return mark_safe(
        render_to_string(
            "components/pager.html",
            {
                "page": page,
                "what": what,
                "previous": turned(_page_number(page.previous_page_number())) if page.has_previous() else "",
                "next": turned(page.next_page_number()) if page.has_next() else "",
            },
        )
    )


def _page_number(number: int) -> int | None:
    return number if number > 1 else None
