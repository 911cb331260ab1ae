"""The test client's answers know each template that was rendered, and its context as it was the first time."""

from django.template import Context, Engine
from django.test import Client
from django.test.client import ContextList

from tests.rendered import store


def test_each_template_is_kept_and_its_context_once():
    engine = Engine()
    page, row = engine.from_string("page"), engine.from_string("row")
    page.name, row.name = "page.html", "row.html"
    kept = {}

    for template, number in ((page, 1), (row, 2), (row, 3)):
        store(kept, None, Client, template, Context({"number": number}))

    assert kept["templates"] == [page, row, row]
    assert [each["number"] for each in kept["context"]] == [1, 2]
    assert isinstance(kept["context"], ContextList)
