"""The access table speaks of programs, too: PUT, PATCH and DELETE, JSON, and tokens beside the page's cookie."""

import json
from dataclasses import replace

import pytest
from django.http import Http404, HttpResponse, JsonResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from accounts.models import User
from core import errors
from core.problems import problem
from core.view_contract import for_programs
from tests.access.table import Row, everyone, refused
from tests.access.test_access import assert_only_looking
from tests.access.walk import wrong_answers
from tests.access.world import World

OWNER = "c@example.org"


def person_of(request):
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return User.objects.filter(uuid=token, is_active=True).first() if token else request.user


@csrf_exempt
@for_programs(verbs=("GET", "PUT", "PATCH", "DELETE"))
def thing(request):
    person = person_of(request)
    if person is None or not person.is_authenticated:
        return problem(request, 401)
    if person.banned_at:
        return problem(request, 403)
    if person.email != OWNER:
        raise Http404
    if request.method == "DELETE":
        return HttpResponse(status=204)
    if request.method in {"PUT", "PATCH"} and "name" not in json.loads(request.body):
        return problem(request, 400)
    return JsonResponse({})


urlpatterns = [path("api/thing/", thing), path("", include("config.urls"))]
handler404 = errors.page_not_found

pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]
OWN = everyone("404", V="401", C="200", B="403")
ROW = Row(
    "api_thing",
    get=OWN,
    post=everyone("405", B="405"),
    put=OWN,
    patch=OWN,
    delete={**OWN, "C": "204"},
    data=lambda world: {"name": "Left knee"},
    sends="json",
    ways=("cookie", "bearer"),
    path="/api/thing/",
)


class WithTokens(World):
    @property
    def ways(self):
        return {**super().ways, "bearer": self._with_token}

    def _with_token(self, client, role):
        client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {self.people[role].uuid}"


@pytest.fixture
def world():
    return WithTokens()


def test_a_route_for_programs_is_walked_by_each_of_its_verbs_and_ways(world):
    assert wrong_answers(ROW, world, ROW.path) == {}
    assert_only_looking(world, ROW, ROW.path)


def test_one_wrong_cell_is_told_by_role_verb_and_way(world):
    lax = replace(ROW, patch={**OWN, "P2": "200"})

    assert wrong_answers(lax, world, ROW.path) == {
        ("P2", "patch", "cookie"): "404, not 200",
        ("P2", "patch", "bearer"): "404, not 200",
    }


def test_what_is_sent_decides_and_is_sent_as_json(world):
    without = replace(ROW, data=lambda world: {})

    assert set(wrong_answers(without, world, ROW.path).values()) == {"400, not 200"}


def test_verbs_that_a_row_does_not_name_are_refused():
    page = Row("page", get=everyone("200"))

    assert page.taken == ["get", "post"]
    assert ROW.taken == ["get", "post", "put", "patch", "delete"]
    assert page.answers["put"] == refused() == everyone("405")
