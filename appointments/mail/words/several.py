"""The words of a mail about several entries of one act: what they have in common, said once."""

from collections.abc import Callable
from dataclasses import dataclass

from appointments.mail.context import MailContext, SharedContext
from appointments.pages.places import there
from appointments.states import Role, Verb

from . import late
from .base import deadline_text
from .confirmations import until_when
from .endings import what_else
from .times import without_an_answer

FILES_ADD = (
    "The files with this mail add the appointments to your calendar. Whatever changes later updates the same entries."
)
FILE_OF_SERIES = (
    "The file with this mail adds all of them to your calendar. Whatever changes later updates the same entries."
)
LINKS_FOLLOW = "The links to join follow in a mail of their own, and then stand on the appointments’ pages, too."
FILES_MOVE = "The files with this mail bring your calendar up to date."
FILE_MOVES = "The file with this mail brings your calendar up to date."
FILES_REMOVE = "The files with this mail take them out of your calendar."


@dataclass(frozen=True, slots=True)
class SharedWords:
    """The words for several entries of one verb.

    `head` begins the subject; `done` is the change in a word, for a letter about several changes: in its subject, and
    before what happens next. `line` says of each entry what is its own: a deadline, or until when it can be cancelled.
    """

    head: str
    done: str
    headline: str
    lead: tuple[str, ...]
    after: tuple[str, ...] = ()
    things: str = "times"
    line: Callable[[MailContext], str] = lambda context: ""


def requests_sent(shared: SharedContext) -> SharedWords:
    waiting = f"{shared.count} requests wait for an answer."
    return SharedWords(
        head="Request sent",
        done="requested",
        headline=f"{shared.other} has your {shared.count} requests." if shared.other else waiting,
        lead=("They are not confirmed yet. We email you either way.",),
        after=(
            "The times are held for you until then.",
            "If the answer is yes, you get a confirmation and the entry for your calendar. If it is no, or none comes "
            "in time, the request ends and nothing is charged.",
            "You can withdraw each request on its page for as long as it waits.",
        ),
        line=lambda context: f"{context.other} has until {deadline_text(context)} to answer.",
    )


def answers_needed(shared: SharedContext) -> SharedWords:
    first = min(shared.contexts, key=lambda context: context.deadline)
    waiting = f"{shared.count} requests wait for your answer."
    return SharedWords(
        head=f"Answer needed by {first.short_deadline}",
        done="requested",
        headline=f"{shared.other_name} asks for {shared.count} times." if shared.other else waiting,
        lead=("Please answer each of them in time. After that a request expires by itself.",),
        after=(
            f"The times are held for {shared.others} until you answer. What you accept is confirmed; what you decline "
            f"is open again. We tell {shared.others} either way.",
        ),
        line=lambda context: f"Please answer by {deadline_text(context)}.",
    )


def booked(shared: SharedContext) -> SharedWords:
    return _confirmed(shared, f"You are booked {shared.count} times.", _expects_you(shared))


def new_appointments(shared: SharedContext) -> SharedWords:
    headline = f"{shared.other_name} booked {shared.count} times." if shared.other else shared.what_did("were booked")
    return _confirmed(shared, headline, "They are confirmed; there is nothing to answer.")


def accepted(shared: SharedContext) -> SharedWords:
    return _confirmed(shared, shared.who_did("accepted", "requests"), _expects_you(shared))


def accepted_by_you(shared: SharedContext) -> SharedWords:
    told = f"The appointments are confirmed. We tell {shared.others}, too."
    return _confirmed(shared, shared.who_did("accepted", "requests"), told)


def _expects_you(shared: SharedContext) -> str:
    places = {there(context.appointment) for context in shared.contexts}
    expects = f" {shared.other} expects you{places.pop()}." if shared.other and len(places) == 1 else ""
    return f"The appointments are confirmed.{expects}"


def _confirmed(shared: SharedContext, headline: str, lead: str) -> SharedWords:
    links_follow = any(context.says_link_follows for context in shared.contexts)
    return SharedWords(
        head="Confirmed",
        done="confirmed",
        headline=headline,
        lead=(lead,),
        after=(*([LINKS_FOLLOW] if links_follow else []), FILE_OF_SERIES if shared.series else FILES_ADD),
        things="appointments",
        line=until_when,
    )


def not_confirmed(shared: SharedContext) -> SharedWords:
    return _refused(shared, shared.who_did("declined", "requests"))


def unanswered(shared: SharedContext) -> SharedWords:
    by_them = f"{shared.other} did not answer {shared.count} requests in time."
    return _refused(shared, by_them if shared.other else shared.what_did("were not answered in time", "requests"))


def _refused(shared: SharedContext, headline: str) -> SharedWords:
    return SharedWords(
        head="Not confirmed",
        done="not confirmed",
        headline=headline,
        lead=("These requests have ended and nothing was charged.",),
        after=what_else(shared.first) if shared.other else (),
        line=_offered,
    )


def declined_by_you(shared: SharedContext) -> SharedWords:
    return SharedWords(
        head="Declined",
        done="declined",
        headline=shared.who_did("declined", "requests"),
        lead=(f"The times are no longer held. We tell {shared.others}, too.",),
    )


def expired(shared: SharedContext) -> SharedWords:
    return SharedWords(
        head="Expired",
        done="expired",
        headline=shared.what_did("have expired", "requests"),
        lead=(f"They were not answered in time. The times are no longer held. We tell {shared.others}, too.",),
    )


def withdrawn_by_customer(shared: SharedContext) -> SharedWords:
    return _withdrawn(shared, "They have ended, the times are no longer held, and nothing was charged.")


def withdrawn(shared: SharedContext) -> SharedWords:
    return _withdrawn(shared, "There is nothing left to answer, and the times are no longer held.")


def _withdrawn(shared: SharedContext, lead: str) -> SharedWords:
    return SharedWords(
        head="Requests withdrawn",
        done="withdrawn",
        headline=shared.who_did("withdrew", "requests", by_itself="were withdrawn"),
        lead=(lead,),
    )


def cancelled(shared: SharedContext) -> SharedWords:
    return SharedWords(
        head=late.heading(shared.first) or "Cancelled",
        done="cancelled",
        headline=shared.who_did("cancelled", "appointments"),
        lead=(f"They no longer take place. {FILES_REMOVE}", *late.what_it_counts_as(shared.first)),
        after=late.what_the_limit_does(shared.first),
        things="appointments",
        line=_offered,
    )


def _offered(context: MailContext) -> str:
    """The times that are offered instead of one of them, if any."""
    if not context.offers:
        return ""
    return f"Held for you until {context.offered_until}: {'; '.join(context.offered)}."


def times_proposed(shared: SharedContext) -> SharedWords:
    first = shared.first
    headline = f"{first.doer} proposed {shared.count} new times to {shared.others}."
    if first.is_asked:
        headline = f"{first.doer} asks for {shared.count} other times."
    return SharedWords(
        head="New times proposed",
        done="to answer" if first.is_asked else "proposed",
        headline=headline,
        lead=("Please answer each of them in time.",) if first.is_asked else (),
        after=("Both times of each are held until it is answered.",),
        things="appointments",
        line=_answer_by,
    )


def _answer_by(context: MailContext) -> str:
    who = "Please answer" if context.is_asked else f"{context.other} has to answer"
    return f"Instead of {context.other_time}. {who} by {deadline_text(context)}. {without_an_answer(context)}"


def rescheduled(shared: SharedContext) -> SharedWords:
    return SharedWords(
        head="Rescheduled",
        done="rescheduled",
        headline=shared.who_did("rescheduled", "appointments"),
        lead=(f"They are confirmed for the new times. {FILE_MOVES if shared.series else FILES_MOVE}",),
        after=("The original times are no longer held, and the prices stay as agreed.",),
        things="appointments",
        line=lambda context: f"Before: {context.other_time}.",
    )


def times_declined(shared: SharedContext) -> SharedWords:
    return _stay(shared, "New times declined", f"{shared.first.doer} declined {shared.count} new times.")


def times_withdrawn(shared: SharedContext) -> SharedWords:
    return _stay(shared, "New times withdrawn", f"{shared.first.doer} withdrew {shared.count} new times.")


def times_lapsed(shared: SharedContext) -> SharedWords:
    return _stay(shared, "New times lapsed", f"{shared.count} new times were not answered in time.")


def _stay(shared: SharedContext, head: str, headline: str) -> SharedWords:
    return SharedWords(
        head=head,
        done="staying as before",
        headline=headline,
        lead=("The original times stay.",),
        things="appointments",
        line=lambda context: f"{context.other_time} is no longer held.",
    )


C, P = Role.CUSTOMER, Role.PROVIDER
SHARED: dict[tuple[Verb, Role], Callable[[SharedContext], SharedWords]] = {
    (Verb.REQUEST, C): requests_sent,
    (Verb.REQUEST, P): answers_needed,
    (Verb.BOOK, C): booked,
    (Verb.BOOK, P): new_appointments,
    (Verb.ACCEPT, C): accepted,
    (Verb.ACCEPT, P): accepted_by_you,
    (Verb.DECLINE, C): not_confirmed,
    (Verb.DECLINE, P): declined_by_you,
    (Verb.WITHDRAW, C): withdrawn_by_customer,
    (Verb.WITHDRAW, P): withdrawn,
    (Verb.EXPIRE, C): unanswered,
    (Verb.EXPIRE, P): expired,
    (Verb.CANCEL, C): cancelled,
    (Verb.CANCEL, P): cancelled,
    **{(Verb.PROPOSE, side): times_proposed for side in (C, P)},
    **{(Verb.MOVE, side): rescheduled for side in (C, P)},
    **{(Verb.DECLINE_TIME, side): times_declined for side in (C, P)},
    **{(Verb.WITHDRAW_TIME, side): times_withdrawn for side in (C, P)},
    **{(Verb.LAPSE, side): times_lapsed for side in (C, P)},
}
