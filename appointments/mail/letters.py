"""The letters about one appointment, and the parts of one that letters about several have, too."""

from urllib.parse import quote as quote_url

from django.conf import settings

from core.letters import Fact, Leaf, Letter, Mailbox, Quote
from core.money import price_words
from core.wording import duration_text
from notifications.text import many_lines, one_line

from .context import BEGINNINGS, MailContext
from .words.base import Words

TEMPLATE = "appointments/emails/appointment"


def about_one(context: MailContext, said: Words) -> Letter:
    """The letter about one event: these words, and around them the facts that all mails about appointments share."""
    place = context.place
    when = context.when
    return Letter(
        subject=said.subject,
        from_name=context.other_name,
        reply_to=reply_to(context),
        template=TEMPLATE,
        tone=context.tone,
        badge=context.badge,
        headline=said.headline,
        leaf=Leaf.of(context.start, context.zone),
        when=when,
        former=context.former,
        preheader=f"{when.line}. {place}." if place else f"{when.line}.",
        lead=said.lead,
        quote=said.quote or quote_of(context),
        choices=said.choices,
        button=said.button,
        links=said.links,
        facts=(Fact("Service", service_text(context)), *person_facts(context), *appointment_facts(context)),
        after=said.after,
        change=said.change,
        contact=contact(context),
        why=why(context),
    )


def quote_of(context: MailContext) -> Quote | None:
    """The reason given by the other side, or for the provider the customer's note; None where there is neither."""
    reason = many_lines(context.event.reason)
    if reason and not context.by_reader and context.doer:
        return Quote(f"{context.doer} wrote", reason)
    note = many_lines(context.appointment.note)
    if note and not context.for_customer and context.event.verb in BEGINNINGS:
        return Quote(f"{context.other} wrote", note)
    return None


def service_text(context: MailContext) -> str:
    return f"{context.service}, {duration_text(context.end - context.start)}"


def appointment_facts(context: MailContext) -> tuple[Fact, ...]:
    appointment, place, link = context.appointment, context.place, context.join_link
    where = (*([Fact("Place", place)] if place else []), *([Fact("Join", link, link)] if link else []))
    price = Fact("Price", price_words(appointment.price, appointment.currency))
    return (*where, price, Fact("Reference", appointment.reference))


def person_facts(context: MailContext) -> tuple[Fact, ...]:
    """The facts about the other side."""
    if context.for_customer:
        trade = one_line(context.provider.trade)
        return (Fact("With", f"{context.other_name}, {trade}" if trade else context.other_name),)
    return (Fact("Customer", context.other_name), *reach_facts(context))


def reach_facts(context: MailContext) -> tuple[Fact, ...]:
    """The facts by which a provider reaches the customer. A customer has none and answers the mail."""
    customer = context.other_user
    if context.for_customer or not customer.is_active or not customer.mail_address:
        return ()
    email = Fact("Email", customer.mail_address, f"mailto:{quote_url(customer.mail_address, safe='@')}")
    if not customer.phone:
        return (email,)
    return (email, Fact("Phone", customer.phone.as_international, f"tel:{customer.phone.as_e164}"))


def reply_to(context: MailContext) -> Mailbox | None:
    other = context.other_user
    return Mailbox(other.email, other.name) if other.email and context.replies_reach_them else None


def contact(context: MailContext | None) -> str:
    """The sentence about replies; without a context they go to the site's support."""
    reached = context.other if context and context.replies_reach_them else "our team"
    return f"Questions? Reply to this mail; your answer goes to {reached}."


def why(context: MailContext) -> str:
    if context.appointment.entered_by:
        doer = context.other_name if context.for_customer else "you"
        whom = "you" if context.for_customer else context.other_name
        return f"You get this mail because {doer} added an appointment for {whom} on {settings.SITE_NAME}."
    asked = "you asked" if context.for_customer else f"{context.other_name} asked"
    with_whom = context.other_name if context.for_customer else "you"
    return f"You get this mail because {asked} for an appointment with {with_whom} on {settings.SITE_NAME}."
