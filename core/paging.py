"""Paging of lists, twenty rows to a page."""

from django.core.paginator import Page, Paginator
from django.db.models import Count, QuerySet, Window

PER_PAGE = 20


def page_of(rows: QuerySet, number: str | None, *, count: int | None = None) -> Page:
    """One page of rows with their total; an invalid `number` gives the first page, one out of range the last.

    One query, for rows and count together. Two more where `number` lies beyond the last page.
    """
    if count is None:
        number = number or "1"
        wanted = int(number) if number.isdecimal() and len(number) < 8 else 1
        first = max(wanted - 1, 0) * PER_PAGE
        found = list(rows.annotate(in_all=Window(Count("pk")))[first : first + PER_PAGE]) if wanted else []
        if found or wanted == 1:
            count = found[0].in_all if found else 0
            return Page(found, wanted, Paginator(range(count), PER_PAGE))
        count = rows.count()
    paginator = Paginator(rows, PER_PAGE)
    paginator.count = count
    return paginator.get_page(number)
