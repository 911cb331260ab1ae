"""What both sides are told about each event, when it is still true, and that it arrives."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import time_machine
from django.core import mail as django_mail

from appointments.links import PATTERN as LINK
from appointments.mail.catalogue import MAILS, EventMail
from appointments.mail.preview import NOW, REASONS, sample_context
from appointments.models import AppointmentEvent
from appointments.services import transitions
from appointments.services.follows import TOLD
from appointments.states import OF_TIME, Role, Verb
from core import clock
from notifications.composing import render
from notifications.models import SentMail
from notifications.queries import mails_about
from notifications.rules import PER_HOUR_ABOUT_ONE
from notifications.services import ENOUGH, send_again, send_by_name
from outbox import dispatch
from outbox.models import Message
from outbox.testing import deliver
from providers.models import Listing

from .conftest import move_to_london

C, P = Role.CUSTOMER, Role.PROVIDER
# Their mails are tested in `test_mails_of_new_times`.
OF_NEW_TIMES = {(verb, side) for verb in OF_TIME for side in (C, P)}
# The reader's own link, where it is shown.
MY, STUDIO = "http://testserver/a/(c)/", "http://testserver/a/(p)/"
PROVIDER_PAGE = "http://testserver/providers/maya-okafor/"

# (verb, who did it, to whom) -> subject where both are in London, where the customer is in New York, button, calendar.
TABLE = [
    (
        (Verb.REQUEST, C, C),
        "Request sent: Thu 12 March, 14:20 with Maya Okafor",
        "Request sent: Thu 12 March, 14:20 London time with Maya Okafor",
        ("See your request", MY),
        None,
    ),
    (
        (Verb.REQUEST, C, P),
        "Answer needed by Wed 14:20: Amara Nwosu, Thu 12 March",
        "Answer needed by Wed 14:20 London time: Amara Nwosu, Thu 12 March",
        ("Answer", STUDIO),
        None,
    ),
    *(
        (
            (verb, by, to),
            f"Confirmed: Thu 12 March, 14:20 with {other}",
            f"Confirmed: Thu 12 March, {there} with {other}",
            ("See appointment", url),
            "REQUEST",
        )
        for verb, by in [(Verb.BOOK, C), (Verb.ACCEPT, P), (Verb.ACCEPT, Role.STAFF)]
        for to, other, there, url in [
            (C, "Maya Okafor", "14:20 London time", MY),
            (P, "Amara Nwosu", "14:20 London time", STUDIO),
        ]
    ),
    *(
        (
            (verb, by, C),
            "Not confirmed: Thu 12 March, 14:20",
            "Not confirmed: Thu 12 March, 14:20 London time",
            ("See other times", PROVIDER_PAGE),
            None,
        )
        for verb, by in [(Verb.DECLINE, P), (Verb.DECLINE, Role.STAFF), (Verb.EXPIRE, Role.SYSTEM)]
    ),
    (
        (Verb.DECLINE, P, P),
        "Declined: Thu 12 March, 14:20 with Amara Nwosu",
        "Declined: Thu 12 March, 14:20 London time with Amara Nwosu",
        ("See appointment", STUDIO),
        None,
    ),
    (
        (Verb.EXPIRE, Role.SYSTEM, P),
        "Expired: Thu 12 March, 14:20 with Amara Nwosu",
        "Expired: Thu 12 March, 14:20 London time with Amara Nwosu",
        ("See appointment", STUDIO),
        None,
    ),
    (
        (Verb.WITHDRAW, C, C),
        "Request withdrawn: Thu 12 March, 14:20 with Maya Okafor",
        "Request withdrawn: Thu 12 March, 14:20 London time with Maya Okafor",
        ("See other times", PROVIDER_PAGE),
        None,
    ),
    (
        (Verb.WITHDRAW, C, P),
        "Request withdrawn: Thu 12 March, 14:20 with Amara Nwosu",
        "Request withdrawn: Thu 12 March, 14:20 London time with Amara Nwosu",
        ("See appointment", STUDIO),
        None,
    ),
    *(
        (
            (Verb.CANCEL, by, to),
            f"Cancelled: Thu 12 March, 14:20 with {other}",
            f"Cancelled: Thu 12 March, {there} with {other}",
            button,
            "CANCEL",
        )
        for by in [C, P, Role.STAFF, Role.SYSTEM]
        for to, other, there, button in [
            (C, "Maya Okafor", "14:20 London time", ("Book another time", PROVIDER_PAGE)),
            (P, "Amara Nwosu", "14:20 London time", ("See appointment", STUDIO)),
        ]
    ),
]


@pytest.fixture
def provider(provider):
    """In London: these tests read wall times."""
    return move_to_london(provider)


@pytest.fixture
def monday():
    with time_machine.travel(NOW, tick=False):
        yield


def told(verb, side, **changes):
    """The letter and its plain text."""
    letter = EventMail(sample_context(verb, side, **changes)).letter()
    text, _ = render(letter)
    return letter, links_named(text)


def links_named(text):
    """Each signed link by the side it is for: what signs it is another one with every appointment."""
    return re.sub(rf"/a/{LINK}/", lambda link: f"/a/({link[0][35]})/", text)


def test_every_event_that_is_told_has_a_mail_for_both_sides():
    assert set(MAILS) == {(verb, side) for verb in TOLD for side in (C, P)}
    assert {row[0][::2] for row in TABLE} | OF_NEW_TIMES == set(MAILS)


@pytest.mark.parametrize(("event", "near", "far", "button", "calendar"), TABLE)
@pytest.mark.parametrize("zone", ["Europe/London", "America/New_York"])
def test_the_mail_of_an_event(monday, zone, event, near, far, button, calendar):
    verb, by, to = event

    letter, text = told(verb, to, role=by, customer_zone=zone)
    attached = EventMail(sample_context(verb, to, role=by, customer_zone=zone)).calendars()

    assert letter.subject == (near if zone == "Europe/London" else far)
    assert (letter.button.label, links_named(letter.button.url)) == button
    assert f"{button[0]}:\n{button[1]}\n" in text
    assert [part.method for part in attached] == ([calendar] if calendar else [])
    here = {
        ("Europe/London", C): ["Thursday 12 March 2026, 14:20 to 15:05, London time (GMT)"],
        ("Europe/London", P): ["Thursday 12 March 2026, 14:20 to 15:05, London time (GMT)"],
        ("America/New_York", C): [
            "Thursday 12 March 2026, 14:20 to 15:05, London time (GMT)",
            "10:20 to 11:05 for you in New York (GMT−4)",
        ],
        ("America/New_York", P): [
            "Thursday 12 March 2026, 14:20 to 15:05, London time (GMT)",
            "10:20 to 11:05 for Amara in New York (GMT−4)",
        ],
    }[zone, to]
    assert text.split("\n")[3 : 3 + len(here)] == here
    assert letter.preheader.startswith(here[0])


@pytest.mark.parametrize(("verb", "side"), MAILS)
def test_both_parts_say_the_same_and_link_nowhere_else(monday, verb, side):
    letter = EventMail(sample_context(verb, side, customer_zone="Asia/Kathmandu")).letter()
    text, html = render(letter)

    links = re.findall(r'href="([^"]+)"', html)
    assert [link for link in links if not link.startswith(("http://testserver/", "mailto:", "tel:"))] == []
    assert "—" not in text
    assert "!" not in text
    said = [letter.headline, letter.badge, letter.when.elsewhere, *letter.lead, letter.button.label, letter.contact]
    said += [letter.why, *letter.after, letter.change]
    said += [text for fact in letter.facts for text in (fact.label, fact.value)]
    said += letter.quote.lines if letter.quote else []
    plain = unescape(re.sub(r"<[^>]+>", "", html))
    assert [part for part in said if part not in text or part not in plain] == []
    # Only the customer's address is for the other side to read; the provider is answered by replying.
    assert ("amara@example.com" in text) == (side is P)
    assert "maya@example.com" not in text + html


def test_the_text_of_a_confirmation(monday):
    _, text = told(Verb.ACCEPT, C, customer_zone="America/New_York")

    assert (
        text
        == """You are booked.

Confirmed
Thursday 12 March 2026, 14:20 to 15:05, London time (GMT)
10:20 to 11:05 for you in New York (GMT−4)

Maya accepted your request. Maya expects you at 18 Arlington Road, Camden.

See appointment:
http://testserver/a/(c)/

Service: First assessment, 45 min
With: Maya Okafor, Physiotherapist
Place: 18 Arlington Road, Camden
Price: £58
Reference: K7QFMR2W

What happens next

The file with this mail adds it to your calendar. Whatever changes later updates the same entry.
Can’t make it? Cancel on the appointment’s page. Free to cancel before Thu 12 March 2026, 02:20, London time. \
After that it is a late cancellation, and in the last 2 hours only Maya can cancel.

Questions? Reply to this mail; your answer goes to Maya.

--\x20
You get this mail because you asked for an appointment with Maya Okafor on Dayline.
Dayline: http://testserver/
Help: help@example.com
"""
    )


def test_the_text_of_a_request_to_answer(monday):
    _, text = told(Verb.REQUEST, P)

    assert (
        text
        == """Amara Nwosu asks for a time.

Awaiting your answer
Thursday 12 March 2026, 14:20 to 15:05, London time (GMT)

Please answer by Wed 11 March 2026, 14:20, London time. After that the request expires by itself.

Amara wrote
> My left knee hurts when I climb stairs.

Answer:
http://testserver/a/(p)/

Service: First assessment, 45 min
Customer: Amara Nwosu
Email: amara@example.com
Phone: +44 20 7946 0018
Place: 18 Arlington Road, Camden
Price: £58
Reference: K7QFMR2W

What happens next

The time is held for Amara until you answer. If you accept, it is confirmed; if you decline, it is open again. \
We tell Amara either way.

Questions? Reply to this mail; your answer goes to Amara.

--\x20
You get this mail because Amara Nwosu asked for an appointment with you on Dayline.
Dayline: http://testserver/
Help: help@example.com
"""
    )


def test_the_text_of_a_cancellation(monday):
    _, text = told(Verb.CANCEL, C, role=P)

    assert (
        text
        == """Maya cancelled your appointment.

Cancelled by Maya
Thursday 12 March 2026, 14:20 to 15:05, London time (GMT)

It no longer takes place. The file with this mail takes it out of your calendar.

Maya wrote
> I have caught a cold, sorry.

Book another time:
http://testserver/providers/maya-okafor/

Service: First assessment, 45 min
With: Maya Okafor, Physiotherapist
Place: 18 Arlington Road, Camden
Price: £58
Reference: K7QFMR2W

Questions? Reply to this mail; your answer goes to Maya.

--\x20
You get this mail because you asked for an appointment with Maya Okafor on Dayline.
Dayline: http://testserver/
Help: help@example.com
"""
    )


@pytest.mark.parametrize(
    ("verb", "by", "to", "headline", "badge"),
    [
        (Verb.CANCEL, C, C, "You cancelled your appointment.", "Cancelled by you"),
        (Verb.CANCEL, C, P, "Amara cancelled the appointment.", "Cancelled by Amara"),
        (Verb.CANCEL, P, P, "You cancelled the appointment with Amara.", "Cancelled by you"),
        (Verb.CANCEL, Role.STAFF, C, "Our team cancelled your appointment.", "Cancelled by staff"),
        (Verb.CANCEL, Role.STAFF, P, "Our team cancelled the appointment with Amara.", "Cancelled by staff"),
        (Verb.CANCEL, Role.SYSTEM, C, "Your appointment was cancelled.", "Cancelled"),
        (Verb.CANCEL, Role.SYSTEM, P, "The appointment with Amara was cancelled.", "Cancelled"),
        (Verb.ACCEPT, P, P, "You accepted Amara’s request.", "Confirmed"),
        (Verb.ACCEPT, Role.STAFF, P, "Our team accepted Amara’s request.", "Confirmed"),
        (Verb.BOOK, C, P, "Amara Nwosu booked a time.", "Confirmed"),
        (Verb.DECLINE, P, C, "Maya cannot do Thu 12 March 2026, 14:20.", "Declined"),
        (Verb.DECLINE, P, P, "You declined Amara’s request.", "Declined by you"),
        (
            Verb.DECLINE,
            Role.STAFF,
            C,
            "Our team declined your request for Thu 12 March 2026, 14:20.",
            "Declined",
        ),
        (Verb.DECLINE, Role.STAFF, P, "Our team declined Amara’s request.", "Declined"),
        (Verb.WITHDRAW, C, C, "You withdrew your request.", "Withdrawn by you"),
        (Verb.WITHDRAW, C, P, "Amara withdrew the request.", "Withdrawn by Amara"),
        (Verb.WITHDRAW, Role.STAFF, P, "Our team withdrew Amara’s request.", "Withdrawn by our team"),
        (Verb.EXPIRE, Role.SYSTEM, C, "Maya did not answer in time.", "Expired, not answered in time"),
        (Verb.EXPIRE, Role.SYSTEM, P, "Amara’s request has expired.", "Expired, not answered"),
        (Verb.REQUEST, C, C, "Maya has your request.", "Awaiting confirmation"),
    ],
)
def test_a_mail_says_who_did_it(monday, verb, by, to, headline, badge):
    letter, _ = told(verb, to, role=by)

    assert (letter.headline, letter.badge) == (headline, badge)


def test_nobody_is_quoted_to_themselves(monday):
    by_customer, _ = told(Verb.CANCEL, C, role=C)
    to_provider, _ = told(Verb.CANCEL, P, role=C)

    assert by_customer.quote is None
    assert (to_provider.quote.by, to_provider.quote.text) == ("Amara wrote", REASONS[Verb.CANCEL])


# --- Times and zones -------------------------------------------------------------------------------------------------


def test_a_date_that_differs_is_written_out(monday):
    context = sample_context(Verb.BOOK, C, customer_zone="Pacific/Kiritimati")

    assert context.when.line == "Thursday 12 March 2026, 14:20 to 15:05, London time (GMT)"
    assert context.when.elsewhere == "Friday 13 March 2026, 04:20 to 05:05 for you in Kiritimati (GMT+14)"


WHY = "Clocks in London go back that day, so the time from 01:00 to 02:00 comes twice: first at GMT+1, then at GMT."


def test_a_time_that_comes_twice_is_named_and_the_mail_says_why(monday):
    context = sample_context(Verb.REQUEST, P)
    context.start, context.end = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 15, tzinfo=UTC)
    context.appointment.answer_by = context.start

    letter = EventMail(context).letter()
    text, html = render(letter)

    assert context.short == "Sun 25 October, the first 01:30"
    assert letter.lead == (
        "Please answer by Sun 25 October 2026, the first 01:30, London time. After that the request expires by itself.",
    )
    assert text.split("\n")[3:5] == [
        "Sunday 25 October 2026, the first 01:30 to the second 01:15, London time (GMT+1)",
        WHY,
    ]
    assert WHY in html


def test_each_zone_of_a_mail_says_why_its_own_time_comes_twice(monday):
    context = sample_context(Verb.BOOK, C, customer_zone="America/New_York")
    context.start, context.end = datetime(2026, 11, 1, 5, 30, tzinfo=UTC), datetime(2026, 11, 1, 6, 15, tzinfo=UTC)

    when = context.when

    assert (when.line, when.elsewhere, when.notes) == (
        "Sunday 1 November 2026, 05:30 to 06:15, London time (GMT)",
        "the first 01:30 to the second 01:15 for you in New York (GMT−4)",
        (
            "Clocks in New York go back that day, so the time from 01:00 to 02:00 comes twice: "
            "first at GMT−4, then at GMT−5.",
        ),
    )


def test_two_names_of_one_zone_are_one_zone(monday):
    context = sample_context(Verb.BOOK, C, customer_zone="GB")

    assert (context.short, context.when.elsewhere) == ("Thu 12 March, 14:20", "")


def test_times_follow_the_readers_clock(monday):
    context = sample_context(Verb.REQUEST, C)
    context.twelve = True

    assert context.short == "Thu 12 March, 2:20 pm"
    assert context.when.time == "2:20 pm to 3:05 pm"
    assert "Wed 11 March 2026, 2:20 pm, London time" in EventMail(context).letter().lead[0]


@pytest.mark.parametrize(
    ("hours", "expected"), [(48, "Wed 14:20"), (6 * 24 - 1, "Sun 13:20"), (7 * 24, "Mon 16 March, 14:20")]
)
def test_a_far_deadline_has_its_date(monday, hours, expected):
    context = sample_context(Verb.REQUEST, P)
    context.appointment.answer_by = NOW + timedelta(hours=hours)

    assert context.short_deadline == expected


def test_the_years_end_has_its_year_in_the_subject(monday):
    context = sample_context(Verb.BOOK, C)
    context.start += timedelta(days=365)

    assert context.short == "Fri 12 March 2027, 14:20"


@pytest.mark.parametrize(("verb", "by"), [(Verb.DECLINE, P), (Verb.EXPIRE, Role.SYSTEM), (Verb.CANCEL, P)])
def test_a_mail_offers_other_times_only_where_there_can_be_any(monday, verb, by):
    context = sample_context(verb, C, role=by)
    context.provider.listing = Listing.PAUSED

    letter = EventMail(context).letter()

    assert letter.button.label == "Find a provider"
    assert letter.button.url == "http://testserver/providers/"
    assert not any("another time" in sentence for sentence in letter.after)


@pytest.mark.parametrize(("listing", "said"), [(Listing.LIVE, ", with a link to your other times."), ("paused", ".")])
def test_who_declines_reads_what_the_customer_really_gets(monday, listing, said):
    context = sample_context(Verb.DECLINE, P)
    context.provider.listing = listing

    assert EventMail(context).letter().lead == (f"The time is no longer held. We tell Amara{said}",)


def test_past_the_cutoff_the_mail_says_that_it_is_too_late_to_cancel(monday):
    context = sample_context(Verb.BOOK, C)
    context.now = context.start - timedelta(minutes=30)

    assert (
        EventMail(context).letter().change == "It starts in less than 2 hours, so it can no longer be cancelled here."
    )


def test_other_times_are_shown_where_the_provider_still_has_a_page(monday):
    context = sample_context(Verb.DECLINE, C)
    context.provider.listing = Listing.HIDDEN

    assert EventMail(context).letter().button.url == "http://testserver/providers/"


def test_the_address_is_told_once_it_is_agreed(monday):
    _, request = told(Verb.REQUEST, C)
    _, declined = told(Verb.DECLINE, C)
    _, booked = told(Verb.BOOK, C)

    assert "Arlington" not in request + declined
    assert "Place: Camden\n" in request
    assert "Place: 18 Arlington Road, Camden\n" in booked


def test_replies_go_to_support_when_the_other_side_has_left(monday):
    context = sample_context(Verb.CANCEL, P)
    context.other_user.is_active = False

    letter = EventMail(context).letter()

    assert letter.contact == "Questions? Reply to this mail; your answer goes to our team."
    assert [fact.label for fact in letter.facts] == ["Service", "Customer", "Place", "Price", "Reference"]


# --- Through the outbox ----------------------------------------------------------------------------------------------


def subjects():
    return sorted((message.subject, message.to[0]) for message in django_mail.outbox)


@pytest.fixture
def people(provider, customer):
    for user, name in ((provider.user, "Maya Okafor"), (customer, "Amara Nwosu")):
        user.name, user.email = name, f"{name.split()[0].lower()}@example.com"
        user.save()
    provider.name = "Maya Okafor"
    provider.save()
    return provider.user, customer


def send():
    return deliver("notifications.send_mail")


@pytest.mark.django_db
def test_a_booking_tells_both_sides_each_in_a_mail_of_their_own(people, book):
    appointment = book().appointment
    assert django_mail.outbox == []  # nothing is sent by the page

    send()

    assert subjects() == [
        ("Confirmed: Tue 3 March, 10:00 with Amara Nwosu", '"Maya Okafor" <maya@example.com>'),
        ("Confirmed: Tue 3 March, 10:00 with Maya Okafor", '"Amara Nwosu" <amara@example.com>'),
    ]
    message = django_mail.outbox[0].message()
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
        "application/ics",
    ]
    calendar, attached = [
        part for part in message.walk() if part.get_content_type() in {"text/calendar", "application/ics"}
    ]
    assert calendar.get_param("method") == "REQUEST"
    assert attached.get_filename() == "appointment.ics"
    as_sent = attached.get_payload(decode=True)
    assert calendar.get_payload(decode=True).replace(b"\r\n", b"\n") == as_sent.replace(b"\r\n", b"\n")
    assert [mail.words for mail in mails_about(appointment.reference, people[1])] == ["Confirmation emailed"]


@pytest.mark.django_db
def test_a_request_and_its_answer_carry_a_calendar_part_only_once_confirmed(people, by_hand, book):
    request = book().appointment
    send()
    assert [message.attachments for message in django_mail.outbox] == [[], []]
    assert [len(message.alternatives) for message in django_mail.outbox] == [1, 1]

    transitions.accept_request(appointment=request, actor=people[0])
    send()

    assert [message.subject.split(":")[0] for message in django_mail.outbox[2:]] == ["Confirmed", "Confirmed"]
    assert [len(message.attachments) for message in django_mail.outbox[2:]] == [1, 1]


@pytest.mark.django_db
def test_a_handler_that_runs_twice_sends_once(people, book):
    book()
    messages = send()

    Message.objects.filter(pk__in=[message.pk for message in messages]).update(done_at=None, due_at=clock.now())
    send()

    assert len(django_mail.outbox) == 2


@pytest.mark.django_db
def test_a_confirmation_overtaken_by_a_cancellation_is_not_sent_the_cancellation_is(people, book):
    appointment = book().appointment
    transitions.cancel_appointment(appointment=appointment, actor=people[1], role=C)

    send()

    assert [subject for subject, _ in subjects()] == [
        "Cancelled: Tue 3 March, 10:00 with Amara Nwosu",
        "Cancelled: Tue 3 March, 10:00 with Maya Okafor",
    ]
    assert sorted(SentMail.objects.values_list("kind", "state", "reason")) == [
        ("cancelled", "sent", ""),
        ("cancelled", "sent", ""),
        ("confirmed", "skipped", "a later event has a mail of its own"),
        ("confirmed", "skipped", "a later event has a mail of its own"),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("answer", ["accept", "decline", "withdraw", "expire"])
def test_nobody_is_asked_for_an_answer_that_was_given(people, by_hand, book, answer):
    request = book().appointment
    maya, amara = people
    if answer == "expire":
        with time_machine.travel(request.answer_by, tick=False):
            transitions.expire_request(appointment=request)
    else:
        actor = amara if answer == "withdraw" else maya
        getattr(transitions, f"{answer}_request")(appointment=request, actor=actor)

    send()

    heads = {subject.split(":")[0] for subject, _ in subjects()}
    assert (
        heads
        == {
            "accept": {"Confirmed"},
            "decline": {"Not confirmed", "Declined"},
            "withdraw": {"Request withdrawn"},
            "expire": {"Not confirmed", "Expired"},
        }[answer]
    )
    assert len(django_mail.outbox) == 2


@pytest.mark.django_db
def test_a_request_past_its_time_asks_for_no_answer_though_nobody_has_marked_it_yet(people, by_hand, book):
    request = book().appointment

    with time_machine.travel(request.answer_by, tick=False):
        send()

    assert django_mail.outbox == []
    assert set(SentMail.objects.values_list("reason", flat=True)) == {"the time to answer is over"}


@pytest.mark.django_db
def test_a_confirmation_is_not_sent_once_the_appointment_is_over(people, book):
    appointment = book().appointment

    with time_machine.travel(appointment.end, tick=False):
        send()

    assert django_mail.outbox == []
    assert set(SentMail.objects.values_list("reason", flat=True)) == {"the appointment is over"}


@pytest.mark.django_db
def test_who_left_gets_nothing_and_the_other_side_is_told(people, book):
    book()
    people[1].is_active = False
    people[1].save()

    send()

    assert subjects() == [("Confirmed: Tue 3 March, 10:00 with Amara Nwosu", '"Maya Okafor" <maya@example.com>')]
    assert django_mail.outbox[0].reply_to == ['"Dayline" <help@example.com>']


@pytest.mark.django_db
def test_a_hostile_name_in_the_table_stops_no_mail(people, book, customer):
    type(customer).objects.filter(pk=customer.pk).update(name="Eve\r\nBcc: victim@example.com")
    book(customer=type(customer).objects.get(pk=customer.pk))

    send()

    assert [message.to for message in django_mail.outbox] == [
        ['"Eve Bcc: victim@example.com" <amara@example.com>'],
        ['"Maya Okafor" <maya@example.com>'],
    ]
    assert [message.message()["Bcc"] for message in django_mail.outbox] == [None, None]


@pytest.mark.django_db
def test_a_note_cannot_pass_for_our_own_words(people, by_hand, book):
    book(note="Hello\r\n\r\nAnswer:\r\nhttps://evil.example/\u2028<a href='https://evil.example/'>x</a>")

    send()

    [to_provider] = [message for message in django_mail.outbox if "maya" in message.to[0]]
    assert "> Hello\n> \n> Answer:\n> https://evil.example/\n> <a href" in to_provider.body
    assert "<a href='https" not in to_provider.alternatives[0].content


@pytest.mark.django_db
def test_the_jobs_of_an_event_that_is_gone_end_quietly(db):
    send_by_name("appointments.event", {"event": 999_999, "to": "customer"})

    assert django_mail.outbox == []


@pytest.mark.django_db
def test_one_mail_costs_a_fixed_number_of_queries(people, book, django_assert_num_queries):
    book()
    event = AppointmentEvent.objects.get()
    # the event, a later one, the reader's choice, the row, its lease, its state, a refusal, the last hour, its
    # hand-over, sent, read again, refusal ended
    with django_assert_num_queries(12):
        send_by_name("appointments.event", {"event": event.pk, "to": "customer"})


@pytest.mark.django_db
def test_staff_have_a_mail_sent_again_where_it_is_still_true(people, book, client):
    appointment = book().appointment
    send()
    for mail in SentMail.objects.filter(user=people[1]):
        send_again(mail=mail)
    send()
    assert len(django_mail.outbox) == 3
    assert len({message.extra_headers["Message-ID"] for message in django_mail.outbox}) == 3

    transitions.cancel_appointment(appointment=appointment, actor=people[1], role=C)
    for mail in SentMail.objects.filter(user=people[1], kind="confirmed")[:1]:
        send_again(mail=mail)
    send()
    assert [message.subject.split(":")[0] for message in django_mail.outbox[3:]] == ["Cancelled", "Cancelled"]


@pytest.mark.django_db
def test_booking_and_cancelling_in_a_loop_floods_nobody(people, book):
    provider, customer = people
    for number in range(30):
        appointment = book(booking_key=f"loop-{number}").appointment
        transitions.cancel_appointment(appointment=appointment, actor=customer, role=C)

    dispatch.drain(seconds=60)

    told = [message.to[0] for message in django_mail.outbox]
    assert {person.email: sum(person.email in to for to in told) for person in people} == {
        provider.email: PER_HOUR_ABOUT_ONE,
        customer.email: PER_HOUR_ABOUT_ONE,
    }
    # None of the others is lost: each waits for its turn.
    waiting = Message.objects.pending().filter(topic="notifications.send_mail")
    assert waiting.count() == SentMail.objects.filter(state="held", reason=ENOUGH).count() == 20
