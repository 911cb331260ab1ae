"""Prepared queries answer as the querysets they are made of, and are refused where they could answer wrongly."""

import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.db.models import F, Q, QuerySet, Value
from django.test.utils import CaptureQueriesContext

from appointments.models import Hold
from core.compiled_queries import Several, prepared, together
from providers.models import DateOverride, Provider, Service
from tests.factories.providers import ProviderFactory, ServiceFactory

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@prepared
def services_named(name, ids):
    return Service.objects.select_related("provider").filter(name=name, provider_id__in=ids).order_by("pk")


@prepared
def holds_between(provider_id, start, end, browser):
    kept = Q(expires_at__gt=start) if browser is None else Q(expires_at__gt=start) & ~Q(browser=browser)
    return Hold.objects.filter(kept, provider_id=provider_id, end__gt=start, start__lt=end).values_list("start", "end")


@prepared
def services_of(person):
    return Service.objects.filter(provider__user__uuid=person)


@prepared
def overrides_on(day):
    rows = DateOverride.objects.filter(start_on__lte=day, end_on__gte=day)
    return rows.values_list("provider_id", "start_on", "ranges")


def keep(provider, start, browser):
    Hold.objects.create(
        kind="kept",
        provider=provider,
        start=start,
        end=start + HOUR,
        browser=browser,
        expires_at=start + timedelta(minutes=10),
    )


def test_models_and_what_they_join_come_in_one_query():
    first, second = ServiceFactory(name="Massage"), ServiceFactory(name="Massage")
    other = ServiceFactory(name="Cello", provider=first.provider)
    services_named(name="Yoga", ids=[1, 2])

    with CaptureQueriesContext(connection) as caught:
        found = services_named(name="Massage", ids=[first.provider_id, second.provider_id])
        names = [service.provider.name for service in found]

    assert found == [first, second]
    assert names == [first.provider.name, second.provider.name]
    assert len(caught) == 1
    assert services_named(name="Cello", ids=[second.provider_id, first.provider_id]) == [other]


def whole(row, *behind):
    """All that was read with the row: its columns, what was added, and what it joins, but for the way back."""
    cached = {name: other for name, other in row._state.fields_cache.items() if other not in behind}
    joined = {name: other and whole(other, row, *behind) for name, other in cached.items()}
    return {name: value for name, value in vars(row).items() if name != "_state"}, joined, row._state.adding


def test_rows_have_all_that_the_queryset_gives_them(monkeypatch):
    def services_of(provider_id):
        rows = Service.objects.select_related("provider__category", "provider__policy").order_by("pk")
        rows = rows.filter(provider_id=provider_id).annotate(twice=F("price") * 2, opened=F("provider__live_since"))
        return rows.defer("description", "provider__about")

    def providers_with(pk):
        return Provider.objects.filter(pk=pk).prefetch_related("services")

    provider = ProviderFactory(category=None)
    for price in ("5.00", "7.50"):
        ServiceFactory(provider=provider, price=Decimal(price))
    of_provider, with_services = prepared(services_of), prepared(providers_with)
    of_provider(provider_id=0)
    expected = [whole(row) for row in services_of(provider.pk)]
    clones = []
    monkeypatch.setattr(QuerySet, "_clone", lambda self: clones.append(self))
    found = of_provider(provider_id=provider.pk)
    monkeypatch.undo()

    assert [whole(row) for row in found] == expected
    assert clones == []
    assert [row.twice for row in found] == [Decimal("10.00"), Decimal("15.00")]
    [fetched] = with_services(pk=provider.pk)
    with CaptureQueriesContext(connection) as caught:
        assert list(fetched.services.all()) == found
    assert len(caught) == 0


def test_lists_of_other_lengths_are_other_questions():
    services = [ServiceFactory(name="Massage") for _ in range(3)]
    ids = [service.provider_id for service in services]

    found = [services_named(name="Massage", ids=ids[:count]) for count in range(4)]

    assert found == [services[:count] for count in range(4)]


def test_a_value_named_twice_in_a_list_counts_once():
    service = ServiceFactory(name="Massage")

    assert services_named(name="Massage", ids=[service.provider_id] * 2) == [service]


def test_the_same_question_follows_what_changes():
    service = ServiceFactory(name="Massage")
    before = services_named(name="Massage", ids=[service.provider_id])
    Service.objects.update(name="Cello")

    assert [each.name for each in before] == ["Massage"]
    assert services_named(name="Massage", ids=[service.provider_id]) == []


def test_instants_and_what_is_none_reach_the_database_as_fields_write_them():
    provider = ProviderFactory()
    keep(provider, NOON, "mine")
    keep(provider, NOON + 2 * HOUR, "theirs")
    elsewhere = NOON.astimezone(provider.zone)

    found = [
        sorted(holds_between(provider_id=provider.pk, start=start, end=start + 3 * HOUR, browser=browser))
        for start in (NOON, elsewhere, NOON + HOUR)
        for browser in (None, "mine")
    ]

    first, second = [(at, at + HOUR) for at in (NOON, NOON + 2 * HOUR)]
    assert found == [[first, second], [second]] * 2 + [[second], [second]]


def test_a_row_is_found_by_its_uuid():
    first, second = ServiceFactory(), ServiceFactory()

    assert [services_of(person=each.provider.user.uuid) for each in (second, first)] == [[second], [first]]


def test_questions_asked_together_have_each_their_own_answer():
    service = ServiceFactory(name="Massage")
    keep(service.provider, NOON, "mine")
    DateOverride.objects.create(
        provider=service.provider, start_on=date(2026, 3, 1), end_on=date(2026, 3, 3), ranges=[[60, 90]]
    )
    holds = {"provider_id": service.provider_id, "start": NOON, "end": NOON + HOUR, "browser": None}

    with CaptureQueriesContext(connection) as caught:
        answers = together(
            services_named.asking(name="Massage", ids=[service.provider_id]),
            services_named.asking(name="Massage", ids=[]),
            holds_between.asking(**holds),
            overrides_on.asking(day=date(2026, 3, 2)),
        )

    assert answers == (
        [service],
        [],
        [(NOON, NOON + HOUR)],
        [(service.provider_id, date(2026, 3, 1), [[60, 90]])],
    )
    assert len(caught) == 3


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite is asked in turn")
def test_questions_asked_together_are_one_exchange_with_the_database(monkeypatch):
    service, waits = ServiceFactory(name="Massage"), []
    questions = [services_named.asking(name="Massage", ids=[service.provider_id]) for _ in range(5)]
    pipeline = connection.connection.pipeline
    monkeypatch.setattr(connection.connection, "pipeline", lambda: waits.append("together") or pipeline())

    assert together(*questions) == ([service],) * 5
    assert waits == ["together"]


def test_several_questions_are_sent_before_any_is_answered_and_answered_as_one(monkeypatch):
    service, sent = ServiceFactory(name="Massage"), []
    parts = [services_named.asking(name=name, ids=[service.provider_id]) for name in ("Massage", "Cello")]
    for part in parts:
        monkeypatch.setattr(part, "send", lambda send=part.send: sent.append("sent") or send())
    one = Several(*parts, read=lambda massages, cellos: (massages, cellos, list(sent)))

    assert together(one) == (([service], [], ["sent", "sent"]),)


def test_what_a_query_always_asks_is_part_of_its_text_however_it_is_spelt():
    """PostgreSQL plans once for all values: it can't use an index for open offers when "open" is one of them."""
    odd = "100% 'silk' %s \\ 丝"

    @prepared
    def odd_ones(ids):
        rows = Service.objects.filter(name=odd, name__contains=F("description"), description__contains="%")
        return rows.filter(provider_id__in=ids).order_by("pk")

    found, plain = ServiceFactory(name=odd, description="0% '"), ServiceFactory(name=odd, description="")
    ids, sent = [found.provider_id, plain.provider_id], []

    def look(execute, sql, params, many, context):
        sent.append(list(params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(look):
        assert odd_ones(ids=ids) == [found]
        assert odd_ones.slice(0, 1, ids=ids) == [found]

    if connection.vendor == "postgresql":
        assert sent == [ids, ids]


def test_an_error_of_one_question_leaves_none_answered(monkeypatch):
    question = services_named.asking(name="Massage", ids=[1])
    monkeypatch.setattr(question.ready, "sql", "SELECT nothing FROM nowhere WHERE %s = %s")

    with pytest.raises(DatabaseError), transaction.atomic():
        together(overrides_on.asking(day=date(2026, 3, 2)), question)

    assert overrides_on(day=date(2026, 3, 2)) == []


def test_dates_and_json_are_read_back_as_they_are():
    provider = ProviderFactory()
    DateOverride.objects.create(
        provider=provider, start_on=date(2026, 3, 1), end_on=date(2026, 3, 3), ranges=[[60, 90]]
    )

    found = [overrides_on(day=date(2026, 3, day)) for day in (2, 4)]

    assert found == [[(provider.pk, date(2026, 3, 1), [[60, 90]])], []]


def test_threads_ask_at_once_and_get_each_their_own():
    expected = {name: [] for name in ("one", "two", "three")}
    found, errors = {}, []

    def ask(name):
        try:
            found[name] = [services_named(name=name, ids=[n]) for n in range(20)]
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask, args=(name,)) for name in expected]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert found == {name: [[]] * 20 for name in expected}


def test_a_slice_is_that_of_the_queryset_and_no_shape_of_its_own():
    services = [ServiceFactory(name="Massage") for _ in range(5)]
    ids = [service.provider_id for service in services]

    found = [services_named.slice(*places, name="Massage", ids=ids) for places in ((0, 2), (2, 4), (4, 9), (9, 12))]

    assert found == [services[:2], services[2:4], services[4:], []]
    assert services_named(name="Massage", ids=ids) == services


@pytest.mark.parametrize(
    "build",
    [
        lambda number: Service.objects.filter(pk=number)[:3],
        lambda number: Service.objects.filter(pk=number).select_for_update(),
    ],
)
def test_a_slice_is_refused_where_it_would_be_of_something_else(build):
    with pytest.raises(TypeError):
        prepared(build).slice(0, 2, number=1)


@pytest.mark.parametrize(
    ("build", "values"),
    [
        (lambda start: Hold.objects.filter(end__gt=start - DAY), {"start": NOON}),
        (lambda start: Hold.objects.filter(Q(end__gt=start) | Q(end__lt=start + DAY)), {"start": NOON}),
        (lambda name: Service.objects.filter(name__contains=name), {"name": "mass"}),
        (lambda name: Service.objects.filter(name=name.upper()), {"name": "mass"}),
        (lambda ids: Service.objects.filter(pk__in=ids[1:]), {"ids": [1, 2]}),
        (lambda number: Provider.objects.filter(pk=number % 1000), {"number": 1}),
        (lambda number: Provider.objects.all(), {"number": 1}),
        (lambda number: Provider.objects.annotate(more=Value(number + 1)).filter(pk=number), {"number": 1}),
        (lambda number: Provider.objects.filter(pk=number)[: number % 2 + 1], {"number": 1}),
        (lambda price: Service.objects.filter(price=price), {"price": Decimal(5)}),
    ],
)
def test_whatever_would_answer_wrongly_later_is_refused_at_once(build, values):
    with pytest.raises(TypeError):
        prepared(build)(**values)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one size of integers")
def test_a_number_for_a_small_column_is_refused_instead_of_never_kept():
    @prepared
    def of_length(minutes):
        return Service.objects.filter(duration_minutes=minutes)

    with pytest.raises(TypeError, match="of_length compares a number with a column of less than 64 bits"):
        of_length(minutes=60)


def test_what_no_row_can_hold_is_answered_with_none():
    @prepared
    def of_provider(provider_id, ids):
        return Service.objects.filter(provider_id=provider_id, pk__in=ids)

    assert of_provider(provider_id=1, ids=[]) == []
