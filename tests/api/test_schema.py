"""The schema is sound, and the documents of the repository say the same as the routes."""

import json

from django.core.management import call_command

from api.management.commands.api_docs import documents
from api.problems import KINDS
from api.routes import Route
from api.urls import ROUTES
from api.views.pages import schema


def test_the_schema_is_valid_and_nothing_in_it_is_guessed(tmp_path):
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yml"))


def test_the_documents_are_those_that_the_routes_make():
    """Where this fails, run `python manage.py api_docs` and look at what changed."""
    stale = [path.name for path, text in documents().items() if path.read_text() != text]

    assert stale == []


def test_every_route_is_in_the_schema_once_with_a_sentence_and_its_refusals():
    operations = {
        (verb.upper(), path): told for path, verbs in schema()["paths"].items() for verb, told in verbs.items()
    }

    assert len(operations) == len(ROUTES)
    assert len({told["operationId"] for told in operations.values()}) == len(ROUTES)
    for (verb, path), told in operations.items():
        assert told["summary"], (verb, path)
        assert {"bearer": []} in told["security"]
        assert {"400", "403", "429"} <= set(told["responses"]), (verb, path)


def test_every_answer_with_times_names_their_zone():
    zoneless = [
        (verb, path)
        for path, verbs in schema()["paths"].items()
        for verb, told in verbs.items()
        for status, answer in told["responses"].items()
        if status.startswith("2") and "application/json" in answer.get("content", {})
        for one in [_row_of(_whole(answer["content"]["application/json"]["schema"]))]
        if '"date-time"' in json.dumps(one) and "time_zone" not in one["properties"]
    ]

    assert zoneless == []


def _whole(schema_part):
    """The part of the schema with what it refers to in place."""
    if isinstance(schema_part, list):
        return [_whole(each) for each in schema_part]
    if not isinstance(schema_part, dict):
        return schema_part
    if "$ref" in schema_part:
        return _whole(schema()["components"]["schemas"][schema_part["$ref"].rpartition("/")[2]])
    return {name: _whole(each) for name, each in schema_part.items()}


def _row_of(answer):
    """The object that an answer is, or one of its list."""
    return answer["properties"]["results"]["items"] if "results" in answer["properties"] else answer


def test_every_problem_that_a_route_names_has_a_page():
    assert [route.path for route in ROUTES if not set(route.problems) <= set(KINDS)] == []


def test_the_name_of_a_route_is_its_own_whatever_its_path_is_made_of():
    def named(path: str) -> str:
        return Route(verb="GET", path=path, operation=print, scope="").name

    assert named("/api/series/<uuid:id>/") == "get_series_id"
    assert named("/api/appointments/<ref>/calendar.ics") == "get_appointments_ref_calendar_ics"
