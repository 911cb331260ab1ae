"""What this app keeps about a person; see `accounts.personal_data`."""

from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import Q

from accounts.models import User, Weekday
from accounts.personal_data import Facts, Rows, Section
from providers.models import (
    BookingPolicy,
    CustomerAllowance,
    CustomerBlock,
    CustomerNote,
    DateOverride,
    FeeRate,
    Listing,
    PageDecision,
    Provider,
    Service,
    TimeOff,
    WorkingHours,
)

NAME = "Deleted provider"


def kept(user: User) -> Rows:
    """The person's own page as a provider, its services and time off, the limits that others lifted for them, and who
    takes no bookings of them.

    Hours, date overrides, policy, and what the person decided about their customers belong to the page.
    """
    return {
        "provider pages": Provider.objects.filter(user=user),
        "limits lifted for them": CustomerAllowance.objects.filter(customer=user),
        "blocks from booking with a provider": CustomerBlock.objects.filter(customer=user),
        "blocks they set or lifted": CustomerBlock.objects.filter(Q(blocked_by=user) | Q(lifted_by=user)),
        "fees of their page": FeeRate.objects.filter(provider__user=user),
        "fees they set or withdrew": FeeRate.objects.filter(Q(set_by=user) | Q(withdrawn_by=user)),
        "notes about them": CustomerNote.objects.filter(customer=user),
        "notes about their customers": CustomerNote.objects.filter(provider__user=user),
        "decisions about their page": PageDecision.objects.filter(provider__user=user),
        "decisions about pages they made": PageDecision.objects.filter(decided_by=user),
        "services": Service.objects.filter(provider__user=user),
        "times off": TimeOff.objects.filter(provider__user=user),
    }


def sections(user: User) -> list[Section]:
    """The person's page with all that belongs to it. What others decided or wrote about them is not theirs to see."""
    own = {"provider__user": user}
    return [
        Section("page", "Your page", Provider.objects.filter(user=user).select_related("category"), _page),
        Section("services", "Services", Service.objects.filter(**own), _service),
        Section("policies", "Booking policies", BookingPolicy.objects.filter(**own), _policy),
        Section("working_hours", "Working hours", WorkingHours.objects.filter(**own), _hours),
        Section("date_overrides", "Dates with other hours", DateOverride.objects.filter(**own), _override),
        Section("time_off", "Time off", TimeOff.objects.filter(**own).order_by("start"), _time_off),
        Section("limits_lifted", "Customers without limits", _dealt(CustomerAllowance, user), _allowance),
        Section("fees", "The platform's fee on your prices", FeeRate.objects.filter(**own).order_by("starts_at"), _fee),
        Section("decisions", "What our staff decided about your page", PageDecision.objects.filter(**own), _decision),
        Section("blocks", "Customers you take no bookings of", _dealt(CustomerBlock, user).order_by("since"), _block),
        Section("customer_notes", "Notes about customers", _dealt(CustomerNote, user).order_by("written_at"), _note),
    ]


@transaction.atomic
def erase(user: User) -> None:
    """Erase the page, whose row stays for the appointments made there, and what providers decided about the person.

    Services keep name, length and price, which is what was agreed; category and zone stay, too.
    """
    for decided in (CustomerAllowance.objects, CustomerBlock.objects, CustomerNote.objects):
        decided.filter(Q(customer=user) | Q(provider__user=user)).delete()
    FeeRate.objects.filter(provider__user=user).update(reason="", withdrawn_reason="")
    PageDecision.objects.filter(provider__user=user).update(reason="")
    for belonging in (WorkingHours.objects, DateOverride.objects, TimeOff.objects):
        belonging.filter(provider__user=user).delete()
    Service.objects.filter(provider__user=user).update(is_active=False, description="")
    Provider.objects.filter(user=user).update(
        name=NAME,
        slug=f"deleted-{uuid4().hex}",
        trade="",
        about="",
        languages="",
        place="",
        address="",
        listing=Listing.HIDDEN,
        steps_done=[],
    )


def _dealt(model: type[Any], user: User) -> Any:
    return model.objects.filter(provider__user=user).select_related("customer")


def _page(row: Provider) -> Facts:
    return {
        "name": row.name,
        "address_of_the_page": row.slug,
        "trade": row.trade,
        "category": row.category.name if row.category else "",
        "about": row.about,
        "languages": row.languages,
        "meets": [venue.label for venue in row.venues],
        "place": row.place,
        "address": row.address,
        "time_zone": row.time_zone,
        "listing": row.get_listing_display(),
        "live_since": row.live_since,
        "created_at": row.created_at,
    }


def _service(row: Service) -> Facts:
    return {
        "name": row.name,
        "description": row.description,
        "minutes": row.duration_minutes,
        "minutes_before": row.buffer_before_minutes,
        "minutes_after": row.buffer_after_minutes,
        "price": row.price,
        "currency": row.currency,
        "pricing": row.get_pricing_display(),
        "confirmation": row.get_confirmation_display(),
        "offered": row.is_active,
    }


def _policy(row: BookingPolicy) -> Facts:
    named = [field for field in BookingPolicy._meta.concrete_fields if field.name not in {"id", "provider"}]
    return {field.name: getattr(row, field.attname) for field in named}


def _hours(row: WorkingHours) -> Facts:
    return {"weekday": Weekday(row.weekday).label, "open": _range(row.start_minute, row.end_minute)}


def _override(row: DateOverride) -> Facts:
    return {
        "from": row.start_on,
        "to": row.end_on,
        "open": [_range(start, end) for start, end in row.ranges],
        "note": row.note,
    }


def _range(start: int, end: int) -> str:
    """Minutes after midnight as `09:00 to 17:30`."""
    return " to ".join(f"{minute // 60:02}:{minute % 60:02}" for minute in (start, end))


def _time_off(row: TimeOff) -> Facts:
    return {"start": row.start, "end": row.end, "reason": row.reason, "public_word": row.public_word}


def _decision(row: PageDecision) -> Facts:
    return {"decided": row.get_decided_display(), "at": row.at, "because": row.reason}


def _fee(row: FeeRate) -> Facts:
    """Reasons are staff's own words, and stay with them."""
    return {"percent": row.percent, "from": row.starts_at, "set_at": row.created_at, "withdrawn_at": row.withdrawn_at}


def _allowance(row: CustomerAllowance) -> Facts:
    return {"customer": row.customer.name, "since": row.created_at}


def _block(row: CustomerBlock) -> Facts:
    return {"customer": row.customer.name, "since": row.since, "reason": row.reason, "lifted_at": row.lifted_at}


def _note(row: CustomerNote) -> Facts:
    return {
        "customer": row.customer.name,
        "note": row.text,
        "written_at": row.written_at,
        "changed_at": row.changed_at,
    }
