"""One act that changes several appointments is told to each of its readers in one mail, which names each of them."""

import email
import email.policy
import json
import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.core import mail
from django.urls import include, path, reverse
from icalendar import Calendar

from appointments.exceptions import PolicyRefused
from appointments.links import PATTERN, open_link
from appointments.mail import preview
from appointments.mail.catalogue import MAILS, EventsMail
from appointments.mail.preview import NOW as SAMPLE_NOW
from appointments.mail.preview import SEVERAL, SIDES, sample_contexts, sample_of_several
from appointments.mail.words.several import SHARED
from appointments.models import Appointment, AppointmentEvent
from appointments.services import transitions
from appointments.services.transitions import Change
from appointments.states import Role, Status, Verb
from core import clock
from notifications.composing import render
from notifications.models import Mention, SentMail
from notifications.queries import mails_about
from notifications.services import send_again, send_by_name
from notifications.smtp import Failure
from outbox import services as outbox
from outbox.models import Message
from outbox.testing import deliver
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours
from tests.factories.series import book_series

from .conftest import TUESDAY_TEN, move_to_london

pytestmark = pytest.mark.django_db

C, P = Role.CUSTOMER, Role.PROVIDER
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TOPIC = "notifications.send_mail"
# Gmail shows no more of a mail.
GMAIL_SHOWS = 102_000

urlpatterns = [
    path("sheet/mails/", preview.mails),
    path("sheet/mails/<slug:verb>/<slug:side>.<slug:form>", preview.mail, name="styleguide_mail"),
    path("", include("config.urls")),
]


@pytest.fixture
def staff(db):
    return UserFactory(is_staff=True)


@pytest.fixture
def maya(provider):
    """The provider, in London: these tests read wall times."""
    provider.user.name, provider.user.email = "Maya Okafor", "maya@example.com"
    provider.user.save()
    provider.name = "Maya Okafor"
    return move_to_london(provider)


@pytest.fixture
def amara(maya):
    return UserFactory(name="Amara Nwosu", email="amara@example.com")


@pytest.fixture
def book_many(maya, book):
    """A function that books one appointment for each customer named, a day apart; their mails are gone already."""

    def book_many(*customers, start=TUESDAY_TEN):
        made = [book(start + number * DAY, customer=one).appointment for number, one in enumerate(customers)]
        deliver(TOPIC)
        mail.outbox.clear()
        return made

    return book_many


def together(appointments, verb, *, actor, role=Role.STAFF, reason=""):
    reasons = reason if isinstance(reason, list) else [reason] * len(appointments)
    verbs = verb if isinstance(verb, list) else [verb] * len(appointments)
    changes = [Change(*each) for each in zip(appointments, verbs, reasons, strict=True)]
    return transitions.apply(changes, actor=actor, role=role)


def sent():
    """The mails as they left, by the address they went to."""
    parsed = [email.message_from_bytes(one.message().as_bytes(), policy=email.policy.default) for one in mail.outbox]
    found = {}
    for message in parsed:
        found.setdefault(message["To"].addresses[0].addr_spec, []).append(message)
    return found


def only(messages):
    [message] = messages
    return message


def body(message, kind="plain"):
    return message.get_body((kind,)).get_content().replace("\r\n", "\n")


def entries(message):
    """(name of the file, method of the part, method in it, UID, SEQUENCE) of each calendar file, read by a library."""
    found = []
    for part in message.walk():
        if part.get_content_type() == "text/calendar":
            calendar = Calendar.from_ical(part.get_content())
            [entry] = calendar.walk("VEVENT")
            named = (part.get_filename(), part.get_param("method"), str(calendar["METHOD"]))
            found.append((*named, str(entry["UID"]), entry["SEQUENCE"]))
    return found


def without_tokens(text):
    return re.sub(rf"/a/{PATTERN}/", lambda link: f"/a/({link[0][35]})/", text)


# --- Who is told, and how often ---------------------------------------------------------------------------------------


def test_three_customers_and_their_provider_get_one_mail_each(book_many, staff):
    customers = [UserFactory(name=name, email=f"{name.lower()}@example.com") for name in ("Ann", "Bea", "Cyd")]
    made = book_many(*customers)

    together(made, Verb.CANCEL, actor=staff)
    deliver(TOPIC)

    assert sorted((message.to[0], message.subject) for message in mail.outbox) == [
        ('"Ann" <ann@example.com>', "Cancelled: Tue 3 March, 10:00 with Maya Okafor"),
        ('"Bea" <bea@example.com>', "Cancelled: Wed 4 March, 10:00 with Maya Okafor"),
        ('"Cyd" <cyd@example.com>', "Cancelled: Thu 5 March, 10:00 with Maya Okafor"),
        ('"Maya Okafor" <maya@example.com>', "Cancelled: 3 appointments, Tue 3 March to Thu 5 March"),
    ]


def test_what_waits_to_be_told_has_ids_alone_and_a_key_that_stays(book_many, staff, amara):
    ben = UserFactory()
    made = book_many(amara, ben, amara)
    Message.objects.all().delete()

    together(made, Verb.CANCEL, actor=staff, reason="A marker of a reason.")

    first, bens, last = AppointmentEvent.objects.filter(verb="cancel").order_by("pk").values_list("pk", flat=True)
    waiting = {message.key: message.payload for message in Message.objects.filter(topic=TOPIC)}
    assert waiting == {
        f"appointments.events:{first}:customer": {
            "mail": "appointments.events",
            "events": [first, last],
            "to": "customer",
        },
        f"appointments.event:{bens}:customer": {"mail": "appointments.event", "event": bens, "to": "customer"},
        f"appointments.events:{first}:provider": {
            "mail": "appointments.events",
            "events": [first, bens, last],
            "to": "provider",
        },
    }
    assert Message.objects.filter(topic="appointments.refresh_openings").count() == 1
    written = json.dumps([[message.key, message.payload] for message in Message.objects.all()]).lower()
    assert [word for word in ("amara", "maya", "marker", "example") if word in written] == []


def test_an_act_of_one_appointment_is_told_as_before(book_many, staff, amara):
    [appointment] = book_many(amara)
    Message.objects.all().delete()

    together([appointment], Verb.CANCEL, actor=staff)

    event = AppointmentEvent.objects.get(verb="cancel")
    assert {message.key for message in Message.objects.filter(topic=TOPIC)} == {
        f"appointments.event:{event.pk}:customer",
        f"appointments.event:{event.pk}:provider",
    }


def test_who_is_a_customer_here_and_a_provider_there_is_told_on_each_side(maya, book_many, staff, amara, book):
    service = ServiceFactory(provider=ProviderFactory(user=amara, name="Amara Nwosu", time_zone="Europe/London"))
    give_hours(service.provider, {day: [("09:00", "17:00")] for day in range(5)})
    ben = UserFactory(name="Ben")
    theirs = book(TUESDAY_TEN + 5 * HOUR, service=service, customer=ben, booking_key="a").appointment
    theirs_too = book(TUESDAY_TEN + DAY + 5 * HOUR, service=service, customer=ben, booking_key="b").appointment

    together([*book_many(amara, amara), theirs, theirs_too], Verb.CANCEL, actor=staff)
    deliver(TOPIC)

    assert sorted(message["Subject"] for message in sent()["amara@example.com"]) == [
        "Cancelled: 2 appointments with Ben, Tue 3 March to Wed 4 March",
        "Cancelled: 2 appointments with Maya Okafor, Tue 3 March to Wed 4 March",
    ]


def test_a_later_act_of_the_same_occasion_is_told_too(book_many, staff, amara):
    one, two, three, four = book_many(amara, amara, amara, UserFactory())
    occasion = together([one, two], Verb.CANCEL, actor=staff)[0].appointment.history.first().occasion
    deliver(TOPIC)

    transitions.apply(
        [Change(three, Verb.CANCEL), Change(four, Verb.CANCEL)], actor=staff, role=Role.STAFF, occasion=occasion
    )
    deliver(TOPIC)

    assert [message["Subject"] for message in sent()["maya@example.com"]] == [
        "Cancelled: 2 appointments with Amara Nwosu, Tue 3 March to Wed 4 March",
        "Cancelled: 2 appointments, Thu 5 March to Fri 6 March",
    ]


def test_times_booked_together_are_told_together(maya, service, amara):
    starts = (TUESDAY_TEN, TUESDAY_TEN + DAY)
    service.repeats = True
    service.save()
    book_series(service, amara, starts)
    deliver(TOPIC)

    assert sorted(message.subject for message in mail.outbox) == [
        "Confirmed: 2 appointments with Amara Nwosu, Tue 3 March to Wed 4 March",
        "Confirmed: 2 appointments with Maya Okafor, Tue 3 March to Wed 4 March",
    ]


# --- What the letter says ---------------------------------------------------------------------------------------------


def test_the_text_to_a_provider_whose_customers_differ(book_many, staff, amara, service):
    one, two = made = book_many(amara, UserFactory(name="Ben Adeyemi", email="ben@example.com", phone="+442079460018"))

    together(made, Verb.CANCEL, actor=staff, reason="The house is closed.")
    deliver(TOPIC)

    message = only(sent()["maya@example.com"])
    assert message["From"].addresses[0].display_name == "Dayline"
    assert message["Reply-To"].addresses[0].addr_spec == "help@example.com"
    assert (
        without_tokens(body(message))
        == f"""Our team cancelled 2 appointments.

Cancelled by staff

They no longer take place. The files with this mail take them out of your calendar.

Our team wrote
> The house is closed.

Tuesday 3 March 2026, 10:00 to 11:00, London time (GMT)
{service.name}, 1 h, with Amara Nwosu
Email: amara@example.com
Place: 18 Arlington Road, Camden
Price: £58
Reference: {one.reference}
See appointment: http://testserver/a/(p)/

Wednesday 4 March 2026, 10:00 to 11:00, London time (GMT)
{service.name}, 1 h, with Ben Adeyemi
Email: ben@example.com
Phone: +44 20 7946 0018
Place: 18 Arlington Road, Camden
Price: £58
Reference: {two.reference}
See appointment: http://testserver/a/(p)/

Questions? Reply to this mail; your answer goes to our team.

--\x20
You get this mail because these appointments are with you on Dayline.
Dayline: http://testserver/
Help: help@example.com
"""
    )


def test_the_text_to_a_customer_names_the_other_side_and_the_button_once(book_many, amara, maya, service):
    one, two = made = book_many(amara, amara)

    together(made, Verb.CANCEL, actor=maya.user, role=P, reason="I have caught a cold, sorry.")
    deliver(TOPIC)

    message = only(sent()["amara@example.com"])
    assert message["From"].addresses[0].display_name == "Maya Okafor via Dayline"
    assert message["Reply-To"].addresses[0].addr_spec == "maya@example.com"
    assert (
        body(message)
        == f"""Maya cancelled 2 of your appointments.

Cancelled by Maya

They no longer take place. The files with this mail take them out of your calendar.

Maya wrote
> I have caught a cold, sorry.

Tuesday 3 March 2026, 10:00 to 11:00, London time (GMT)
{service.name}, 1 h, with Maya Okafor
Place: 18 Arlington Road, Camden
Price: £58
Reference: {one.reference}

Wednesday 4 March 2026, 10:00 to 11:00, London time (GMT)
{service.name}, 1 h, with Maya Okafor
Place: 18 Arlington Road, Camden
Price: £58
Reference: {two.reference}

Book another time:
http://testserver/providers/{maya.slug}/

With: Maya Okafor, Physiotherapist

Questions? Reply to this mail; your answer goes to Maya.

--\x20
You get this mail because you asked for appointments with Maya Okafor on Dayline.
Dayline: http://testserver/
Help: help@example.com
"""
    )


def test_each_link_opens_its_own_appointment_for_its_own_reader(book_many, staff, by_hand, amara, maya):
    made = book_many(amara, amara, amara)

    together(made, Verb.ACCEPT, actor=staff)
    deliver(TOPIC)

    for address, side in (("amara@example.com", C), ("maya@example.com", P)):
        message = only(sent()[address])
        for kind in ("plain", "html"):
            links = [open_link(token) for token in re.findall(PATTERN, body(message, kind))]
            assert [(link.appointment, link.side, link.reader.email) for link in links] == [
                (appointment, side, address) for appointment in made
            ]


def test_a_reason_of_its_own_stands_with_its_appointment(book_many, staff, amara):
    made = book_many(amara, amara, amara)

    together(made, Verb.CANCEL, actor=staff, reason=["The first is off.", "", "So is the last."])
    deliver(TOPIC)

    first, second, third = re.split(r"\n(?=\w+day \d)", body(only(sent()["amara@example.com"])))[1:]
    assert "\nOur team wrote\n> The first is off.\n" in first
    assert "wrote" not in second
    assert "\nOur team wrote\n> So is the last.\n" in third


def test_each_appointment_has_its_own_zones(book, maya, service, customer, staff):
    """The one in person is told in the place's time, the one online in the reader's, each with the other beside it."""
    maya.time_zone, maya.is_online = "Asia/Kathmandu", True
    maya.save()
    give_hours(maya, {day: [("09:45", "22:45")] for day in range(5)})
    customer.time_zone = "America/St_Johns"
    customer.save()
    made = [
        book(TUESDAY_TEN, venue="in_person").appointment,
        book(TUESDAY_TEN + DAY, venue="online").appointment,
    ]
    deliver(TOPIC)
    mail.outbox.clear()

    together(made, Verb.CANCEL, actor=staff)
    deliver(TOPIC)

    text = body(only(sent()[customer.email]))
    assert (
        "Tuesday 3 March 2026, 15:45 to 16:45, Kathmandu time (GMT+5:45)\n06:30 to 07:30 for you in St John’s" in text
    )
    assert "Wednesday 4 March 2026, 06:30 to 07:30, St John’s time (GMT−3:30)\n15:45 to 16:45 for Maya in Kath" in text
    providers = body(only(sent()["maya@example.com"]))
    assert providers.count(", 15:45 to 16:45, Kathmandu time (GMT+5:45)\n06:30 to 07:30 for") == 2


def test_the_address_is_told_for_those_alone_that_were_agreed(book, by_hand, maya, amara, staff):
    maya.address = "18 Arlington Road"
    maya.save()
    agreed, waiting = book(customer=amara).appointment, book(TUESDAY_TEN + DAY, customer=amara).appointment
    transitions.accept_request(appointment=agreed, actor=maya.user)
    deliver(TOPIC)
    mail.outbox.clear()

    together([agreed, waiting], [Verb.CANCEL, Verb.DECLINE], actor=staff)
    deliver(TOPIC)

    text = body(only(sent()["amara@example.com"]))
    assert text.count("Arlington") == 1
    assert re.findall(r"^Place: .*$", text, re.M) == ["Place: 18 Arlington Road, Camden", "Place: Camden"]


def test_several_verbs_are_each_named_with_their_appointments(book, by_hand, maya, amara, staff):
    made = [book(TUESDAY_TEN + number * DAY, customer=amara).appointment for number in range(3)]
    for one in made[:2]:
        transitions.accept_request(appointment=one, actor=maya.user)
    deliver(TOPIC)
    mail.outbox.clear()

    together(made, [Verb.CANCEL, Verb.CANCEL, Verb.DECLINE], actor=staff)
    deliver(TOPIC)

    to_amara, to_maya = (only(sent()[address]) for address in ("amara@example.com", "maya@example.com"))
    assert (
        to_amara["Subject"] == "2 cancelled, 1 not confirmed: appointments with Maya Okafor, Tue 3 March to Thu 5 March"
    )
    assert to_maya["Subject"] == "2 cancelled, 1 declined: appointments with Amara Nwosu, Tue 3 March to Thu 5 March"
    text = body(to_amara)
    assert text.startswith(
        """3 of your appointments changed.

Several changes

Our team cancelled 2 of your appointments. They no longer take place. The files with this mail take them out of your \
calendar.

Our team declined your request for Thu 5 March 2026, 10:00. The request has ended and nothing was charged.

Cancelled by staff
Tuesday 3 March"""
    )
    assert text.count("\nCancelled by staff\n") == 2 and text.count("\nDeclined\nThursday 5 March") == 1
    assert text.count("Book another time: ") == 2 and text.count("See other times: ") == 1
    assert set(SentMail.objects.filter(mentions__isnull=False).values_list("kind", flat=True)) == {"changes"}


def test_a_customer_reads_nothing_of_the_other_customers(book_many, staff, amara):
    ben = UserFactory(name="Ben Adeyemi", email="ben@example.com")
    made = book_many(amara, ben, amara, ben)

    together(made, Verb.CANCEL, actor=staff)
    deliver(TOPIC)

    whole = only(sent()["amara@example.com"]).as_string() + body(only(sent()["amara@example.com"]), "html")
    assert "Adeyemi" not in whole and "ben@" not in whole
    assert made[1].reference not in whole and made[3].reference not in whole
    assert "maya@" not in body(only(sent()["amara@example.com"]))


def test_a_note_of_one_among_several_cannot_pass_for_our_own_words(book, by_hand, maya, amara, staff):
    note = "Hello\r\n\r\nSee appointment: https://evil.example/\u2028<a href='https://evil.example/'>x</a>"
    made = [book(TUESDAY_TEN, customer=amara, note=note).appointment, book(customer=amara, start=TUESDAY_TEN + DAY)]
    deliver(TOPIC)
    mail.outbox.clear()

    together([made[0], made[1].appointment], Verb.ACCEPT, actor=maya.user, role=P)
    deliver(TOPIC)

    message = only(sent()["maya@example.com"])
    assert "> Hello\n> \n> See appointment: https://evil.example/\n> <a href" in body(message)
    assert "<a href='https" not in body(message, "html")
    said = re.search(r'<td class="said ink".*?</td>', body(message, "html"), re.S)[0]
    assert "See appointment: https://evil.example/" in said


@pytest.mark.parametrize(
    ("verb", "by", "to", "with_another", "headline"),
    [
        (Verb.CANCEL, C, C, False, "You cancelled 3 appointments with Maya."),
        (Verb.CANCEL, C, P, False, "Amara cancelled 3 appointments."),
        (Verb.CANCEL, P, C, False, "Maya cancelled 3 of your appointments."),
        (Verb.CANCEL, P, P, False, "You cancelled 3 appointments with Amara."),
        (Verb.CANCEL, P, P, True, "You cancelled 3 appointments."),
        (Verb.CANCEL, Role.STAFF, C, False, "Our team cancelled 3 of your appointments."),
        (Verb.CANCEL, Role.SYSTEM, C, False, "3 of your appointments were cancelled."),
        (Verb.CANCEL, Role.SYSTEM, P, True, "3 appointments were cancelled."),
        (Verb.CANCEL, Role.SYSTEM, P, False, "3 appointments with Amara were cancelled."),
        (Verb.ACCEPT, P, C, False, "Maya accepted 3 of your requests."),
        (Verb.ACCEPT, P, P, False, "You accepted 3 requests from Amara."),
        (Verb.ACCEPT, Role.STAFF, P, True, "Our team accepted 3 requests."),
        (Verb.DECLINE, P, C, False, "Maya declined 3 of your requests."),
        (Verb.DECLINE, P, P, True, "You declined 3 requests."),
        (Verb.WITHDRAW, C, C, False, "You withdrew 3 requests to Maya."),
        (Verb.WITHDRAW, C, P, False, "Amara withdrew 3 requests."),
        (Verb.WITHDRAW, Role.SYSTEM, P, False, "3 requests from Amara were withdrawn."),
        (Verb.EXPIRE, Role.SYSTEM, C, False, "Maya did not answer 3 requests in time."),
        (Verb.EXPIRE, Role.SYSTEM, P, False, "3 requests from Amara have expired."),
        (Verb.EXPIRE, Role.SYSTEM, P, True, "3 requests have expired."),
        (Verb.REQUEST, C, C, False, "Maya has your 3 requests."),
        (Verb.REQUEST, C, P, False, "Amara Nwosu asks for 3 times."),
        (Verb.BOOK, C, C, False, "You are booked 3 times."),
        (Verb.BOOK, C, P, False, "Amara Nwosu booked 3 times."),
    ],
)
def test_a_mail_about_several_says_who_did_what(verb, by, to, with_another, headline):
    contexts = sample_contexts(verb, verb, side=to, role=by, with_another=with_another)

    assert EventsMail(contexts).letter().headline == headline


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", SEVERAL)
def test_both_parts_say_the_same_and_link_nowhere_else(name, side):
    with time_machine.travel(SAMPLE_NOW, tick=False):
        letter = sample_of_several(name, side)
        text, html = render(letter)

    links = re.findall(r'href="([^"]+)"', html)
    assert [link for link in links if not link.startswith(("http://testserver/", "mailto:", "tel:"))] == []
    assert "—" not in text
    assert "!" not in text
    said = [letter.headline, letter.badge, *letter.lead, letter.contact, letter.why, *letter.after, letter.change]
    for item in letter.items:
        said += [item.badge, item.when.day, item.when.time, item.when.zone, item.title, item.line]
        said += [part for fact in item.facts for part in (fact.label, fact.value)]
        said += [item.button.label] if item.button else []
        said += item.quote.lines if item.quote else []
    plain = unescape(re.sub(r"<[^>]+>", "", html))
    assert [part for part in said if part not in text or part not in plain] == []
    assert len(letter.items) == 3
    assert ("amara@example.com" in text) == (side is P)
    assert "maya@example.com" not in text + html


def test_every_mail_about_one_has_words_for_several():
    assert set(SHARED) == set(MAILS)


@pytest.mark.parametrize("side", SIDES)
def test_a_hundred_appointments_still_fit_into_a_mail_that_is_shown_whole(side):
    contexts = sample_contexts(Verb.CANCEL, Verb.CANCEL, side=side, count=100)

    _, html = render(EventsMail(contexts).letter())

    assert len(html.encode()) < GMAIL_SHOWS


@pytest.mark.urls(__name__)
def test_developers_see_all_of_them(client):
    links = re.findall(r'href="(/sheet/mails/several-[^"]+)"', client.get("/sheet/mails/").content.decode())

    assert len(links) == 2 * len(SIDES) * len(SEVERAL)
    assert {client.get(link).status_code for link in links} == {200}
    assert client.get("/sheet/mails/several-nothing/customer.html").status_code == 404


# --- Calendars --------------------------------------------------------------------------------------------------------


def test_each_appointment_has_a_calendar_file_of_its_own(book_many, staff, amara):
    made = book_many(amara, amara, amara)

    together(made, Verb.CANCEL, actor=staff)
    deliver(TOPIC)

    message = only(sent()["amara@example.com"])
    assert entries(message) == [
        (f"appointment-{one.reference}.ics", "CANCEL", "CANCEL", f"{one.uuid}@testserver", one.sequence + 1)
        for one in made
    ]
    # None of them is an alternative to the text, which tells of all.
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
        "text/calendar",
        "text/calendar",
    ]
    assert not any(b"/a/" in part.get_payload(decode=True) for part in message.iter_attachments())


def test_the_only_calendar_file_of_several_appointments_is_no_alternative_either(book, by_hand, maya, amara, staff):
    agreed, waiting = book(customer=amara).appointment, book(TUESDAY_TEN + DAY, customer=amara).appointment
    transitions.accept_request(appointment=agreed, actor=maya.user)
    deliver(TOPIC)
    mail.outbox.clear()

    together([agreed, waiting], [Verb.CANCEL, Verb.DECLINE], actor=staff)
    deliver(TOPIC)

    message = only(sent()["amara@example.com"])
    assert [part.get_content_type() for part in message.walk()][4:] == ["text/calendar"]
    assert [each[0] for each in entries(message)] == [f"appointment-{agreed.reference}.ics"]


def test_invitations_add_each_of_them(book, by_hand, maya, amara):
    made = [book(TUESDAY_TEN + number * DAY, customer=amara).appointment for number in range(2)]

    together(made, Verb.ACCEPT, actor=maya.user, role=P)
    deliver(TOPIC)

    for address in ("amara@example.com", "maya@example.com"):
        [message] = [one for one in sent()[address] if one["Subject"].startswith("Confirmed")]
        assert [(*each[1:],) for each in entries(message)] == [
            ("REQUEST", "REQUEST", f"{one.uuid}@testserver", one.sequence + 1) for one in made
        ]


# --- Still true when it leaves ----------------------------------------------------------------------------------------


@pytest.fixture
def accepted(book, by_hand, maya, amara):
    """A function that has some requests accepted in one act; its mails wait."""

    def accepted(count):
        made = [book(TUESDAY_TEN + number * DAY, customer=amara).appointment for number in range(count)]
        deliver(TOPIC)
        mail.outbox.clear()
        together(made, Verb.ACCEPT, actor=maya.user, role=P)
        return made

    return accepted


def test_what_was_overtaken_is_left_out(accepted, amara):
    one, two, three = accepted(3)
    transitions.cancel_appointment(appointment=two, actor=amara, role=C)

    deliver(TOPIC)

    assert [message["Subject"] for message in sent()["amara@example.com"]] == [
        "Confirmed: 2 appointments with Maya Okafor, Tue 3 March to Thu 5 March",
        "Cancelled: Wed 4 March, 10:00 with Maya Okafor",
    ]
    confirmed = sent()["amara@example.com"][0]
    assert two.reference not in confirmed.as_string()
    assert len(entries(confirmed)) == 2
    # So the timeline of each appointment shows just the mails that tell of it.
    assert [mail.words for mail in mails_about(one.reference, amara)] == ["Confirmation emailed", "Request emailed"]
    assert [mail.words for mail in mails_about(two.reference, amara)] == ["Cancellation emailed", "Request emailed"]


def test_where_one_is_left_it_reads_like_the_mail_about_that_one(accepted, amara):
    one, two = accepted(2)
    transitions.cancel_appointment(appointment=two, actor=amara, role=C)

    deliver(TOPIC)

    left = sent()["amara@example.com"][0]
    assert left["Subject"] == "Confirmed: Tue 3 March, 10:00 with Maya Okafor"
    assert "You are booked." in body(left) and two.reference not in left.as_string()
    assert [part.get_content_type() for part in left.walk()][-2:] == ["text/calendar", "application/ics"]


def test_where_none_is_left_nothing_goes(accepted, amara, maya):
    made = accepted(2)
    with time_machine.travel(made[1].end, tick=False):
        deliver(TOPIC)

    assert mail.outbox == []
    assert set(SentMail.objects.filter(kind="confirmed").values_list("state", "reason")) == {
        ("skipped", "the appointment is over")
    }
    assert set(Mention.objects.values_list("about", flat=True)) == {one.reference for one in made}
    assert [mail.words for mail in mails_about(made[0].reference, amara)] == ["Request emailed"]


def test_an_end_is_told_however_late(book_many, staff, amara):
    made = book_many(amara, amara)
    together(made, Verb.CANCEL, actor=staff)

    with time_machine.travel(made[1].end + DAY, tick=False):
        deliver(TOPIC)

    assert len(mail.outbox) == 2


# --- Once -------------------------------------------------------------------------------------------------------------


def test_a_handler_that_runs_twice_sends_once(book_many, staff, amara):
    together(book_many(amara, amara), Verb.CANCEL, actor=staff)
    messages = deliver(TOPIC)

    Message.objects.filter(pk__in=[message.pk for message in messages]).update(done_at=None, due_at=clock.now())
    deliver(TOPIC)

    assert len(mail.outbox) == 2


def test_a_repeat_after_some_were_overtaken_stays_the_same_mail(accepted, amara):
    _, two = accepted(2)
    first, *_ = deliver(TOPIC)
    transitions.cancel_appointment(appointment=two, actor=amara, role=C)
    before = set(Mention.objects.values_list("mail", "about"))

    send_by_name("appointments.events", {name: first.payload[name] for name in ("events", "to")})

    assert len(mail.outbox) == 2
    assert set(Mention.objects.values_list("mail", "about")) == before


def test_what_was_named_before_a_try_that_failed_is_not_named_where_the_next_leaves_it_out(
    accepted, amara, monkeypatch
):
    one, two = accepted(2)
    monkeypatch.setattr("notifications.services.deliver", lambda message: Failure("451 4.3.0"))
    job = Message.objects.filter(topic=TOPIC, done_at=None, payload__to="customer").get()
    facts = {name: job.payload[name] for name in ("events", "to")}
    with pytest.raises(outbox.Retry):
        send_by_name("appointments.events", facts)
    row = SentMail.objects.get(mentions__about=two.reference)
    monkeypatch.undo()

    transitions.cancel_appointment(appointment=two, actor=amara, role=C)
    send_by_name("appointments.events", facts)

    assert [mention.about for mention in row.mentions.all()] == [one.reference]
    assert only(sent()["amara@example.com"])["Message-ID"] == row.message_id


def test_staff_have_it_sent_again_where_it_is_still_true(accepted, amara):
    one, two, three = accepted(3)
    deliver(TOPIC)
    transitions.cancel_appointment(appointment=three, actor=amara, role=C)
    deliver(TOPIC)
    mail.outbox.clear()

    [row] = SentMail.objects.filter(user=amara, mentions__about=one.reference)
    send_again(mail=row)
    deliver(TOPIC)

    again = only(sent()["amara@example.com"])
    assert again["Subject"] == "Confirmed: 2 appointments with Maya Okafor, Tue 3 March to Wed 4 March"
    assert again["Message-ID"] != row.message_id


def test_it_counts_as_one_mail_about_the_other_side_where_that_is_one(book_many, staff, amara):
    ben = UserFactory()
    together(book_many(amara, amara, ben), Verb.CANCEL, actor=staff)
    deliver(TOPIC)

    cancelled = SentMail.objects.filter(kind="cancelled")
    assert set(cancelled.values_list("user__email", "about_whom__email", "about")) == {
        ("amara@example.com", "maya@example.com", ""),
        (ben.email, "maya@example.com", Appointment.objects.get(customer=ben).reference),
        ("maya@example.com", None, ""),
    }


def test_the_jobs_of_events_that_are_gone_end_quietly():
    assert send_by_name("appointments.events", {"events": [999_998, 999_999], "to": "customer"}) is None

    assert mail.outbox == []


def test_the_timeline_shows_it_with_each_appointment(client, book_many, staff, amara):
    made = book_many(amara, amara)
    together(made, Verb.CANCEL, actor=staff)
    deliver(TOPIC)

    client.force_login(amara)
    for one in made:
        assert "Cancellation emailed" in client.get(reverse("my_appointment", args=[one.reference])).content.decode()
    assert mails_about(made[0].reference, UserFactory()) == []


# --- What it costs ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [2, 3])
def test_one_mail_costs_the_same_queries_about_any_number(accepted, count, django_assert_num_queries):
    accepted(count)
    job = Message.objects.filter(topic=TOPIC, done_at=None, payload__to="customer").get()
    # the events, later ones, the choice, the row, its lease, its state, what it names, what it no longer names, a
    # refusal, the last hour, its date, sent, read again, refusal ended
    with django_assert_num_queries(14):
        send_by_name("appointments.events", {name: job.payload[name] for name in ("events", "to")})


@pytest.mark.parametrize("count", [1, 4])
def test_one_act_costs_the_same_queries_for_any_number(book_many, staff, count, django_assert_num_queries):
    made = book_many(*(UserFactory() for _ in range(count)))
    # savepoint, providers twice, people, appointments, status, holds, proposals, history, messages, savepoint
    with django_assert_num_queries(13):
        together(made, Verb.CANCEL, actor=staff)


# --- Some refused -----------------------------------------------------------------------------------------------------


def test_a_refusal_stops_the_whole_act_unless_it_is_to_go_on(book_many, staff, amara):
    first, second, third = book_many(amara, amara, amara)
    with time_machine.travel(second.start + HOUR / 2, tick=False):
        changes = [Change(one, Verb.CANCEL) for one in (first, second, third)]

        with pytest.raises(PolicyRefused):
            transitions.apply(changes, actor=staff, role=Role.STAFF)
        assert {one.status for one in Appointment.objects.all()} == {Status.CONFIRMED}
        outcomes = transitions.apply(changes, actor=staff, role=Role.STAFF, skip_refused=True)

    assert [(one.changed, str(one.refusal or "")) for one in outcomes] == [
        (False, "It has already started, so it can no longer be cancelled."),
        (False, "It has already started, so it can no longer be cancelled."),
        (True, ""),
    ]
    assert [one.status for one in Appointment.objects.order_by("pk")] == ["confirmed", "confirmed", "cancelled"]
    assert AppointmentEvent.objects.filter(verb="cancel").count() == 1
