"""Every time on a card may be booked at that moment, whatever the index believes, seen from anywhere."""

import re
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st

from appointments.models import Hold, OpenDay, OpeningIndex
from appointments.pages.month_picker import from_value
from appointments.search.index import refresh_openings
from appointments.services import availability, booking
from calendar_sync.models import BusyInterval
from providers.models import BookingPolicy, Provider, Service
from tests.factories.accounts import UserFactory
from tests.factories.providers import DateOverrideFactory, ProviderFactory, ServiceFactory, give_hours

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
ZONES = [
    "Europe/London",
    "Pacific/Kiritimati",
    "Pacific/Niue",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Antarctica/Troll",
]


def times_on(client, query="") -> dict[str, list[datetime]]:
    """Provider's slug -> the starts that the page links to the booking form."""
    page = client.get(f"/providers/?{query}")
    assert page.status_code == 200
    found: dict[str, list[datetime]] = {}
    for href in re.findall(r'href="(/book/[^"]+)"', page.content.decode()):
        address = urlsplit(href.replace("&amp;", "&"))
        slug, service = address.path.strip("/").split("/")[1:]
        start = from_value(parse_qs(address.query)["start"][0])
        wanted = Service.objects.select_related("provider__policy", "provider__user").get(
            provider__slug=slug, slug=service
        )
        assert availability.may_book(wanted, start, now=datetime.now(UTC)), (slug, service, start)
        found.setdefault(slug, []).append(start)
    return found


@settings(max_examples=25)
@given(data=st.data())
def test_every_time_on_the_page_may_be_booked(db, client, data):
    """Random calendars, zones and moments, with an index that knows nothing of what happened since."""
    Hold.objects.all().delete()
    BusyInterval.objects.all().delete()
    Provider.objects.update(listing="paused")
    people = [_random_provider(data) for _ in range(3)]
    with time_machine.travel(NOW - timedelta(hours=data.draw(st.integers(0, 200))), tick=False):
        refresh_openings(provider_ids=[person.pk for person in people])
    for person in people:
        for _ in range(data.draw(st.integers(0, 6))):
            start = NOW + timedelta(minutes=data.draw(st.integers(0, 8 * 1440)))
            BusyInterval.objects.create(
                provider=person, start=start, end=start + timedelta(minutes=data.draw(st.integers(1, 2000)))
            )
        if data.draw(st.booleans()):
            BookingPolicy.objects.filter(provider=person).update(notice_minutes=data.draw(st.integers(0, 5000)))
    parts = data.draw(st.sets(st.sampled_from(["am", "pm", "eve"]), max_size=2))
    query = f"tz={data.draw(st.sampled_from(ZONES))}" + "".join(f"&part={part}" for part in parts)

    times_on(client, query)


def _random_provider(data) -> Provider:
    person = ProviderFactory(time_zone=data.draw(st.sampled_from(ZONES)), hours={})
    opens = data.draw(st.lists(st.sampled_from(range(20)), min_size=1, max_size=4, unique=True))
    give_hours(person, {day: [(f"{hour:02}:10", f"{hour + 4:02}:00") for hour in opens] for day in (0, 2, 3, 6)})
    for n in range(data.draw(st.integers(1, 2))):
        ServiceFactory(
            provider=person,
            slug=f"s{n}",
            duration_minutes=data.draw(st.sampled_from([20, 45, 90])),
            buffer_after_minutes=data.draw(st.sampled_from([0, 15])),
            slot_interval_minutes=data.draw(st.sampled_from([None, 35])),
        )
    return person


def test_a_card_shows_three_times_a_day_and_how_many_more(offer, index, client):
    offer("Maya", hours={0: [("09:00", "17:00")], 1: [("09:00", "11:00")]})
    index()
    (card,) = client.get("/providers/").context["cards"]

    assert [(day.name, day.short, [time.text for time in day.times], day.more) for day in card.days] == [
        ("Today", "2 Mar", ["10:00", "11:00", "12:00"], 4),
        ("Tue", "3 Mar", ["09:00", "10:00"], 0),
        ("Wed", "4 Mar", [], 0),
        ("Thu", "5 Mar", [], 0),
        ("Fri", "6 Mar", [], 0),
    ]
    assert card.days[0].times[0].href == "/book/maya/main/?start=2026-03-02T10:00:00Z"
    assert card.days[0].href == "/providers/maya/main/?day=2026-03-02"
    assert card.price == "£58 for 1 h"


def test_links_name_the_zone_only_where_somebody_chose_it(offer, index, client):
    offer("Maya", hours={0: [("09:00", "17:00")]})
    index()
    client.cookies["tz"] = "Asia%2FKathmandu"

    def links(query):
        (card,) = client.get(f"/providers/{query}").context["cards"]
        return card.href, card.days[0].href, card.days[0].times[0].href

    zone = "tz=Europe%2FParis"
    day, start = "/providers/maya/main/?day=2026-03-02", "/book/maya/main/?start=2026-03-02T10:00:00Z"
    assert links("") == ("/providers/maya/", day, start)
    assert links("?tz=Europe/Paris") == (f"/providers/maya/?{zone}", f"{day}&{zone}", f"{start}&{zone}")
    assert links("?tz=all") == links("")
    assert links("?tz=all,Europe/Paris") == links("?tz=Europe/Paris")


@pytest.mark.parametrize("zone", ZONES)
def test_the_same_instants_are_shown_from_everywhere(offer, index, client, zone):
    offer("Maya", hours={1: [("09:00", "12:00")]})
    index()

    found = times_on(client, f"tz={zone}")

    assert found == {"maya": [datetime(2026, 3, 3, hour, tzinfo=UTC) for hour in (9, 10, 11)]}


@pytest.mark.parametrize(
    ("query", "page"),
    [
        ("", "/providers/maya/"),
        ("from=2026-03-02", "/providers/maya/"),  # today: that is how it opens
        ("from=2026-03-03", "/providers/maya/main/?day=2026-03-03"),
        ("from=2026-03-04", "/providers/maya/main/?day=2026-03-09"),  # the day of the next opening
        ("part=pm", "/providers/maya/main/?day=2026-03-03"),
        ("part=eve&tz=Asia/Tokyo", "/providers/maya/main/?day=2026-03-02&tz=Asia%2FTokyo"),
    ],
)
def test_the_name_leads_to_the_day_that_was_searched_for(offer, index, client, query, page):
    offer("Maya", hours={0: [("09:00", "11:00")], 1: [("14:00", "16:00")]})
    index()

    (card,) = client.get(f"/providers/?{query}", follow=True).context["cards"]

    assert card.href == page


def test_each_viewer_reads_them_on_their_own_date(offer, index, client):
    offer("Maya", hours={1: [("09:00", "10:00")]})
    index()

    def read(zone):
        (card,) = client.get(f"/providers/?tz={zone}").context["cards"]
        return [(day.short, day.times[0].text, day.times[0].iso) for day in card.days if day.times]

    assert read("Asia/Kathmandu") == [("3 Mar", "14:45", "2026-03-03T14:45+05:45")]
    assert read("Pacific/Kiritimati") == [("3 Mar", "23:00", "2026-03-03T23:00+14:00")]
    assert read("Pacific/Niue") == [("2 Mar", "22:00", "2026-03-02T22:00-11:00")]


def test_a_hour_that_happens_twice_says_which(offer, index, client):
    with time_machine.travel(datetime(2026, 10, 24, 12, tzinfo=UTC), tick=False):
        offer("Maya", hours={6: [("00:00", "04:00")]}, policy__notice_minutes=0)
        index()
        (card,) = client.get("/providers/").context["cards"]

    assert [time.text for time in card.days[1].times] == ["00:00", "01:00, first", "01:00, second"]


def test_parts_of_the_day_choose_the_times_on_the_card(offer, index, client):
    offer("Maya", hours={0: [("09:00", "20:00")]})
    index()

    found = times_on(client, "part=am&part=eve")

    assert [at.hour for at in found["maya"]] == [10, 11, 17]


def test_times_belong_to_a_service_that_was_asked_for(offer, index, client):
    person = offer("Maya", service={"name": "Assessment", "price": 90})
    ServiceFactory(provider=person, slug="massage", name="Sports massage", price=40, position=3)
    index()

    def service(query):
        (card,) = client.get(f"/providers/?{query}").context["cards"]
        return card.service.slug

    assert service("") == "main"
    assert service("max=50-GBP") == "massage"
    assert service("q=massage") == "massage"


def test_a_service_without_openings_gives_way_to_one_that_has(offer, index, client):
    person = offer("Maya", service={"duration_minutes": 700})
    ServiceFactory(provider=person, slug="short", duration_minutes=30, position=3)
    index()
    (card,) = client.get("/providers/").context["cards"]

    assert card.service.slug == "short"


@pytest.mark.parametrize(
    ("closed_until", "query", "said"),
    [
        (date(2026, 3, 17), "", "Nothing open until Wednesday 18 March."),
        (None, "", "Fully booked until Saturday 7 March."),
        (None, "part=am", "Nothing open in the morning until Saturday 7 March."),
    ],
)
def test_a_full_week_names_the_next_opening(offer, index, client, closed_until, query, said):
    person = offer("Maya", hours={day: [("09:00", "17:00")] for day in range(7)})
    if closed_until:
        DateOverrideFactory(provider=person, start_on=NOW.date(), end_on=closed_until)
    else:
        BusyInterval.objects.create(provider=person, start=NOW, end=datetime(2026, 3, 7, tzinfo=UTC))
    index()
    page = client.get(f"/providers/?{query}")

    assert said in re.sub(r"<[^>]+>", "", page.content.decode())
    (card,) = page.context["cards"]
    assert card.days == []
    assert card.next.at.hour == 9
    assert card.next.href.startswith(f"/providers/maya/main/?day={card.next.day.isoformat()}")
    # The waitlist is asked for the days before, and for the parts of the day that were searched for.
    until = card.next.day - timedelta(days=1)
    parts = "&parts=0" if query else ""
    assert card.waitlist == f"/waitlist/maya/main/?day=2026-03-02&until={until.isoformat()}{parts}"


def test_a_stale_index_never_names_a_time_that_has_gone(offer, index, client):
    person = offer("Maya")
    DateOverrideFactory(provider=person, start_on=NOW.date(), end_on=date(2026, 3, 17))
    index()
    DateOverrideFactory(provider=person, start_on=date(2026, 3, 18), end_on=date(2026, 5, 30))
    (card,) = client.get("/providers/").context["cards"]

    assert OpeningIndex.objects.get().next_at == datetime(2026, 3, 18, 9, tzinfo=UTC)
    assert (card.days, card.next) == ([], None)
    assert card.reason == "Nothing open"
    assert times_on(client) == {}


def test_the_next_opening_is_found_soon_after_one_that_was_taken(offer, index, client):
    person = offer("Maya")
    DateOverrideFactory(provider=person, start_on=NOW.date(), end_on=date(2026, 3, 17))
    index()
    BusyInterval.objects.create(
        provider=person, start=datetime(2026, 3, 18, 9, tzinfo=UTC), end=datetime(2026, 3, 18, 15, 30, tzinfo=UTC)
    )
    (card,) = client.get("/providers/").context["cards"]

    assert card.next.at == datetime(2026, 3, 18, 16, tzinfo=UTC)


def test_a_page_is_in_the_calendars_order_where_the_index_is_behind(offer, index, client):
    first, second = offer("Ada", hours={1: [("09:00", "10:00")]}), offer("Ben", hours={1: [("09:30", "10:30")]})
    index()
    assert [card.provider for card in client.get("/providers/").context["cards"]] == [first, second]

    BusyInterval.objects.create(
        provider=first, start=datetime(2026, 3, 3, 9, tzinfo=UTC), end=datetime(2026, 3, 3, 10, tzinfo=UTC)
    )

    assert [card.provider for card in client.get("/providers/").context["cards"]] == [second, first]


def test_times_kept_and_taken_by_others_are_not_shown(offer, index, client):
    person = offer("Maya", hours={1: [("09:00", "12:00")]})
    index()
    service = Service.objects.select_related("provider__policy").get(provider=person)
    Hold.objects.create(kind="kept",
        provider=person, start=datetime(2026, 3, 3, 9, tzinfo=UTC), end=datetime(2026, 3, 3, 10, tzinfo=UTC),
        browser="somebody", expires_at=NOW + timedelta(minutes=5),
    )  # fmt: skip
    booking.book_appointment(
        service=service, start=datetime(2026, 3, 3, 10, tzinfo=UTC), customer=UserFactory(),
        terms=booking.terms_of(service), booking_key="k",
    )  # fmt: skip

    assert times_on(client) == {"maya": [datetime(2026, 3, 3, 11, tzinfo=UTC)]}
    assert OpenDay.objects.filter(provider=person).exists()
