"""Paging of lists, twenty rows to a page."""

from collections.abc import Callable
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, QuerySet, Window

PER_PAGE = 20


def page_of(rows: QuerySet, number: str | None, *, count: int | None = None) -> Page:
    """One page of rows with their total; an invalid `number` gives the first page, one out of range the last.

    One query, for rows and count together. Two more where `number` lies beyond the last page.
    """
    if count is None:
        counted = rows.annotate(in_all=Window(Count("pk")))
        return counted_page(lambda first, last: list(counted[first:last]), lambda: rows, number)
    paginator = Paginator(rows, PER_PAGE)
    paginator.count = count
    return paginator.get_page(number)


def counted_page(fetch: Callable[[int, int], list[Any]], rows: Callable[[], QuerySet], number: str | None) -> Page:
    """The page that `page_of` would give, with its rows from `fetch`, each with the number of all as `in_all`.

    `rows` makes the queryset of all of them, which only a page beyond the last one needs.
    """
    number = number or "1"
    wanted = int(number) if number.isdecimal() and len(number) < 8 else 1
    first = max(wanted - 1, 0) * PER_PAGE
    found = fetch(first, first + PER_PAGE) if wanted else []
    if found or wanted == 1:
        count = found[0].in_all if found else 0
        return Page(found, wanted, Paginator(range(count), PER_PAGE))
    everything = rows()
    return page_of(everything, number, count=everything.count())
