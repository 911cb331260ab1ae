"""What each side is told of a new time: proposed, moved to, or refused, so that the original one stays.

The samples are of an appointment on Thursday 12 March 2026, 14:20 in London, and of Sunday 15 March, 11:00 instead.
"""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail as django_mail
from django.urls import reverse
from icalendar import Calendar

from appointments import links
from appointments.mail import ics
from appointments.mail.catalogue import EventMail
from appointments.mail.preview import NOW, sample_context
from appointments.models import Appointment, Proposal
from appointments.services import proposals, transitions
from appointments.services.transitions import Change
from appointments.states import Role, Status, Verb
from core.letters import Former
from notifications.composing import render
from notifications.models import SentMail
from outbox.testing import deliver
from tests.factories.accounts import UserFactory

from .conftest import NOW as MONDAY
from .conftest import TUESDAY_TEN, move_to_london
from .test_customer_pages import text_of
from .test_mails import MY, STUDIO, links_named

C, P, STAFF, SYSTEM = Role.CUSTOMER, Role.PROVIDER, Role.STAFF, Role.SYSTEM
LINKS = {C: MY, P: STUDIO}
PROPOSED = "New time proposed: Sun 15 March, 11:00{city} instead of Thu 12, 14:20"
OLD, NEW = (
    "Thursday 12 March 2026, 14:20 to 15:05, London time (GMT)",
    "Sunday 15 March 2026, 11:00 to 11:45, London time (GMT)",
)
# (verb, who did it, to whom) -> subject, headline, badge and its colour, button, the time told first, the calendar.
TABLE = {
    (Verb.PROPOSE, P, C): (PROPOSED, "Maya asks for another time.", ("New time proposed", "iris"), "Answer", NEW, None),
    (Verb.PROPOSE, C, P): (
        PROPOSED, "Amara asks for another time.", ("New time proposed", "iris"), "Answer", NEW, None,
    ),
    (Verb.PROPOSE, STAFF, C): (
        PROPOSED, "Our team asks for another time.", ("New time proposed", "iris"), "Answer", NEW, None,
    ),
    (Verb.PROPOSE, STAFF, P): (
        PROPOSED, "Our team proposed a new time to Amara.", ("New time proposed", "iris"), "See appointment", NEW, None,
    ),
    **{
        (Verb.MOVE, by, to): (
            "Rescheduled: now Sun 15 March, 11:00{city}", f"{who} accepted the new time.", ("Rescheduled", "brand"),
            "See appointment", NEW, "REQUEST",
        )
        for by, to, who in [(C, C, "You"), (C, P, "Amara"), (P, C, "Maya"), (P, P, "You"), (STAFF, C, "Our team")]
    },
    **{
        (Verb.DECLINE_TIME, by, to): (
            "New time declined: Thu 12 March, 14:20{city} stays", f"{who} declined the new time.",
            ("Confirmed", "brand"), "See appointment", OLD, None,
        )
        for by, to, who in [(C, P, "Amara"), (P, C, "Maya"), (STAFF, C, "Our team"), (STAFF, P, "Our team")]
    },
    **{
        (Verb.WITHDRAW_TIME, by, to): (
            "New time withdrawn: Thu 12 March, 14:20{city} stays", f"{who} withdrew the new time.",
            ("Confirmed", "brand"), "See appointment", OLD, None,
        )
        for by, to, who in [(C, P, "Amara"), (P, C, "Maya"), (STAFF, C, "Our team"), (STAFF, P, "Our team")]
    },
    **{
        (Verb.LAPSE, SYSTEM, to): (
            "New time lapsed: Thu 12 March, 14:20{city} stays", headline, ("Confirmed", "brand"), "See appointment",
            OLD, None,
        )
        for to, headline in [(C, "Maya did not answer in time."), (P, "You did not answer in time.")]
    },
}  # fmt: skip


@pytest.fixture(autouse=True)
def _on_that_monday():
    with time_machine.travel(NOW, tick=False):
        yield


def mail_of(verb, by, to, zone="Europe/London"):
    return EventMail(sample_context(verb, to, role=by, customer_zone=zone))


@pytest.mark.parametrize("zone", ["Europe/London", "America/New_York"])
@pytest.mark.parametrize("event", TABLE)
def test_the_mail_of_a_new_time(event, zone):
    subject, headline, badge, button, when, calendar = TABLE[event]
    mail = mail_of(*event, zone)

    letter = mail.letter()
    text, _ = render(letter)

    assert letter.subject == subject.format(city="" if zone == "Europe/London" else " London time")
    assert (letter.headline, (letter.badge, letter.tone)) == (headline, badge)
    assert (letter.button.label, links_named(letter.button.url)) == (button, LINKS[event[2]])
    assert [part.method for part in mail.calendars()] == ([calendar] if calendar else [])
    assert text.split("\n")[3] == when
    assert letter.preheader.startswith(when)


def test_a_proposal_names_both_times_the_deadline_and_that_the_original_stays_without_an_answer():
    letter = mail_of(Verb.PROPOSE, P, C).letter()
    text, html = render(letter)

    assert letter.former == Former("Instead of", letter.former.when, is_gone=False)
    assert f"\nInstead of {OLD}\n" in text
    assert f"Instead of {OLD}" in html
    assert "<s>" not in html
    assert letter.lead == (
        "Please answer by Wed 11 March 2026, 14:20, London time. Without an answer, the original time stays.",
    )
    assert (letter.quote.by, letter.quote.text) == ("Maya wrote", "Sunday is quiet here.")


def test_a_move_strikes_the_old_time():
    text, html = render(mail_of(Verb.MOVE, P, C).letter())

    assert f"\nBefore: {OLD}\n" in text
    assert f"Before: <s>{OLD}</s>" in html


@pytest.mark.parametrize("verb", [Verb.DECLINE_TIME, Verb.WITHDRAW_TIME])
def test_where_the_original_time_stays_the_new_one_is_said_to_be_free(verb):
    letter = mail_of(verb, P, C).letter()

    assert letter.former is None
    assert letter.lead == (
        "The original time stays, and the appointment takes place as agreed.",
        "Sun 15 March 2026, 11:00 is no longer held.",
    )


def test_a_request_whose_new_time_was_refused_says_until_when_it_waits():
    context = sample_context(Verb.DECLINE_TIME, C, role=P)
    context.event.from_status = context.event.to_status = Status.REQUESTED
    context.appointment.status = Status.REQUESTED

    letter = EventMail(context).letter()

    assert letter.subject == "New time declined: request for Thu 12 March, 14:20 stays"
    assert letter.lead[0] == (
        "The request for the original time stays, and waits for an answer until Wed 11 March 2026, 14:20."
    )


def test_a_request_confirmed_by_its_new_time_is_added_to_the_calendar():
    context = sample_context(Verb.MOVE, C, role=C)
    context.event.from_status = Status.REQUESTED

    assert "adds it to your calendar" in EventMail(context).letter().lead[0]
    assert "moves the entry" in mail_of(Verb.MOVE, C, C).letter().lead[0]


def test_who_moved_at_once_is_told_as_the_one_who_did():
    for by, to, headline in [(C, C, "You moved your appointment."), (C, P, "Amara moved the appointment.")]:
        context = sample_context(Verb.MOVE, to, role=by)
        context.event.proposal = None
        assert EventMail(context).letter().headline == headline


@pytest.mark.parametrize(("days", "short"), [(3, "Thu 12, 14:20"), (20, "Thu 12 March, 14:20")])
def test_the_month_is_named_twice_only_where_it_changes(days, short):
    context = sample_context(Verb.PROPOSE, C)
    context.start = context.event.start + timedelta(days=days)

    assert context.short_former == short


# --- From real rows ---------------------------------------------------------------------------------------------------

WEDNESDAY_TEN = TUESDAY_TEN + timedelta(days=1)


@pytest.fixture
def one(db, provider, customer, book):
    """A confirmed appointment on Tuesday 3 March, 10:00 in London, all of whose mails have gone out."""
    move_to_london(provider)
    provider.user.name = provider.name = "Maya Okafor"
    customer.name = "Amara Nwosu"
    for row in (provider, provider.user, customer):
        row.save()
    with time_machine.travel(MONDAY, tick=False):
        appointment = book().appointment
        provider.policy.accepts_at_once = False
        provider.policy.save()
        deliver("notifications.send_mail")
        django_mail.outbox.clear()
        yield Appointment.objects.with_people().get(pk=appointment.pk)


def actor_of(one, role):
    return {C: one.customer, P: one.provider.user}.get(role) or UserFactory(is_staff=True)


def propose(one, role=P, start=WEDNESDAY_TEN):
    proposals.propose_time(appointment=one, start=start, actor=actor_of(one, role), role=role)
    return Proposal.objects.with_appointment().get(state="open")


def sent():
    """The subject of each mail that goes out now, by the side it goes to."""
    django_mail.outbox.clear()
    deliver("notifications.send_mail")
    sides = {}
    for appointment in Appointment.objects.with_people():
        sides |= {appointment.customer.email: "customer", appointment.provider.user.email: "provider"}
    return sorted((sides[message.to[0].split("<")[-1].strip(">")], message.subject) for message in django_mail.outbox)


ASKED = "New time proposed: Wed 4 March, 10:00 instead of Tue 3, 10:00"
NOW_THERE = "Rescheduled: now Wed 4 March, 10:00"


def test_the_other_side_is_asked_and_both_are_told_of_the_new_time(one):
    made = propose(one, P)
    assert sent() == [("customer", ASKED)]

    proposals.accept_time(proposal=made, actor=one.customer, role=C)
    assert sent() == [("customer", NOW_THERE), ("provider", NOW_THERE)]


def test_the_provider_is_asked_by_a_customer(one):
    propose(one, C)

    assert sent() == [("provider", ASKED)]
    assert SentMail.objects.latest("pk").kind == "time_proposed"


DROPPED = "The time proposed before, Wed 4 March 2026, 10:00, is no longer held."


@pytest.mark.parametrize("at_once", [False, True])
def test_who_is_told_of_another_time_reads_that_the_one_proposed_before_is_no_longer_held(one, provider, at_once):
    propose(one, P)
    sent()
    provider.policy.accepts_at_once = at_once
    provider.policy.save()

    one.provider.refresh_from_db()
    later = WEDNESDAY_TEN + timedelta(hours=1)
    proposals.propose_time(appointment=one, start=later, actor=one.customer, role=C)

    told = sent()
    assert [side for side, _ in told] == (["customer", "provider"] if at_once else ["provider"])
    assert all(DROPPED in message.body and DROPPED in message.alternatives[0][0] for message in django_mail.outbox)


@pytest.mark.parametrize(
    ("act", "by", "told"),
    [
        ("decline_time", C, [("provider", "New time declined: Tue 3 March, 10:00 stays")]),
        ("withdraw_time", P, [("customer", "New time withdrawn: Tue 3 March, 10:00 stays")]),
    ],
)
def test_only_the_other_side_is_told_that_the_original_time_stays(one, act, by, told):
    made = propose(one, P)
    sent()

    getattr(proposals, act)(proposal=made, actor=actor_of(one, by), role=by)

    assert sent() == told


def test_both_are_told_of_what_lapsed_and_of_what_staff_did(one):
    made = propose(one, Role.STAFF)
    assert sent() == [("customer", ASKED), ("provider", ASKED)]

    with time_machine.travel(made.answer_by, tick=False):
        proposals.lapse_time(proposal=made)
        assert sent() == [(side, "New time lapsed: Tue 3 March, 10:00 stays") for side in ("customer", "provider")]


@pytest.mark.parametrize("what", ["accept_time", "decline_time", "withdraw_time", "lapses", "replaced", "cancelled"])
def test_nobody_is_asked_for_an_answer_that_can_no_longer_be_given(one, what):
    made = propose(one, P)
    at = MONDAY
    if what == "lapses":
        at = made.answer_by
    elif what == "replaced":
        propose(one, P, start=WEDNESDAY_TEN + timedelta(hours=1))
    elif what == "cancelled":
        transitions.cancel_appointment(appointment=one, actor=one.provider.user, role=P)
    else:
        by = P if what == "withdraw_time" else C
        getattr(proposals, what)(proposal=made, actor=actor_of(one, by), role=by)

    with time_machine.travel(at, tick=False):
        assert ASKED not in [subject for _, subject in sent()]


def test_a_confirmation_is_overtaken_by_a_move_and_not_by_what_is_only_proposed(db, provider, book):
    move_to_london(provider)
    with time_machine.travel(MONDAY, tick=False):
        first, second = book().appointment, book(start=TUESDAY_TEN + timedelta(hours=2)).appointment
        propose(first, P)
        proposals.propose_time(
            appointment=second, start=WEDNESDAY_TEN + timedelta(hours=2), actor=second.customer, role=C
        )

        subjects = [subject.split(":")[0] for side, subject in sent() if side == "customer"]

    assert sorted(subjects) == ["Confirmed", "New time proposed", "Rescheduled"]


@pytest.mark.parametrize("after", ["cancelled", "moved"])
def test_that_the_original_time_stays_is_not_said_once_it_does_not(one, after):
    made = propose(one, P)
    proposals.decline_time(proposal=made, actor=one.customer, role=C)
    if after == "cancelled":
        transitions.cancel_appointment(appointment=one, actor=one.provider.user, role=P)
    else:
        again = propose(one, P, start=WEDNESDAY_TEN + timedelta(hours=1))
        proposals.accept_time(proposal=again, actor=one.customer, role=C)

    assert not [subject for _, subject in sent() if "stays" in subject]


def entry_of(content):
    [entry] = Calendar.from_ical(content).walk("VEVENT")
    return str(entry["UID"]), int(entry["SEQUENCE"]), entry["DTSTART"].dt, entry["DTEND"].dt


def test_the_calendar_entry_moves_under_the_same_uid_with_a_higher_sequence(one):
    uid, sequence, *_ = entry_of(ics.appointment_ics(one, one.customer))
    made = propose(one, P)
    proposals.accept_time(proposal=made, actor=one.customer, role=C)
    moved, hour = Appointment.objects.with_people().get(), timedelta(hours=1)

    sent()
    attached = [
        part for message in django_mail.outbox for part in message.message().walk()
        if part.get_content_type() == "text/calendar"
    ]  # fmt: skip

    files = [part.get_payload(decode=True) for part in attached]
    assert [part.get_param("method") for part in attached] == ["REQUEST"] * 2
    for content in [
        *files,
        ics.appointment_ics(moved, moved.customer),
        ics.appointment_ics(moved, moved.provider.user),
    ]:
        found = entry_of(content)
        assert (found[0], found[2:]) == (uid, (WEDNESDAY_TEN, WEDNESDAY_TEN + hour))
        assert found[1] == moved.sequence > sequence


def test_the_link_of_an_old_mail_opens_and_shows_the_new_time(one, client):
    address = reverse("link", args=[links.token_for(one, C, now=MONDAY)])
    made = propose(one, P)
    proposals.accept_time(proposal=made, actor=one.customer, role=C)

    page = text_of(client.get(address))

    assert "Wednesday 4 March" in page
    assert "Tuesday 3 March" not in page
    assert "This appointment was moved from Tue 3 March, 10:00 to Wed 4 March, 10:00, London time." in page


def links_in_mails(side):
    """The addresses in the mails that go out now to that side, in order."""
    deliver("notifications.send_mail")
    to = Appointment.objects.with_people().get()
    to = to.customer.email if side is C else to.provider.user.email
    found = [re.search(rf"/a/{links.PATTERN}/", mail.body) for mail in django_mail.outbox if to in mail.to[0]]
    return [link[0] for link in found]


def test_each_mail_s_link_says_a_move_that_came_after_it_and_no_other(one, client):
    made = propose(one, P)
    [proposed] = links_in_mails(C)
    proposals.accept_time(proposal=made, actor=one.customer, role=C)

    *_, moved = links_in_mails(C)

    assert moved != proposed and "was moved from" not in text_of(client.get(moved))
    # The proposal told of the time that it had then, and of one that it might get.
    assert "was moved from Tue 3 March, 10:00 to Wed 4 March, 10:00" in text_of(client.get(proposed))


def test_a_link_of_a_proposal_that_waits_or_was_kept_speaks_of_no_move(one, client):
    made = propose(one, P)
    [address] = links_in_mails(C)
    waiting = text_of(client.get(address))

    proposals.decline_time(proposal=made, actor=one.customer, role=C)

    assert "was moved" not in waiting and "was moved" not in text_of(client.get(address))


def test_a_link_from_before_links_knew_their_time_still_opens_and_says_nothing_of_it(one, client):
    signer = links._signer(one.customer)
    token = signer.sign(f"{one.uuid.hex}c20260501")
    made = propose(one, P)
    proposals.accept_time(proposal=made, actor=one.customer, role=C)

    said = text_of(client.get(reverse("link", args=[token])))

    assert "Wednesday 4 March" in said and "was moved" not in said


def test_whoever_is_signed_in_is_told_of_the_move_on_their_usual_page(one, client):
    address = reverse("link", args=[links.token_for(one, C, now=MONDAY)])
    made = propose(one, P)
    proposals.accept_time(proposal=made, actor=one.customer, role=C)
    client.force_login(one.customer)

    said = text_of(client.get(address, follow=True))

    assert said.count("This appointment was moved from Tue 3 March, 10:00 to Wed 4 March, 10:00, London time.") == 1


def test_a_new_link_names_the_time_that_the_appointment_has(one):
    propose(one, P)
    sent()
    links.send_new_link(links.open_link(links.token_for(one, C, now=MONDAY)), now=MONDAY)

    assert sent() == [("customer", "Your new link: Tue 3 March, 10:00 with Maya Okafor")]


def test_several_new_times_of_one_act_are_one_mail_for_each_reader(one, book):
    rows = [one, book(start=TUESDAY_TEN + timedelta(hours=2), customer=one.customer).appointment]
    day = timedelta(days=1)
    changes = [Change(row, Verb.PROPOSE, "We are closed.", start=row.start + day) for row in rows]
    sent()

    transitions.apply(changes, actor=UserFactory(is_staff=True), role=Role.STAFF)

    both = "New times proposed: 2 appointments with {}, Wed 4 March"
    assert sent() == [("customer", both.format("Maya Okafor")), ("provider", both.format("Amara Nwosu"))]
    text = django_mail.outbox[0].body + django_mail.outbox[1].body
    assert "Our team asks for 2 other times." in text
    assert "Our team proposed 2 new times to Amara." in text
    assert "Instead of Tue 3 March 2026, 12:00." in text
