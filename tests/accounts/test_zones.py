"""In which zone a page shows its times: rules without a database."""

from types import SimpleNamespace

import pytest
from django.test import RequestFactory

from accounts.zones import ViewerZone, viewer_zone

VISITOR = SimpleNamespace(is_authenticated=False)
PERSON = SimpleNamespace(is_authenticated=True, time_zone="Asia/Kathmandu")


@pytest.mark.parametrize(
    ("asked", "user", "cookie", "expected"),
    [
        (None, VISITOR, None, ViewerZone("Europe/London", assumed=True)),
        (None, VISITOR, "Europe/Paris", ViewerZone("Europe/Paris")),
        (None, VISITOR, "Europe%2FParis", ViewerZone("Europe/Paris")),
        (None, VISITOR, "Asia/Calcutta", ViewerZone("Asia/Kolkata")),
        (None, VISITOR, "Mars/Phobos", ViewerZone("Europe/London", unknown=True)),
        (None, PERSON, "Europe/Paris", ViewerZone("Asia/Kathmandu")),
        ("Europe/Kiev", PERSON, "Europe/Paris", ViewerZone("Europe/Kyiv", chosen=True)),
        ("Europe/Paris", VISITOR, None, ViewerZone("Europe/Paris", chosen=True)),
        ("posixrules", PERSON, "Europe/Paris", ViewerZone("Asia/Kathmandu", unknown=True)),
        ("posixrules", VISITOR, "Europe/Paris", ViewerZone("Europe/Paris", unknown=True)),
        ("../../etc/passwd", VISITOR, None, ViewerZone("Europe/London", unknown=True)),
        ("x" * 500, VISITOR, "Etc/GMT+5", ViewerZone("Europe/London", unknown=True)),
        ("", VISITOR, None, ViewerZone("Europe/London", assumed=True)),
        ("all", VISITOR, None, ViewerZone("Europe/London", lists_all=True, assumed=True)),
        ("all", PERSON, "Europe/Paris", ViewerZone("Asia/Kathmandu", lists_all=True)),
        ("all,Europe/Kiev", PERSON, None, ViewerZone("Europe/Kyiv", lists_all=True, chosen=True)),
        ("all,x", VISITOR, "Europe/Paris", ViewerZone("Europe/Paris", lists_all=True)),
    ],
)
def test_the_address_then_the_person_then_the_device_then_the_place(asked, user, cookie, expected):
    request = RequestFactory().get("/", {"tz": asked} if asked is not None else {})
    request.user = user
    if cookie is not None:
        request.COOKIES["tz"] = cookie

    found = viewer_zone(request, "Europe/London")

    assert found == expected
    assert str(found.zone) == expected.name
