"""A search in an address: what is understood, what is said about the rest, and the address it is written back to."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.http import QueryDict
from hypothesis import given, settings
from hypothesis import strategies as st

from appointments.exceptions import Unreadable
from appointments.search.wanted import KEYS, Wanted, demand, read
from core import clock
from core.folding import fold, terms
from core.money import Money

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
LONDON = clock.zone("Europe/London")


def parse(query: str, zone=LONDON) -> Wanted:
    return read(QueryDict(query), zone=zone, now=NOW)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", Wanted()),
        ("q=++cello+++lesson+", Wanted(q="cello lesson")),
        ("where=online", Wanted(where="online")),
        ("where=anywhere&sort=soonest&page=1", Wanted()),
        ("from=2026-03-12", Wanted(day=date(2026, 3, 12))),
        ("from=2026-03-02", Wanted()),
        ("from=2025-12-31", Wanted()),
        ("part=eve&part=am&part=midnight", Wanted(parts=("am", "eve"))),
        ("part=am&part=pm&part=eve", Wanted()),
        ("category=coaching&category=law&category=law", Wanted(categories=("coaching", "law"))),
        ("category=../x&category=%00", Wanted()),
        ("instant=1", Wanted(instant=True)),
        ("instant=0", Wanted()),
        ("max=60-GBP", Wanted(most=Money(Decimal("60.00"), "GBP"))),
        ("max=60", Wanted(most=Money(Decimal("60.00"), "GBP"))),
        ("max=5800-JPY", Wanted(most=Money(Decimal("5800"), "JPY"))),
        ("sort=price", Wanted(sort="price")),
        ("sort=password", Wanted()),
        ("tz=Asia/Calcutta", Wanted(tz="Asia/Kolkata")),
        ("tz=../../etc/passwd", Wanted()),
        ("page=3", Wanted(page=3)),
        ("page=0", Wanted()),
        ("page=-1", Wanted()),
        ("page=NaN", Wanted()),
        ("page=1e9", Wanted()),
        ("page=999999999", Wanted(page=100_000)),
        ("page=" + "9" * 400, Wanted()),
        ("page=%D9%A3", Wanted()),
    ],
)
def test_an_address_is_understood(query, wanted):
    assert parse(query) == wanted
    assert parse(query).errors == {}


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ("from=12%2F03%2F2026", "from", "Enter a date, like 2026-03-02."),
        ("from=2026-02-30", "from", "Enter a date, like 2026-03-02."),
        ("from=0001-01-01", "from", "Enter a date, like 2026-03-02."),
        ("from=9999-12-31", "from", "Enter a date, like 2026-03-02."),
        ("from=2026-W10-1", "from", "Enter a date, like 2026-03-02."),
        ("from=20260312", "from", "Enter a date, like 2026-03-02."),
        ("from=2026-05-02", "from", "Choose a date up to Fri 1 May."),
        ("max=-1", "max", "Choose a price from the list, or enter an amount like 60."),
        ("max=1e3", "max", "Choose a price from the list, or enter an amount like 60."),
        ("max=NaN", "max", "Choose a price from the list, or enter an amount like 60."),
        ("max=60-XXX", "max", "Choose a currency from the list."),
        ("max=60.005-GBP", "max", "GBP has at most 2 digits after the point."),
        ("q=" + "x" * 101, "q", "Search for at most 100 characters."),
        ("q=a%00b", "q", "This has characters that can’t be used here. Please type it again without them."),
    ],
)
def test_what_makes_no_sense_is_said_at_its_field_and_left_out(query, field, said):
    wanted = parse(query)

    assert wanted.errors == {field: said}
    assert not getattr(wanted, {"from": "day", "max": "most", "q": "q"}[field]) or wanted.q == "x" * 100


def test_today_is_the_viewers_today():
    assert parse("from=2026-03-02", clock.zone("Pacific/Niue")).day == date(2026, 3, 2)
    assert parse("from=2026-03-02", clock.zone("Pacific/Kiritimati")).day is None


def test_an_address_leaves_out_what_is_as_always():
    assert Wanted().query() == ""
    assert Wanted(q="cello", parts=("am", "eve"), page=4).query(page=2) == "q=cello&part=am&part=eve&page=2"
    assert Wanted(q="cello", page=4).query(q="") == ""


@settings(max_examples=200)
@given(st.lists(st.tuples(st.sampled_from(KEYS), st.text(max_size=30) | st.sampled_from(["am", "2026-03-09", "7"]))))
def test_an_address_written_back_says_the_same(pairs):
    asked = QueryDict(mutable=True)
    for name, value in pairs:
        asked.appendlist(name, value)
    wanted = read(asked, zone=LONDON, now=NOW)

    again = parse(wanted.query(page=wanted.page))

    assert again == wanted
    assert again.errors == {}


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Zoë Łukasz-Müller", " zoe lukasz muller "),
        ("STRASSE straße", " strasse strasse "),
        ("Ørsted, Århus", " orsted arhus "),
        ("İstanbul ısı", " istanbul isi "),
        ("50% off_", " 50 off "),
        ("Ｆｕｌｌ width", " full width "),
        ("日本語", " 日本語 "),
        ("", "  "),
    ],
)
def test_text_is_compared_without_case_and_accents(text, folded):
    assert fold(text) == folded


def test_short_words_match_the_beginning_of_words_only():
    assert terms("Art therapy art") == [" art", "therapy"]


def ask(**asked) -> Wanted:
    return demand(now=NOW, zone=LONDON, known_categories={"coaching", "law"}, **asked)


@pytest.mark.parametrize(
    ("asked", "address"),
    [
        ({}, ""),
        ({"q": "  cello   lesson "}, "q=cello+lesson"),
        ({"q": "cello", "place": "Camden"}, "q=cello+Camden"),
        ({"place": "Camden"}, "q=Camden"),
        ({"categories": ["law", "coaching", "law"]}, "category=coaching&category=law"),
        ({"venue": "online"}, "where=online"),
        ({"venue": "in_person"}, "where=person"),
        ({"max_price": Decimal(60), "currency": "GBP"}, "max=60-GBP"),
        ({"instant": True}, "instant=1"),
        ({"day": date(2026, 3, 12)}, "from=2026-03-12"),
        ({"day": date(2026, 3, 2)}, ""),
        ({"day": date(2026, 5, 1)}, "from=2026-05-01"),
        ({"parts": ["eve", "am"]}, "part=am&part=eve"),
        ({"parts": ["am", "pm", "eve"]}, ""),
        ({"sort": "soonest"}, ""),
        ({"sort": "price"}, "sort=price"),
        ({"tz": "Asia/Calcutta"}, "tz=Asia/Kolkata"),
        ({"tz": "Pacific/Niue", "day": date(2026, 3, 1)}, "tz=Pacific/Niue"),
        ({"page": 3}, "page=3"),
    ],
)
def test_a_program_s_search_is_that_of_an_address(asked, address):
    assert ask(**asked) == parse(address)


@pytest.mark.parametrize(
    ("asked", "faults"),
    [
        ({"categories": ["law", "sorcery"]}, [("category", "unknown")]),
        ({"venue": "anywhere"}, [("venue", "unknown")]),
        ({"parts": ["am", "midnight"]}, [("part", "unknown")]),
        ({"sort": "password"}, [("sort", "unknown")]),
        ({"tz": "../../etc/passwd"}, [("tz", "unknown")]),
        ({"q": "x" * 101}, [("q", "invalid")]),
        ({"place": "a\x00b"}, [("place", "invalid")]),
        ({"day": date(2026, 3, 1)}, [("from", "invalid")]),
        ({"day": date(2026, 5, 2)}, [("from", "invalid")]),
        ({"currency": "GBP"}, [("max_price", "required")]),
        ({"max_price": Decimal(60)}, [("currency", "required")]),
        ({"max_price": Decimal(60), "currency": "XXX"}, [("max_price", "invalid")]),
        ({"max_price": Decimal("60.005"), "currency": "GBP"}, [("max_price", "invalid")]),
        ({"max_price": Decimal(-1), "currency": "GBP"}, [("max_price", "invalid")]),
        ({"sort": "x", "venue": "y"}, [("venue", "unknown"), ("sort", "unknown")]),
    ],
)
def test_what_makes_no_sense_is_refused_a_program(asked, faults):
    with pytest.raises(Unreadable) as refused:
        ask(**asked)

    assert [(fault.field, fault.code) for fault in refused.value.faults] == faults
    assert all(fault.sentence.endswith(".") for fault in refused.value.faults)


def test_a_program_names_at_most_twenty_categories():
    many = [f"category-{n}" for n in range(21)]

    assert demand(now=NOW, zone=LONDON, known_categories=many, categories=many[:20]).categories == tuple(
        sorted(many[:20])
    )
    with pytest.raises(Unreadable, match="at most 20"):
        demand(now=NOW, zone=LONDON, known_categories=many, categories=many)
