"""Addresses that pages write by the hundred are the ones that `reverse` gives."""

import pytest
from django.urls import reverse, set_script_prefix

from core.shortcuts import came_from, is_from_our_pages, slug_address, with_query


@pytest.mark.parametrize(
    ("name", "slugs"),
    [
        ("search", []),
        ("provider_page", ["maya-okafor"]),
        ("provider_service", ["slug-number-1", "slug-number-0"]),
        ("book", ["Maya_2", "0"]),
    ],
)
def test_a_page_s_address_is_the_one_that_reverse_gives(name, slugs):
    for _ in range(2):
        assert slug_address(name, *slugs) == reverse(name, args=slugs)


def test_an_address_follows_where_the_product_is_mounted():
    slug_address("search")
    set_script_prefix("/a{0}b/")
    try:
        assert slug_address("search") == reverse("search") != "/providers/"
    finally:
        set_script_prefix("/")


def test_a_query_holds_what_says_something():
    assert with_query("/a/", {"tz": "", "day": "2026-03-10"}) == "/a/?day=2026-03-10"
    assert with_query("/a/", {"tz": ""}) == "/a/"


@pytest.mark.parametrize(
    ("referer", "address"),
    [
        ("http://testserver/my/appointments/?tab=waiting#x", "/my/appointments/?tab=waiting"),
        ("http://testserver", ""),
        ("http://testserver/a//b/", "/a//b/"),
        ("http://testserver//evil.example/x", ""),
        ("http://testserver///evil.example/x", ""),
        ("http://testserver/\\evil.example/x", ""),
        ("http://testserver//evil.example?next=/my/", ""),
        ("https://evil.example/my/", ""),
        ("//testserver/my/", "/my/"),
        ("http://testserver@evil.example/my/", ""),
        ("http://[::1/my/", ""),
        ("", ""),
    ],
)
def test_the_page_that_somebody_came_from_is_an_address_of_ours(rf, referer, address):
    assert came_from(rf.get("/", headers={"referer": referer})) == address


@pytest.mark.parametrize(
    ("said", "is_ours"),
    [
        ({"origin": "http://testserver"}, True),
        ({"origin": "http://testserver", "referer": "https://evil.example/"}, True),
        ({"referer": "http://testserver/studio/?a=b"}, True),
        ({"origin": "https://dayline.example"}, True),
        ({"origin": "null", "referer": "http://testserver/studio/"}, False),
        ({"origin": "", "referer": "http://testserver/studio/"}, False),
        ({"origin": "https://testserver"}, False),
        ({"origin": "http://testserver:8000"}, False),
        ({"origin": "http://dayline.example"}, False),
        ({"referer": "http://testserver.evil.example/"}, False),
        ({"referer": "http://someone@testserver/"}, False),
        ({"referer": "http://[::1/"}, False),
        ({"referer": "/studio/"}, False),
        ({}, False),
    ],
    ids=str,
)
def test_a_request_is_from_our_pages_by_its_origin_and_else_by_its_referer(rf, settings, said, is_ours):
    settings.CSRF_TRUSTED_ORIGINS = ["https://dayline.example"]  # what SITE_URL says, behind a proxy

    assert is_from_our_pages(rf.post("/", headers=said)) is is_ours
