"""The pages for developers say what is served, and what they say runs."""

import html
import re

import pytest
from django.urls import reverse

from api.problems import KINDS
from api.serializers import waitlist
from api.urls import ROUTES
from appointments.search import quarters
from appointments.states import Frequency


def text_of(answer) -> str:
    return html.unescape(answer.content.decode())


def test_the_page_for_developers_lists_every_address_and_the_limits_in_force(client, settings):
    settings.LIMITS = {**settings.LIMITS, "api_write": (77, 60)}

    said = text_of(client.get(reverse("developers")))

    written = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route.path) for route in ROUTES}
    assert [path for path in written if f">{path}<" not in said] == []
    assert "77 changes a minute" in said


def test_the_page_for_developers_names_what_a_search_a_waitlist_and_a_series_take(client):
    said = text_of(client.get(reverse("developers")))

    for names in (quarters.PARTS, waitlist.PARTS, Frequency.values):
        assert [name for name in names if f'<span class="code">{name}</span>' not in said] == []


def test_every_kind_of_problem_has_its_page_at_the_address_that_answers_name(client):
    contents = text_of(client.get(reverse("developers_problems")))

    for name, kind in KINDS.items():
        said = text_of(client.get(f"/developers/problems/{name}/"))
        assert f"<h1>{kind.title}</h1>" in said
        assert (kind.means in said, kind.then in said) == (True, True)
        assert f'"type": "/developers/problems/{name}/"' in said
        assert f'href="/developers/problems/{name}/"' in contents


def test_a_problem_that_is_none_has_no_page(client):
    assert client.get("/developers/problems/slot-stolen/").status_code == 404


@pytest.mark.parametrize("address", ["/developers/", "/developers/problems/", "/developers/problems/invalid/"])
def test_the_pages_for_developers_need_no_database(client, address):
    assert client.get(address).status_code == 200


def test_the_footer_of_every_page_leads_to_developers(client):
    assert f'href="{reverse("developers")}"' in text_of(client.get(reverse("help")))


@pytest.mark.parametrize("address", ["/docs", "/redoc"])
def test_the_addresses_where_programs_look_for_a_reference_lead_there(client, address):
    assert client.get(address).url == reverse("api_docs")


def test_the_reference_has_no_script_in_the_page_and_none_from_elsewhere(client):
    said = text_of(client.get(reverse("api_docs")))

    assert re.findall(r"<script(?![^>]*\ssrc=\"/)[^>]*>|<style|\sstyle=", said) == []
    assert f'data-schema="{reverse("api_schema")}"' in said
