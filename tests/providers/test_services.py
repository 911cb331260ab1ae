"""What changes a provider's page, services and open time, with real rows."""

import datetime as dt
from decimal import Decimal

import pytest
import time_machine
from django.core.exceptions import ValidationError

from outbox.models import Message
from providers import edit_stamps, queries, services
from providers.exceptions import (
    ChangedMeanwhile,
    ChangeRefused,
    HoursRefused,
    NotReady,
    OverrideOverlaps,
    OverrideRefused,
)
from providers.models import BookingPolicy, Confirmation, DateOverride, Listing, Pricing, Provider, Service
from tests.factories.accounts import UserFactory
from tests.factories.providers import (
    CategoryFactory,
    DateOverrideFactory,
    ProviderFactory,
    ServiceFactory,
)

pytestmark = pytest.mark.django_db

NINE, NOON, FIVE = 540, 720, 1020


@pytest.fixture
def provider():
    return ProviderFactory(name="Maya Okafor", slug="maya-okafor")


@pytest.fixture(autouse=True)
def march():
    with time_machine.travel(dt.datetime(2026, 3, 9, 10, tzinfo=dt.UTC), tick=True):
        yield


def about(**others):
    return {
        "name": "Zoë Müller",
        "trade": "Physiotherapist",
        "category_id": CategoryFactory().pk,
        "about": "",
        "languages": "English, German",
        "is_online": True,
        "is_in_person": False,
        "place": "",
        "address": "",
        **others,
    }


def assessment(**others):
    return {
        "name": "First assessment",
        "description": "",
        "duration_minutes": 45,
        "buffer_before_minutes": 0,
        "buffer_after_minutes": 10,
        "slot_interval_minutes": None,
        "pricing": Pricing.HOURLY,
        "price": Decimal("84"),
        "currency": "GBP",
        "confirmation": Confirmation.POLICY,
        **others,
    }


def refreshed():
    return Message.objects.filter(topic="appointments.refresh_openings").count()


def draft_with_everything(user=None):
    provider = services.start_page(actor=user or UserFactory(), values=about())
    services.save_service(provider=provider, actor=provider.user, values=assessment())
    services.set_working_hours(provider=provider, actor=provider.user, week={0: [(NINE, FIVE)]})
    return provider


# --- Becoming a provider ----------------------------------------------------------------------------------------------


def test_start_page_makes_a_draft_that_nobody_sees():
    user = UserFactory(time_zone="Asia/Kathmandu")

    provider = services.start_page(actor=user, values=about())

    assert provider.listing == Listing.DRAFT
    assert (provider.slug, provider.time_zone, provider.steps_done) == ("zoe-muller", "Asia/Kathmandu", ["about"])
    assert BookingPolicy.objects.get(provider=provider).notice_minutes == 120
    assert not Provider.objects.public().exists()
    assert refreshed() == 0


def test_start_page_again_changes_the_draft_and_its_address():
    user = UserFactory()
    draft = services.start_page(actor=user, values=about())

    provider = services.start_page(actor=user, values=about(name="Zoë Brandt"), seen=edit_stamps.of_profile(draft))

    assert Provider.objects.get() == provider
    assert provider.slug == "zoe-brandt"


def test_two_people_of_one_name_get_two_addresses():
    first = services.start_page(actor=UserFactory(), values=about())
    second = services.start_page(actor=UserFactory(), values=about())

    assert [first.slug, second.slug] == ["zoe-muller", "zoe-muller-2"]


def test_start_page_leaves_a_live_page_alone(provider):
    with pytest.raises(ChangeRefused):
        services.start_page(actor=provider.user, values=about())

    provider.refresh_from_db()
    assert provider.name == "Maya Okafor"


def test_every_step_of_a_draft_is_remembered_once():
    provider = draft_with_everything()
    services.save_policy(
        provider=provider,
        actor=provider.user,
        values={"notice_minutes": 60},
        seen=edit_stamps.of_policy(provider.policy),
    )
    services.leave_calendar_for_later(provider=provider, actor=provider.user)
    services.leave_calendar_for_later(provider=provider, actor=provider.user)

    provider.refresh_from_db()
    assert provider.steps_done == ["about", "service", "hours", "rules", "calendar"]
    assert queries.steps_left(provider) == 1


def test_go_live_opens_the_page_once_and_keeps_the_address():
    provider = draft_with_everything()

    live = services.go_live(provider=provider, actor=provider.user)
    again = services.go_live(provider=provider, actor=provider.user)

    assert live.listing == again.listing == Listing.LIVE
    assert live.live_since == again.live_since is not None
    assert refreshed() == 1
    saved = services.save_profile(
        provider=live, actor=live.user, values=about(name="Zoë Brandt"), seen=edit_stamps.of_profile(live)
    )
    assert (saved.name, saved.slug) == ("Zoë Brandt", "zoe-muller")


def test_go_live_says_all_that_is_missing():
    user = UserFactory(email_confirmed_at=None)
    provider = services.start_page(
        actor=user, values=about(trade="", category_id=None, is_online=False, is_in_person=False)
    )

    with pytest.raises(NotReady) as refusal:
        services.go_live(provider=provider, actor=user)

    assert [step for step, _ in refusal.value.missing] == ["about", "about", "about", "service", "hours", "check"]
    provider.refresh_from_db()
    assert provider.listing == Listing.DRAFT


def test_go_live_needs_a_place_for_meeting_in_person_and_an_active_service():
    provider = draft_with_everything()
    services.start_page(actor=provider.user, values=about(is_in_person=True), seen=edit_stamps.of_profile(provider))
    services.pause_service(service=provider.services.get(), actor=provider.user)

    with pytest.raises(NotReady) as refusal:
        services.go_live(provider=provider, actor=provider.user)

    assert [step for step, _ in refusal.value.missing] == ["about", "service"]


@pytest.mark.parametrize("change", [services.go_live, services.pause_page, services.resume_page])
def test_a_page_hidden_by_staff_stays_hidden(change):
    provider = ProviderFactory(listing=Listing.HIDDEN)
    ServiceFactory(provider=provider)

    with pytest.raises(ChangeRefused, match="hidden by staff"):
        change(provider=provider, actor=provider.user)

    provider.refresh_from_db()
    assert provider.listing == Listing.HIDDEN


def test_pausing_and_resuming_a_page(provider):
    ServiceFactory(provider=provider)

    services.pause_page(provider=provider, actor=provider.user)
    services.pause_page(provider=provider, actor=provider.user)
    assert Provider.objects.get().listing == Listing.PAUSED
    assert refreshed() == 1

    services.resume_page(provider=provider, actor=provider.user)
    assert Provider.objects.get().listing == Listing.LIVE
    assert refreshed() == 2


# --- Services ---------------------------------------------------------------------------------------------------------


def test_save_service_adds_one_at_the_end(provider):
    ServiceFactory(provider=provider, slug="first-assessment", position=4)

    service = services.save_service(provider=provider, actor=provider.user, values=assessment())

    assert (service.slug, service.position, service.is_active) == ("first-assessment-2", 5, True)
    assert refreshed() == 1


def test_save_service_keeps_the_address_of_a_live_page(provider):
    service = services.save_service(provider=provider, actor=provider.user, values=assessment())

    changed = services.save_service(
        provider=provider,
        actor=provider.user,
        service=service,
        values=assessment(name="Assessment"),
        seen=edit_stamps.of_service(service),
    )

    assert (changed.name, changed.slug) == ("Assessment", "first-assessment")


def test_save_service_refuses_a_price_with_more_digits_than_the_currency(provider):
    with pytest.raises(ValidationError) as refusal:
        services.save_service(
            provider=provider, actor=provider.user, values=assessment(currency="JPY", price=Decimal("5800.50"))
        )

    assert list(refusal.value.message_dict) == ["price"]
    assert not Service.objects.exists()


def test_save_service_ignores_fields_that_are_not_its_form(provider):
    other = ProviderFactory()

    service = services.save_service(
        provider=provider,
        actor=provider.user,
        values=assessment(provider=other, provider_id=other.pk, slug="free", position=99, is_active=False),
    )

    assert (service.provider, service.slug, service.position, service.is_active) == (
        provider,
        "first-assessment",
        0,
        True,
    )


def test_save_service_notices_a_change_from_another_tab(provider):
    service = services.save_service(provider=provider, actor=provider.user, values=assessment())
    seen = edit_stamps.of_service(Service.objects.get())
    services.save_service(
        provider=provider, actor=provider.user, service=service, values=assessment(price=Decimal(90)), seen=seen
    )

    with pytest.raises(ChangedMeanwhile):
        services.save_service(
            provider=provider, actor=provider.user, service=service, values=assessment(price=Decimal(70)), seen=seen
        )
    # The same form sent twice is no conflict.
    services.save_service(
        provider=provider, actor=provider.user, service=service, values=assessment(price=Decimal("90.00")), seen=seen
    )

    assert Service.objects.get().price == 90


def test_nobody_else_changes_a_service(provider):
    service = ServiceFactory(provider=provider)
    stranger = ProviderFactory().user

    for change in (services.pause_service, services.delete_service):
        with pytest.raises(ChangeRefused, match="not yours"):
            change(service=service, actor=stranger)

    service.refresh_from_db()
    assert service.is_active


def test_services_change_places(provider):
    a, b, c = (ServiceFactory(provider=provider, name=name) for name in "ABC")

    services.move_service(service=c, actor=provider.user, up=True)
    services.move_service(service=a, actor=provider.user, up=True)
    services.move_service(service=b, actor=provider.user, up=False)

    assert [service.name for service in queries.services_of(provider)] == ["A", "C", "B"]


def test_a_service_that_nobody_booked_can_be_deleted(provider):
    service = ServiceFactory(provider=provider)

    for _ in range(2):  # the second press finds it gone, which is what it asked for
        services.delete_service(service=service, actor=provider.user)

    assert not Service.objects.exists()


# --- Open time --------------------------------------------------------------------------------------------------------


def test_set_working_hours_replaces_the_week(provider):
    services.set_working_hours(
        provider=provider,
        actor=provider.user,
        week={1: [(FIVE, 1440), (NINE, NOON)], 2: [(0, 120)]},
        time_zone="Asia/Calcutta",
    )

    provider = Provider.objects.get()
    assert queries.week_of(provider) == {1: [(NINE, NOON), (FIVE, 1440)], 2: [(0, 120)]}
    assert provider.time_zone == "Asia/Kolkata"
    assert refreshed() == 1


def test_set_working_hours_refuses_the_whole_week_for_one_wrong_range(provider):
    before = queries.week_of(provider)

    with pytest.raises(HoursRefused) as refusal:
        services.set_working_hours(
            provider=provider, actor=provider.user, week={0: [(NINE, NOON)], 1: [(480, 750), (NOON, 1080)]}
        )

    assert [(problem.weekday, problem.place) for problem in refusal.value.problems] == [(1, 1)]
    assert queries.week_of(provider) == before
    assert refreshed() == 0


def test_set_working_hours_notices_a_change_from_another_tab(provider):
    rows = list(provider.working_hours.values_list("weekday", "start_minute", "end_minute"))
    seen = edit_stamps.of_week(provider.time_zone, rows)
    services.set_working_hours(provider=provider, actor=provider.user, week={0: [(NINE, NOON)]}, seen=seen)

    with pytest.raises(ChangedMeanwhile):
        services.set_working_hours(provider=provider, actor=provider.user, week={1: [(NINE, NOON)]}, seen=seen)
    services.set_working_hours(provider=provider, actor=provider.user, week={0: [(NINE, NOON)]}, seen=seen)

    assert queries.week_of(provider) == {0: [(NINE, NOON)]}
    assert refreshed() == 1


def test_save_override_covers_a_range_of_dates(provider):
    override = services.save_override(
        provider=provider,
        actor=provider.user,
        start_on=dt.date(2026, 12, 24),
        end_on=dt.date(2026, 12, 26),
        ranges=[(FIVE, 1080), (NINE, NOON)],
        note="Christmas",
    )

    assert DateOverride.objects.get().ranges == [[NINE, NOON], [FIVE, 1080]]
    assert override.dates_between(dt.date(2026, 12, 25), dt.date(2027, 1, 1)) == [
        dt.date(2026, 12, 25),
        dt.date(2026, 12, 26),
    ]
    assert refreshed() == 1


def test_two_overrides_never_speak_of_one_date(provider):
    day = dt.date(2026, 12, 24)
    DateOverrideFactory(provider=provider, start_on=day, end_on=day + dt.timedelta(days=2), note="Christmas")
    DateOverrideFactory(start_on=day)

    with pytest.raises(OverrideOverlaps) as refusal:
        services.save_override(
            provider=provider,
            actor=provider.user,
            start_on=dt.date(2026, 12, 26),
            end_on=dt.date(2026, 12, 31),
            ranges=[],
        )

    assert str(refusal.value) == (
        "Sat 26 December to Thu 31 December can’t be added: "
        "Thu 24 December to Sat 26 December (Christmas) already have hours of their own."
    )
    assert provider.date_overrides.count() == 1


def test_an_override_may_take_its_own_dates_again(provider):
    override = DateOverrideFactory(provider=provider, start_on=dt.date(2026, 12, 24))

    changed = services.save_override(
        provider=provider,
        actor=provider.user,
        override=override,
        start_on=dt.date(2026, 12, 24),
        end_on=dt.date(2026, 12, 25),
        ranges=[],
        seen=edit_stamps.of_override(override),
    )

    assert (changed.pk, changed.end_on) == (override.pk, dt.date(2026, 12, 25))


@pytest.mark.parametrize(
    ("start_on", "end_on", "words"),
    [
        (dt.date(2026, 12, 2), dt.date(2026, 12, 1), "before the first one"),
        (dt.date(2026, 3, 7), dt.date(2026, 3, 8), "are over"),
        (dt.date(2026, 3, 9), dt.date(2027, 4, 1), "at most a year"),
        (dt.date(2026, 3, 9), dt.date(9999, 12, 31), "at most a year"),
        (dt.date(9999, 12, 1), dt.date(9999, 12, 31), "next three years"),
        (dt.date(1, 1, 1), dt.date(1, 1, 1), "are over"),
    ],
)
def test_save_override_refuses_dates_that_make_no_sense(provider, start_on, end_on, words):
    with pytest.raises(OverrideRefused, match=words):
        services.save_override(provider=provider, actor=provider.user, start_on=start_on, end_on=end_on, ranges=[])

    assert not DateOverride.objects.exists()


def test_remove_override_gives_the_dates_back_to_the_week(provider):
    override = DateOverrideFactory(provider=provider, start_on=dt.date(2026, 12, 24))

    services.remove_override(override=override, actor=provider.user)
    services.remove_override(override=override, actor=provider.user)

    assert not DateOverride.objects.exists()
    assert refreshed() == 1


# --- Rules ------------------------------------------------------------------------------------------------------------


def test_save_policy_keeps_what_is_no_rule_of_it(provider):
    policy = provider.policy

    saved = services.save_policy(
        provider=provider,
        actor=provider.user,
        values={"notice_minutes": 1440, "max_per_day": 6, "reschedule_cutoff_minutes": 1, "provider_id": 1},
        seen=edit_stamps.of_policy(policy),
    )

    assert (saved.notice_minutes, saved.max_per_day, saved.reschedule_cutoff_minutes) == (1440, 6, 1)
    assert saved.provider_id == provider.pk
    assert refreshed() == 1


def test_save_policy_refuses_figures_out_of_range(provider):
    with pytest.raises(ValidationError):
        services.save_policy(
            provider=provider,
            actor=provider.user,
            values={"window_days": 366},
            seen=edit_stamps.of_policy(provider.policy),
        )

    assert BookingPolicy.objects.get().window_days == 60


def test_save_policy_notices_a_change_from_another_tab(provider):
    seen = edit_stamps.of_policy(provider.policy)
    services.save_policy(provider=provider, actor=provider.user, values={"window_days": 30}, seen=seen)

    with pytest.raises(ChangedMeanwhile):
        services.save_policy(provider=provider, actor=provider.user, values={"window_days": 90}, seen=seen)

    assert BookingPolicy.objects.get().window_days == 30


def test_what_was_deleted_meanwhile_is_told(provider):
    service = ServiceFactory(provider=provider, name="Follow-up")
    override = DateOverrideFactory(provider=provider, start_on=dt.date(2026, 12, 24))
    Service.objects.all().delete()
    DateOverride.objects.all().delete()

    for change in (
        lambda: services.pause_service(service=service, actor=provider.user),
        lambda: services.move_service(service=service, actor=provider.user, up=True),
        lambda: services.save_service(provider=provider, actor=provider.user, service=service, values=assessment()),
    ):
        with pytest.raises(ChangeRefused, match="Follow-up was deleted meanwhile."):
            change()
    with pytest.raises(OverrideRefused, match="removed meanwhile"):
        services.save_override(
            provider=provider,
            actor=provider.user,
            override=override,
            start_on=dt.date(2026, 12, 24),
            end_on=dt.date(2026, 12, 24),
            ranges=[],
        )
