"""Addresses that pages write by the hundred are the ones that `reverse` gives."""

import pytest
from django.urls import reverse, set_script_prefix

from core.shortcuts import slug_address, with_query


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
