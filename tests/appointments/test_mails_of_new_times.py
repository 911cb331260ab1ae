"""What each side is told of a new time: proposed, moved to, or refused, so that the original one stays.

The samples are of an appointment on Thursday 12 March 2026, 14:20 in London, and of Sunday 15 March, 11:00 instead.
"""

import pytest
import time_machine

from appointments.mail.catalogue import EventMail
from appointments.mail.preview import NOW, sample_context
from appointments.states import Role, Verb
from core.letters import Former
from notifications.composing import render

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
