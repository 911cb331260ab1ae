"""Addresses that browsers and crawlers ask for by themselves."""

from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from core.view_contract import open_to_all

DAY = 86_400


@open_to_all
@require_safe
@cache_control(public=True, max_age=DAY)
def robots(request: HttpRequest) -> HttpResponse:
    """The rules for crawlers: they may read public pages, but no form and nothing that belongs to one person."""
    return render(request, "robots.txt", content_type="text/plain; charset=utf-8")


@open_to_all
@require_safe
@cache_control(public=True, max_age=DAY)
def favicon(request: HttpRequest) -> HttpResponse:
    """A redirect to the icon, for answers without an HTML head to name it: files, pictures, answers for programs."""
    return HttpResponseRedirect(staticfiles_storage.url("img/favicon.ico"))
