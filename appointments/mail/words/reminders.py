"""The words of reminders, right for the moment at which they are sent."""

from datetime import timedelta

from appointments.mail.context import MailContext
from appointments.pages.places import there
from appointments.states import Verb
from core import clock
from core.letters import Button
from core.wording import clock_text, date_text, words_for_minutes

from .base import Words, deadline_text
from .confirmations import until_when
from .times import BOTH_HELD, without_an_answer

# Nearer than that, the time left is told instead of the day.
SOON = timedelta(hours=2)


def reminder(context: MailContext) -> Words:
    when = _when(context)
    expects = f"{context.other} expects you" if context.for_customer else f"You expect {context.other}"
    buttons = _buttons(context)
    return Words(
        subject=f"{when}: {context.service} with {context.other_name}",
        headline=f"{when}: {context.service}",
        lead=(f"{expects}{there(context.appointment)}.", *_said(context)),
        button=buttons[0],
        links=tuple(buttons[1:]),
        change=until_when(context),
    )


def _said(context: MailContext) -> tuple[str, ...]:
    """The sentence that the customer said that they will come, or for them the question whether they do."""
    if context.appointment.will_come:
        return ("You said that you will come.",) if context.for_customer else (f"{context.other} will come.",)
    return (f"Will you come? {context.other} sees your answer.",) if Verb.COME in context.moves else ()


def _buttons(context: MailContext) -> list[Button]:
    """The ways to say that one comes, to choose another time and to cancel, each where it is still possible."""
    see = Button("See appointment", context.own_page)
    if not context.for_customer:
        return [see]
    moves = context.moves
    asks = Verb.COME in moves and not context.appointment.will_come
    buttons = [Button("I will come", context.linked("link_come"))] if asks else [see]
    if moves & {Verb.PROPOSE, Verb.MOVE}:
        buttons.append(Button("Choose another time", context.linked("link_reschedule")))
    if Verb.CANCEL in moves:
        buttons.append(Button("Cancel appointment", context.linked("link_act", Verb.CANCEL.value)))
    return buttons


def last_call(context: MailContext) -> Words:
    day = date_text(clock.local(context.start, context.zone).date())
    return Words(
        subject=f"Still to answer by {context.short_deadline}: {context.other_name}, {day}",
        headline=f"{context.other_name} still waits for your answer.",
        lead=(f"Please answer by {deadline_text(context)}. After that the request expires by itself.",),
        button=Button("Answer", context.own_page),
        after=(f"The time is held for {context.other} until then.",),
    )


def last_call_for_time(context: MailContext) -> Words:
    return Words(
        subject=f"Still to answer by {context.short_deadline}: {context.short} instead of {context.short_former}",
        headline=f"{context.other} still waits for your answer.",
        lead=(f"Please answer by {deadline_text(context)}. {without_an_answer(context)}",),
        button=Button("Answer", context.own_page),
        after=(BOTH_HELD,),
    )


def _when(context: MailContext) -> str:
    """`In 20 minutes`, `Today, 14:20`, `Tomorrow, 14:20`, else the day: `Thu 12 March, 14:20`."""
    left = context.start - context.now
    if left < SOON:
        return f"In {words_for_minutes(max(round(left.total_seconds() / 60), 1))}"
    days = (clock.local(context.start, context.zone).date() - clock.local(context.now, context.zone).date()).days
    if days > 1:
        return context.short
    time = clock_text(context.start, context.zone, twelve=context.twelve, spoken=True)
    return f"{('Today', 'Tomorrow')[days]}, {time}{context.in_city}"
