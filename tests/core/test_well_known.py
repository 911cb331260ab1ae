"""Addresses that browsers and crawlers ask for by themselves."""

from urllib.robotparser import RobotFileParser

import pytest
from django.contrib.staticfiles import finders
from PIL import Image

from tests.access.patterns import all_patterns
from tests.access.table import all_rows
from tests.access.world import World

PATTERNS = {pattern.name: pattern for pattern in all_patterns()}


@pytest.mark.django_db
def test_crawlers_are_kept_from_what_asks_to_sign_in_and_from_nothing_that_everybody_reads(client):
    world, robots = World(), RobotFileParser()
    robots.parse(client.get("/robots.txt").text.splitlines())
    addresses = {row.name: row.path or PATTERNS[row.name].address(row.args(world)) for row in all_rows()}

    private = [addresses[row.name] for row in all_rows() if row.get["V"] == "login"]
    public = [addresses[name] for name in ("home", "search", "provider_page", "provider_service", "help", "photo")]

    assert [address for address in private if robots.can_fetch("*", address)] == []
    assert [address for address in public if not robots.can_fetch("*", address)] == []
    assert not robots.can_fetch("*", addresses["link"])
    assert not robots.can_fetch("*", addresses["account_login"])


def test_robots_txt_is_text_that_may_be_kept_for_a_day(client):
    answer = client.get("/robots.txt")

    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["Cache-Control"] == "public, max-age=86400"
    assert dict(answer.cookies) == {}


def test_the_icon_is_there_for_what_has_no_head_of_a_page(client):
    answer = client.get("/favicon.ico")

    assert answer["Location"] == "/static/img/favicon.ico"
    assert answer["Cache-Control"] == "public, max-age=86400"
    with Image.open(finders.find("img/favicon.ico")) as icon:
        assert icon.format == "ICO"
        assert icon.info["sizes"] == {(16, 16), (32, 32), (48, 48)}


@pytest.mark.django_db
def test_admin_s_pages_carry_the_icon(admin_client):
    for address in ("/admin/", "/admin/providers/category/", "/admin/providers/category/add/"):
        page = admin_client.get(address).text
        assert page.count('<link rel="icon" href="/static/img/favicon.svg" type="image/svg+xml"') == 1
