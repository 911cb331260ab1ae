"""The cards of requests that wait, as they are written: decided from facts, without a database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.utils.html import escape

from accounts.models import User
from appointments.models import Appointment
from appointments.pages.studio.requests import plain_rows, rows_with_fit
from appointments.queries.agenda import Agenda
from appointments.states import Status
from providers.models import Provider, Service
from tests.hardening.skeleton import parts_of

LONDON = ZoneInfo("Europe/London")
# Tuesday 10 March 2026, 11:00 in London.
NOW = datetime(2026, 3, 10, 11, tzinfo=UTC)
HOUR = timedelta(hours=1)

CARD = """<li><article class="req" aria-labelledby="r-K7QFMR2W">
<div class="req__who"><span class="avatar" data-hue="4" aria-hidden="true">DK</span><div>\
<h3 class="req__name" id="r-K7QFMR2W" tabindex="-1"><a id="n-K7QFMR2W" href="/studio/requests/K7QFMR2W/">\
Dana Kowalski</a></h3><p class="muted">2 visits, 1 no-show</p></div></div>
<div class="req__body"><p class="req__when"><b><time datetime="2026-03-12T14:00+00:00">Thu 12 March, 14:00</time> to \
<time datetime="2026-03-12T14:45+00:00">14:45</time></b><span>First assessment, 45 min, online, £58</span></p>
<p class="req__note" dir="auto">“Left knee.”</p></div>

<div class="req__do" id="do-K7QFMR2W">\
<form method="post" action="/studio/requests/K7QFMR2W/accept/" hx-post="/studio/requests/K7QFMR2W/accept/" \
hx-target="#requests"><input type="hidden" name="csrfmiddlewaretoken" value="t0ken">\
<input type="hidden" name="from" value="today"><input type="hidden" name="shown" value="1773324000.">\
<button class="btn" id="a-K7QFMR2W" data-kind="primary" data-size="s" \
data-saving="Accepting…" aria-label="Accept Dana Kowalski">Accept</button></form>\
<a class="btn" id="d-K7QFMR2W" data-size="s" href="/studio/requests/K7QFMR2W/decline/" data-dialog data-narrow \
aria-label="Decline Dana Kowalski">Decline</a>
<p class="req__by end"><span class="muted">by <span aria-hidden="true">Wed 11:00</span>\
<span class="visually-hidden"><time datetime="2026-03-11T11:00+00:00">Wed 11 March, 11:00</time></span></span></p></div>
</article></li>"""


def asked(reference="K7QFMR2W", start=NOW + 51 * HOUR, name="Dana Kowalski", service="First assessment", **fields):
    given = {"note": "Left knee.", "venue": "online", "answer_by": NOW + 24 * HOUR} | fields
    one = Appointment(
        pk=int(start.timestamp()),
        reference=reference,
        customer=User(name=name),
        provider=Provider(name="Maya Okafor"),
        service=Service(name=service),
        status=Status.REQUESTED,
        start=start,
        end=start + timedelta(minutes=45),
        price=Decimal("58.000"),
        currency="GBP",
        **given,
    )
    one.visits, one.no_shows, one.late = 2, 1, 0
    return one


def written(rows, tag="request_cards rows level=2", **context):
    usual = {"zone": "Europe/London", "twelve": False, "now": NOW, "csrf_token": "t0ken", "many": len(rows) > 1}
    return Template(f"{{% load requests %}}{{% {tag} %}}").render(Context(usual | {"rows": rows} | context))


def plain(*appointments, **options):
    return plain_rows(LONDON, list(appointments), now=NOW, **options)


def fitted(*appointments, around=(), **options):
    agenda = Agenda(LONDON, [*around, *appointments], busy=[], hours={day: [(540, 1020)] for day in range(7)})
    return rows_with_fit(agenda, list(appointments), now=NOW, **options)


def test_a_card_beside_the_day_is_written_in_full():
    assert written(plain(asked()), "request_cards rows level=3 today=True") == CARD


def test_cards_of_the_list_have_a_box_each_and_lead_back_to_the_list():
    first, second = asked(), asked("M3WZX8HT", NOW + 53 * HOUR, name="Ines Ortiz")

    page = written(plain(first, second), ticked={"M3WZX8HT"}, focus="K7QFMR2W")

    assert page.count("\n<li>") == 1 and page.count('<h2 class="req__name"') == 2
    assert 'id="r-K7QFMR2W" tabindex="-1" data-focus>' in page and page.count("data-focus") == 1
    assert 'id="t-K7QFMR2W" value="K7QFMR2W" aria-label="Tick Dana Kowalski">' in page
    assert 'id="t-M3WZX8HT" value="M3WZX8HT" checked aria-label="Tick Ines Ortiz">' in page
    assert page.count('hx-include=".req__tick"') == 2
    assert page.count('class="req__tick" form="accept-many"') == page.count('name="shown" form="accept-many"') == 2
    assert 'name="from"' not in page and page.count('<span class="req__verb">Answer </span>by') == 2
    assert 'type="checkbox"' not in written(plain(first)) + written(plain(first, second), "request_cards rows 3 True")


def test_a_request_that_expires_soon_says_in_how_long():
    page = written(plain(asked(answer_by=NOW + timedelta(minutes=48))))

    assert '<article class="req" data-soon aria-labelledby' in page
    assert 'class="req__by end"><span class="badge" data-kind="brass" data-dashed><svg' in page
    assert "</svg>Expires in 48 min</span></p>" in page


def test_times_follow_the_clock_of_the_reader():
    page = written(fitted(asked(), twelve=True), twelve=True)

    assert ">Thu 12 March, 2:00 pm</time> to " in page
    assert '<div class="req__fit" data-twelve>' in page and "<span>9am</span>" in page


def test_requests_of_one_day_share_its_line_and_each_is_drawn_over_it():
    first, second, booked = asked(), asked("M3WZX8HT", NOW + 53 * HOUR), asked("QQQQQQQQ", NOW + 46 * HOUR)
    booked.status = Status.CONFIRMED

    rows = fitted(first, second, around=[booked])

    assert [[kind for kind, _, _ in row.fit.segments] for row in rows] == [
        ["open", "confirmed", "requested", "requested this"]
    ] * 2
    assert [row.fit.segments[-1][1:] for row in rows] == [(one.start, one.end) for one in (first, second)]
    day = "Thursday 12 March from 09:00 to 17:00: open 09:00 to 17:00; booked 09:00 to 09:45; asked for"
    assert [row.fit.words for row in rows] == [
        f"{day} 16:00 to 16:45. It asks for Thu 12 March, 14:00 to 14:45.",
        f"{day} 14:00 to 14:45. It asks for Thu 12 March, 16:00 to 16:45.",
    ]
    assert written(rows).count('<rect class="requested this"') == 2


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' onfocus='alert(1)", "&lt;b&gt; {{ 7|add:7 }}"],
)
def test_hostile_text_stays_text_in_every_place(text):
    usual = written(fitted(asked(), asked("M3WZX8HT", NOW + 53 * HOUR)))
    rows = [
        replace(row, history=text, deadline=text, fit=replace(row.fit, words=text))
        for row in fitted(asked(name=text, service=text, note=text), asked("M3WZX8HT", NOW + 53 * HOUR, name=text))
    ]

    page = written(rows, csrf_token=text, ticked={text}, focus=text)

    assert parts_of(page).tags == parts_of(usual).tags
    # Of the first: the name beside the box, in the heading and on three buttons; history, service, note, line, deadline
    # and token. The second has its own service and note.
    assert page.count(escape(text)) == 11 + 9
    assert text not in page


def test_the_dates_of_a_series_share_a_card_that_leads_to_their_answer():
    """At the place of the first of them, without boxes to tick; one of a series alone is a card like any other."""
    series = uuid4()
    dates = [asked(f"M3WZX8H{n}", NOW + (51 + 24 * 7 * n) * HOUR, name="Ines Ortiz") for n in range(2, 10)]
    for one in dates:
        one.series_id, one.series_uuid = 7, series
    other, last = asked(), asked("M3WZX8HT", NOW + 52 * HOUR, name="Dana Kowalski")
    last.series_id, last.series_uuid = 8, uuid4()

    page = written(plain(dates[0], other, *dates[1:], last))

    assert page.count('<article class="req"') == 3
    assert page.index("8 dates of a series") < page.index("K7QFMR2W")
    assert f'href="/studio/series/{series}/answer/">Answer 8 requests' in page
    assert page.count('<ul class="req__dates" role="list">') == 1 and "<li>and 2 more</li>" in page
    assert page.count('class="req__tick"') == 2 and "t-M3WZX8H2" not in page
    assert "/studio/requests/M3WZX8HT/accept/" in page and "/studio/requests/M3WZX8H2/accept/" not in page
