"""Programs keep a provider's page, services, hours and rules by the services of the studio, with its refusals."""

from datetime import date, timedelta

import pytest

from providers import services
from providers.models import BookingPolicy, DateOverride, Provider, Service, WorkingHours
from tests.appointments.conftest import NOW
from tests.factories.accounts import UserFactory
from tests.factories.appointments import demanded_by
from tests.factories.providers import CategoryFactory, DateOverrideFactory, ServiceFactory

PAGE, SERVICES, HOURS = "/api/provider/", "/api/provider/services/", "/api/provider/hours/"
OVERRIDES, POLICY, CUSTOMERS = "/api/provider/overrides/", "/api/provider/policy/", "/api/provider/customers/"
MASSAGE = {"name": "Massage", "minutes": 50, "price": "61.50", "currency": "GBP"}
CHANGED = "/developers/problems/changed-meanwhile/"
REFUSED = "/developers/problems/policy-refused/"


def about(**more):
    return {"name": "Ada Practice", "trade": "Physio", "category": "physiotherapy", "venues": ["online"], **more}


def fields(answer):
    return sorted({error["field"] for error in answer.json()["errors"]})


def test_somebody_becomes_a_provider_and_goes_live(program, customer):
    CategoryFactory()
    assert program.get(PAGE).status_code == 404

    begun = program.post(PAGE, about(), idempotency_key="once")
    again = program.post(PAGE, about(), idempotency_key="once")
    early = program.post(f"{PAGE}live/")
    program.post(SERVICES, MASSAGE)
    program.put(HOURS, {"monday": [["09:00", "12:30"]]})
    live = program.post(f"{PAGE}live/")

    assert (begun.status_code, begun.json()["listing"], begun.json()["id"]) == (201, "draft", "ada-practice")
    assert (again.headers["Idempotency-Replayed"], again.json()) == ("true", begun.json())
    assert (early.status_code, early.json()["type"]) == (409, REFUSED)
    assert [each["step"] for each in early.json()["missing"]] == ["service", "hours"]
    assert (live.status_code, live.json()["listing"], live.json()["missing"]) == (200, "live", [])
    assert program.post(f"{PAGE}live/").json() == live.json()
    assert program.post(f"{PAGE}pause/").json()["listing"] == "paused"
    assert program.post(PAGE, about(name="Another")).status_code == 409


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"category": "nonsense"}, "category"),
        ({"venues": []}, "venues"),
        ({"venues": ["in_person"]}, "place"),
        ({"name": ""}, "name"),
        ({"listing": "live"}, "listing"),
    ],
)
def test_a_page_is_refused_by_field(program, said, field):
    CategoryFactory()

    answer = program.post(PAGE, about(**said))

    assert (answer.status_code, fields(answer)) == (400, [field])
    assert not Provider.objects.exists()


def test_a_page_changes_where_it_is_as_it_was_seen(studio, provider):
    tag = studio.get(PAGE)["ETag"]

    changed = studio.patch(PAGE, {"about": "Knees"}, if_match=tag)
    stale = studio.patch(PAGE, {"about": "Hips"}, if_match=tag)
    placeless = studio.patch(PAGE, {"place": ""})

    assert (changed.status_code, changed.json()["about"], changed.json()["place"]) == (200, "Knees", "Camden")
    assert (stale.status_code, stale.json()["type"]) == (412, CHANGED)
    assert studio.patch(PAGE, {"venues": []}).status_code == 400
    assert (placeless.status_code, fields(placeless)) == (400, ["place"])
    provider.refresh_from_db()
    assert (provider.about, provider.place) == ("Knees", "Camden")


def test_a_service_is_added_once_changed_paused_and_deleted(studio, provider):
    added = studio.post(SERVICES, {**MASSAGE, "buffer_after": 10}, idempotency_key="m")
    again = studio.post(SERVICES, {**MASSAGE, "buffer_after": 10}, idempotency_key="m")
    path = added.headers["Location"]
    tag = studio.get(path)["ETag"]
    changed = studio.patch(path, {"minutes": 55, "interval": 15}, if_match=tag)
    stale = studio.patch(path, {"minutes": 40}, if_match=tag)

    assert (added.status_code, added.json()["price"]) == (201, {"amount": "61.50", "currency": "GBP"})
    assert again.json() == added.json()
    told = changed.json()
    assert [told[name] for name in ("minutes", "interval", "buffer_after", "active")] == [55, 15, 10, True]
    assert (stale.status_code, stale.json()["type"]) == (412, CHANGED)
    assert studio.post(f"{path}pause/").json()["active"] is False
    assert studio.post(f"{path}resume/").json()["active"] is True
    assert studio.delete(path, if_match=tag).status_code == 412
    assert (studio.delete(path).status_code, studio.delete(path).status_code) == (204, 404)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"price": "61.505"}, "price"),
        ({"price": "1e3"}, "price"),
        ({"price": "-1"}, "price"),
        ({"currency": "ABC"}, "currency"),
        ({"minutes": 4}, "minutes"),
        ({"slug": "mine"}, "slug"),
        ({"status": "live"}, "status"),
    ],
)
def test_a_service_is_refused_by_field(studio, provider, said, field):
    answer = studio.post(SERVICES, {**MASSAGE, **said})

    assert (answer.status_code, fields(answer)) == (400, [field])
    assert not provider.services.exists()


def test_a_booked_service_stays(studio, confirmed):
    answer = studio.delete(f"{SERVICES}{confirmed.service.slug}/")

    assert (answer.status_code, answer.json()["type"]) == (409, REFUSED)


def test_the_week_is_set_as_a_whole(studio, provider):
    before = studio.get(HOURS)

    after = studio.put(HOURS, {"tuesday": [["13:00", "24:00"], ["09:00", "12:30"]]}, if_match=before["ETag"])
    stale = studio.put(HOURS, {}, if_match=before["ETag"])

    assert (before.json()["time_zone"], before.json()["monday"]) == ("Asia/Kathmandu", [["09:45", "22:45"]])
    assert (after.json()["monday"], after.json()["tuesday"]) == ([], [["09:00", "12:30"], ["13:00", "24:00"]])
    assert (stale.status_code, studio.get(HOURS).json()) == (412, after.json())


@pytest.mark.parametrize(
    ("week", "status", "field"),
    [
        ({"monday": [["09:00", "12:00"], ["11:00", "13:00"]]}, 422, "monday.1"),
        ({"friday": [["12:00", "09:00"]]}, 400, "friday.0"),
        ({"friday": [["25:00", "26:00"]]}, 400, "friday"),
        ({"friday": "09:00-12:00"}, 400, "friday"),
        ({"friday": [[9, 12]]}, 400, "friday"),
        ({"someday": []}, 400, "someday"),
        ({"time_zone": "Mars/Olympus"}, 400, "time_zone"),
    ],
)
def test_a_week_is_refused_by_day_and_range(studio, week, status, field):
    answer = studio.put(HOURS, week)

    assert (answer.status_code, fields(answer)) == (status, [field])


def test_dates_have_hours_of_their_own(studio, provider):
    closed = studio.post(OVERRIDES, {"from_date": "2026-03-10", "to_date": "2026-03-12", "ranges": []})
    path = closed.headers["Location"]
    tag = studio.get(path)["ETag"]
    meets = studio.post(OVERRIDES, {"from_date": "2026-03-12", "ranges": [["10:00", "11:00"]]})
    changed = studio.patch(path, {"ranges": [["10:00", "11:00"]]}, if_match=tag)

    assert (closed.status_code, closed.json()["to_date"], closed.json()["ranges"]) == (201, "2026-03-12", [])
    assert (meets.status_code, meets.json()["type"]) == (422, "/developers/problems/overlaps/")
    assert (changed.json()["from_date"], changed.json()["ranges"]) == ("2026-03-10", [["10:00", "11:00"]])
    assert studio.patch(path, {"note": "No"}, if_match=tag).status_code == 412
    assert studio.post(OVERRIDES, {"from_date": "2026-03-01", "ranges": []}).status_code == 400
    assert [each["id"] for each in studio.get(OVERRIDES).json()["results"]] == ["2026-03-10"]
    assert (studio.delete(path).status_code, studio.get(path).status_code) == (204, 404)
    assert studio.get(f"{OVERRIDES}2026-02-30/").status_code == 404


@pytest.mark.parametrize("verb", ["put", "patch"])
def test_the_policy_changes_by_what_is_named(studio, provider, verb):
    tag = studio.get(POLICY)["ETag"]

    changed = getattr(studio, verb)(POLICY, {"notice_minutes": 45, "max_open": None}, if_match=tag)

    told = changed.json()
    assert (told["notice_minutes"], told["max_open"], told["max_per_day"]) == (45, None, 7)
    assert getattr(studio, verb)(POLICY, {"window_days": 5}, if_match=tag).status_code == 412
    wrong = getattr(studio, verb)(POLICY, {"window_days": 0, "reschedule_cutoff_minutes": 10**7})
    assert (wrong.status_code, fields(wrong)) == (400, ["reschedule_cutoff_minutes", "window_days"])


def test_customers_are_those_with_appointments_and_can_be_blocked(studio, confirmed, customer):
    path = f"{CUSTOMERS}{customer.uuid}/"

    [row] = studio.get(CUSTOMERS, {"q": customer.name}).json()["results"]
    told = studio.get(path).json()
    blocked = studio.post(f"{path}block/", {"reason": "Rude"})

    assert (row["id"], row["next"]) == (str(customer.uuid), "2026-03-03T15:45:00+05:45")
    assert (told["email"], told["blocked"], told["limits_lifted"]) == (customer.email, None, False)
    assert (blocked.json()["blocked"]["reason"], studio.post(f"{path}block/").json()) == ("Rude", blocked.json())
    assert studio.post(f"{path}allow/").json()["blocked"] is None
    assert studio.post(f"{path}lift-limits/").json()["limits_lifted"] is True
    assert studio.post(f"{path}apply-limits/").json()["limits_lifted"] is False
    # An id has one form, as everywhere: other spellings of the same number are no addresses.
    spelled = [customer.uuid.hex, f"{{{customer.uuid}}}", f"urn:uuid:{customer.uuid}"]
    for other in (UserFactory().uuid, "nonsense", *spelled):
        assert studio.get(f"{CUSTOMERS}{other}/").status_code == 404


def test_the_contact_ends_ninety_days_after_the_last_appointment(studio, confirmed, customer):
    over = NOW.replace(year=2025, month=11, day=2)
    times = {"start": over - timedelta(hours=1), "end": over}
    type(confirmed).objects.update(status="completed", **demanded_by("completed", over) | times)

    told = studio.get(f"{CUSTOMERS}{customer.uuid}/").json()

    assert (told["name"], told["email"], told["phone"]) == (customer.name, None, None)


def test_what_is_anothers_is_nobodys(studio, program):
    theirs = ServiceFactory()

    for path in (f"{SERVICES}{theirs.slug}/", f"{OVERRIDES}2026-03-10/"):
        assert studio.get(path).status_code == 404
    for path in (PAGE, SERVICES, HOURS, OVERRIDES, POLICY, CUSTOMERS):
        assert program.get(path).status_code == 404


def test_lists_cost_the_same_queries_for_one_and_for_many(studio, provider, book, django_assert_max_num_queries):
    def ask():
        return [studio.get(path).json()["results"] for path in (SERVICES, OVERRIDES, CUSTOMERS)]

    book()
    ask()
    with django_assert_max_num_queries(40) as for_one:
        ask()
    for day in range(4, 7):
        book(start=NOW.replace(day=day, hour=10), customer=UserFactory())
        ServiceFactory(provider=provider)

    with django_assert_max_num_queries(len(for_one)):
        services, _, people = ask()

    assert (len(services), len(people)) == (4, 4)
    first = studio.get(CUSTOMERS, {"limit": 3}).json()
    assert len(first["results"]) + len(studio.get(first["next"]).json()["results"]) == 4


@pytest.mark.parametrize(
    ("act", "verb", "path", "said", "change"),
    [
        ("save_profile", "patch", PAGE, {"about": "Mine"}, lambda: Provider.objects.update(about="Theirs")),
        ("save_policy", "patch", POLICY, {"window_days": 9}, lambda: BookingPolicy.objects.update(window_days=8)),
        ("set_working_hours", "put", HOURS, {}, lambda: WorkingHours.objects.filter(weekday=0).delete()),
        ("save_service", "patch", f"{SERVICES}s/", {"minutes": 5}, lambda: Service.objects.update(name="Theirs")),
        ("delete_service", "delete", f"{SERVICES}s/", None, lambda: Service.objects.update(name="Theirs")),
        ("save_override", "patch", f"{OVERRIDES}2026-03-10/", {"note": "Mine"}, lambda: note_theirs()),
        ("remove_override", "delete", f"{OVERRIDES}2026-03-10/", None, lambda: note_theirs()),
        ("pause_page", "post", f"{PAGE}pause/", None, lambda: Provider.objects.update(about="Theirs")),
    ],
)
def test_what_changes_after_the_look_is_seen_under_the_lock(studio, provider, meanwhile, act, verb, path, said, change):
    ServiceFactory(provider=provider, slug="s")
    DateOverrideFactory(provider=provider, start_on=date(2026, 3, 10))
    read = path.removesuffix("pause/")
    tag = studio.get(read)["ETag"]
    meanwhile(services, act, change)

    answer = studio.call(verb, path, said, if_match=tag)

    assert (answer.status_code, answer.json()["type"]) == (412, CHANGED)
    assert studio.get(read)["ETag"] != tag  # what the other wrote stands
    assert Provider.objects.get().is_live


def test_a_page_that_changes_after_the_look_does_not_go_live(studio, provider, meanwhile):
    services.pause_page(provider=provider, actor=provider.user)
    tag = studio.get(PAGE)["ETag"]
    meanwhile(services, "go_live", lambda: Provider.objects.update(about="Theirs"))

    answer = studio.post(f"{PAGE}live/", if_match=tag)

    assert (answer.status_code, answer.json()["type"]) == (412, CHANGED)
    assert not Provider.objects.get().is_live


@pytest.mark.parametrize(
    ("act", "name", "given", "other"),
    [
        ("block_customer", "block", (), services.lift_limits),
        ("unblock_customer", "allow", (services.block_customer,), services.lift_limits),
        ("lift_limits", "lift-limits", (), services.block_customer),
        ("apply_limits", "apply-limits", (services.lift_limits,), services.block_customer),
    ],
)
def test_what_is_decided_about_a_customer_after_the_look_is_seen_under_the_lock(
    studio, provider, confirmed, customer, meanwhile, act, name, given, other
):
    path, about = f"{CUSTOMERS}{customer.uuid}/", {"provider": provider, "actor": provider.user, "customer": customer}
    for decide in given:
        decide(**about)
    tag = studio.get(path)["ETag"]
    meanwhile(services, act, lambda: other(**about))

    answer = studio.post(f"{path}{name}/", if_match=tag)

    assert (answer.status_code, answer.json()["type"]) == (412, CHANGED)
    told = studio.get(path).json()
    decided = {*given, other}
    assert (told["blocked"] is not None, told["limits_lifted"]) == (
        services.block_customer in decided,
        services.lift_limits in decided,
    )


def note_theirs():
    DateOverride.objects.update(note="Theirs")
