import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import services
from accounts.exceptions import ChangedMeanwhile
from accounts.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def here(client, person) -> Client:
    client.force_login(person)
    return client


def typed(page, **changes) -> dict[str, str]:
    """What a browser would send from the form on `page`."""
    form = page.context["form"]
    data = {field.name: "" if field.value() is None else str(field.value()) for field in form}
    return {**data, **changes}


def test_a_profile_is_saved(here, person):
    data = typed(here.get("/my/settings/"), name="  Amara  Nwosu-Bell ", phone="+44 20 7946 0011")

    answer = here.post("/my/settings/", data, follow=True)

    assert answer.redirect_chain == [("/my/settings/", 302)]
    assert "Your profile is saved." in answer.text
    person.refresh_from_db()
    assert (person.name, str(person.phone)) == ("Amara  Nwosu-Bell", "+442079460011")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "Enter your name."),
        ({"name": "\u200b"}, "Enter your name."),
        ({"name": "a\u0000b"}, "characters that can’t be used here"),
        ({"name": "x" * 121}, "at most 120"),
        ({"phone": "call me"}, "Enter a phone number with its country"),
        ({"phone": "12"}, "Enter a phone number with its country"),
        ({"phone": "+44 20 7946 0011 ext 9" * 40}, "Enter a phone number with its country"),
    ],
)
def test_a_profile_with_mistakes_is_not_saved_and_nothing_typed_is_lost(here, person, changes, words):
    answer = here.post("/my/settings/", typed(here.get("/my/settings/"), **changes))

    assert answer.status_code == 422
    assert words in answer.text
    assert answer.text.count("There is 1 thing to fix") == 1
    person.refresh_from_db()
    assert (person.name, str(person.phone)) == ("Amara Nwosu", "")


def test_only_the_form_s_own_fields_count(here, person):
    extra = {
        "email": "x@example.com",
        "is_staff": "on",
        "is_superuser": "on",
        "time_zone": "Asia/Tokyo",
        "photo": "photos/x",
        "uuid": "0" * 32,
    }

    here.post("/my/settings/", typed(here.get("/my/settings/"), name="Amara N", **extra))

    after = User.objects.get(pk=person.pk)
    assert after.name == "Amara N"
    assert (after.email, after.is_staff, after.is_superuser, after.time_zone, after.photo.name, after.uuid) == (
        person.email, False, False, person.time_zone, "", person.uuid,
    )  # fmt: skip


def test_names_are_shown_as_text(here, person):
    here.post("/my/settings/", typed(here.get("/my/settings/"), name='<script>alert(1)</script>"{{7*7}}'))

    page = here.get("/my/settings/").text

    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&quot;{{7*7}}" in page


def test_preferences_are_saved(here, person):
    data = typed(
        here.get("/my/settings/preferences/"),
        time_zone="Europe/Kiev", uses_12h_clock="12", first_weekday="6", theme="dark", language="en-gb",
    )  # fmt: skip

    answer = here.post("/my/settings/preferences/", data, follow=True)

    assert "Your preferences are saved." in answer.text
    assert 'data-theme="dark"' in answer.text
    person.refresh_from_db()
    assert (person.time_zone, person.uses_12h_clock, person.first_weekday, person.theme) == (
        "Europe/Kyiv",
        True,
        6,
        "dark",
    )
    data = typed(here.get("/my/settings/preferences/"), uses_12h_clock="24")
    here.post("/my/settings/preferences/", data)
    person.refresh_from_db()
    assert person.uses_12h_clock is False


BAD_ZONES = [
    "europe/london",
    "../../etc/passwd",
    "posixrules",
    "localtime",
    "EST5EDT",
    "Etc/GMT+5",
    "",
    "A" * 500,
    "Mars/Phobos",
    "Europe/London\x00",
]


@pytest.mark.parametrize(
    "changes",
    [
        *({"time_zone": zone} for zone in BAD_ZONES),
        {"first_weekday": "7"}, {"first_weekday": "x"}, {"theme": "pink"}, {"language": "xx"},
        {"uses_12h_clock": "maybe"},
    ],
)  # fmt: skip
def test_preferences_that_do_not_exist_are_refused(here, person, changes):
    answer = here.post("/my/settings/preferences/", typed(here.get("/my/settings/preferences/"), **changes))

    assert answer.status_code == 422
    person.refresh_from_db()
    assert (person.time_zone, person.first_weekday, person.theme, person.language) == (
        "Europe/London",
        0,
        "system",
        "en-gb",
    )


def test_the_zone_select_says_what_time_it_is_there(here, time_machine):
    time_machine.move_to("2026-03-12T11:02:00Z")

    page = here.get("/my/settings/preferences/").text

    assert "London, United Kingdom, now 11:02" in page
    assert '<optgroup label="All time zones">' in page


# --- Two tabs ---------------------------------------------------------------------------------------------------------


def test_the_second_of_two_tabs_is_told_and_keeps_what_was_typed(here, person):
    first, second = typed(here.get("/my/settings/")), typed(here.get("/my/settings/"))
    here.post("/my/settings/", {**first, "name": "From the first tab"})

    answer = here.post("/my/settings/", {**second, "name": "From the second tab"})

    assert answer.status_code == 409
    assert "Nothing was saved." in answer.text
    assert "name From the first tab" in answer.text
    assert 'value="From the second tab"' in answer.text
    person.refresh_from_db()
    assert person.name == "From the first tab"

    again = here.post("/my/settings/", {**typed(answer), "name": "From the second tab"})
    assert again.status_code == 302
    person.refresh_from_db()
    assert person.name == "From the second tab"


def test_the_same_form_sent_twice_saves_once_and_complains_not(here, person):
    data = typed(here.get("/my/settings/"), name="Amara N")

    answers = [here.post("/my/settings/", data) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [302, 302]


def test_profile_and_preferences_do_not_get_in_each_other_s_way(here, person):
    profile, preferences = typed(here.get("/my/settings/")), typed(here.get("/my/settings/preferences/"))
    here.post("/my/settings/", {**profile, "name": "Amara N"})

    assert here.post("/my/settings/preferences/", {**preferences, "theme": "dark"}).status_code == 302


def test_preferences_of_two_tabs(here, person):
    first, second = typed(here.get("/my/settings/preferences/")), typed(here.get("/my/settings/preferences/"))
    here.post("/my/settings/preferences/", {**first, "theme": "dark"})

    answer = here.post("/my/settings/preferences/", {**second, "theme": "light"})

    assert answer.status_code == 409
    assert "colours: Dark" in answer.text
    person.refresh_from_db()
    assert person.theme == "dark"


def test_a_form_without_its_mark_is_told_too(person):
    with pytest.raises(ChangedMeanwhile):
        services.update_profile(user=person, actor=person, values={"name": "x", "phone": ""}, seen="")


# --- Whose -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", "preferences/", "security/"])
def test_settings_are_for_people_signed_in_and_kept_by_nobody(client, person, path):
    assert client.get(f"/my/settings/{path}").url == f"/accounts/login/?next=/my/settings/{path}"
    client.force_login(person)

    assert "no-store" in client.get(f"/my/settings/{path}")["Cache-Control"]


@pytest.mark.parametrize("path", ["photo/", "photo/remove/", "zone/"])
def test_what_acts_is_posted(here, path):
    assert here.get(f"/my/settings/{path}").status_code == 405
    assert Client().post(f"/my/settings/{path}").url.startswith("/accounts/login/")


def test_a_settings_page_asks_the_database_little(here):
    here.cookies["tz"] = "Europe/Paris"
    for path, most in (("", 4), ("preferences/", 4), ("security/", 7)):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            here.get(f"/my/settings/{path}")
        assert len(queries) <= most, [query["sql"] for query in queries]


# --- The device's zone ------------------------------------------------------------------------------------------------


def asked(page) -> bool:
    return "Your device is on Paris time. Show times in Paris time?" in page.text


def test_another_device_zone_is_asked_about_once_and_never_followed_by_itself(here, person):
    here.cookies["tz"] = "Europe%2FParis"
    page = here.get("/my/settings/")
    assert asked(page)
    assert "Keep London" in page.text

    answer = here.post("/my/settings/zone/", {"zone": "Europe/Paris", "answer": "no", "next": "/my/settings/"})

    assert answer.url == "/my/settings/"
    person.refresh_from_db()
    assert (person.time_zone, person.declined_time_zone) == ("Europe/London", "Europe/Paris")
    assert not asked(here.get("/my/settings/"))
    here.cookies["tz"] = "Asia%2FTokyo"
    assert "Your device is on Tokyo time." in here.get("/my/settings/").text


def test_yes_moves_the_person_there(here, person):
    here.cookies["tz"] = "Europe/Paris"

    here.post("/my/settings/zone/", {"zone": "Europe/Paris", "answer": "yes"})

    person.refresh_from_db()
    assert (person.time_zone, person.declined_time_zone) == ("Europe/Paris", "")
    assert not asked(here.get("/my/settings/"))


@pytest.mark.parametrize(
    "cookie", ["Europe/London", "", "nonsense", "../../etc/passwd", "Etc/GMT+5", "x" * 4000, "%00"]
)
def test_no_question_without_another_zone_we_know(here, cookie):
    here.cookies["tz"] = cookie

    assert "Your device is on" not in here.get("/my/settings/").text


def test_an_alias_of_the_own_zone_is_no_other_zone(here):
    here.cookies["tz"] = "GB"

    assert "Your device is on" not in here.get("/my/settings/").text


@pytest.mark.parametrize("zone", ["", "nonsense", "../../etc/passwd", "EST5EDT", "x" * 500])
def test_an_answer_about_a_zone_nobody_knows_is_refused(here, person, zone):
    assert here.post("/my/settings/zone/", {"zone": zone, "answer": "yes"}).status_code == 400
    person.refresh_from_db()
    assert person.time_zone == "Europe/London"


def test_visitors_are_not_asked(client):
    client.cookies["tz"] = "Europe/Paris"

    assert not asked(client.get("/accounts/login/"))
