"""The mutants: small defects, each with the tests that must notice it; run by `bin/mutate`.

The text `old` occurs exactly once in its file. Change it along with the code; replace a defect that no longer makes
sense by one that does.
"""

from dataclasses import dataclass

SQLITE, POSTGRES = "sqlite", "postgres"


@dataclass(frozen=True)
class Mutant:
    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    database: str = SQLITE


def mutant(name: str, file: str, old: str, new: str, tests: str, only: str = "", *, on: str = SQLITE) -> Mutant:
    """A mutant; `tests` are paths below tests/, `only` is the expression of pytest's -k."""
    words = tuple(f"tests/{path}" for path in tests.split())
    return Mutant(name, file, old, new, (*words, "-k", only) if only else words, on)


BOOKING = "appointments/services/booking.py"
TRANSITIONS = "appointments/services/transitions.py"
MOVES = "appointments/rules/moves.py"
SLOTS = "appointments/rules/slots.py"
AVAILABILITY = "appointments/services/availability.py"
HOLDS = "appointments/services/holds.py"
CATALOGUE = "appointments/mail/catalogue.py"
CONTEXT = "appointments/mail/context.py"
LINKS = "appointments/links.py"
REACH = "appointments/search/reach.py"
INDEX = "appointments/search/index.py"
FAR = "appointments/test_far_from_home.py"
CHANGES = "appointments/test_transitions.py"
PAGES = "appointments/test_booking_pages.py"
STUDIO = "appointments/test_studio_pages.py"
WEEK = "appointments/test_studio_week.py"
CARDS = "appointments/test_request_cards.py"
MAILS = "appointments/test_mails.py"
SIDES = "appointments/test_mail_sides.py"
FOLLOWS = "appointments/services/follows.py"
LETTER = "appointments/mail/several.py"
TOGETHER = "appointments/test_mails_about_several.py"
FAIR_RULES = "appointments/rules/fair_use.py"
FAIR_SERVICES = "appointments/services/fair_use.py"
FAIR = "appointments/test_fair_use.py"
BANS = "appointments/test_bans.py"
STAFF = "appointments/test_staff_fair_use.py"
CANCEL = "appointments/test_cancel_pages.py"
CONSEQUENCES = "appointments/test_consequences.py"

MUTANTS = [
    # --- What is agreed -----------------------------------------------------------------------------------------------
    mutant("the fee is not copied", BOOKING, "platform_fee=price.platform_fee,", "platform_fee=0,", FAR, "price_fee"),
    mutant(
        "the price is not the quote's",
        BOOKING,
        "            price=price.price,\n            currency",
        "            price=price.platform_fee,\n            currency",
        FAR,
        "price_fee",
    ),
    mutant(
        "every appointment takes an hour",
        BOOKING,
        "end=start + timedelta(minutes=service.duration_minutes),",
        "end=start + timedelta(minutes=60),",
        FAR,
        "price_fee",
    ),
    mutant(
        "the price is read again at accept",
        TRANSITIONS,
        "    appointment.sequence += 1\n",
        "    appointment.sequence += 1\n    Appointment.objects.filter(pk=appointment.pk).update("
        "price=appointment.service.price)\n",
        FAR,
        "agrees_to_what",
    ),
    mutant(
        "the fee is not rounded",
        "appointments/rules/pricing.py",
        "money.round_money(price * fee_percent / 100, service.currency)",
        "price * fee_percent / 100",
        FAR,
        "price_fee",
    ),
    mutant(
        "money is rounded half to even",
        "core/money.py",
        "Context(prec=60, rounding=ROUND_HALF_UP)",
        'Context(prec=60, rounding="ROUND_HALF_EVEN")',
        "core/test_money.py",
    ),
    mutant(
        "changed terms are not noticed",
        BOOKING,
        "if terms_of(service) != wanted.terms or wanted.venue and",
        "if wanted.venue and",
        PAGES,
        "changed or terms or price",
    ),
    # --- Who may book -------------------------------------------------------------------------------------------------
    mutant(
        "providers book themselves",
        BOOKING,
        "if customer.pk == provider.user_id:",
        "if not provider:",
        "appointments hardening/test_promises.py",
        "themselves",
    ),
    mutant(
        "an unconfirmed address books",
        BOOKING,
        "if not customer.email_confirmed:",
        "if not customer:",
        FAR,
        "confirmed",
    ),
    mutant(
        "a form sent twice books twice",
        BOOKING,
        "for pk, key, *_ in theirs if key in wanted.keys]",
        "for pk, key, *_ in theirs if not key]",
        "appointments/test_booking_pages.py hardening/test_kills.py",
        "twice or retry or again",
    ),
    mutant(
        "a time that is not open is booked",
        BOOKING,
        "        if start not in open_now:\n",
        "        if start is None:\n",
        FAR,
        "cap or open",
    ),
    mutant(
        "the booking form is exempt from its key",
        "appointments/views/booking.py",
        '@never_cache\n@require_http_methods(["GET", "HEAD", "POST"])\n@limited("book")\n',
        '@__import__("django.views.decorators.csrf", fromlist=["x"]).csrf_exempt\n@never_cache\n'
        '@require_http_methods(["GET", "HEAD", "POST"])\n@limited("book")\n',
        FAR,
        "without_our_own_key",
    ),
    mutant(
        "somebody else's form books",
        "appointments/views/booking.py",
        'if form.cleaned_data["person"] != request.user.uuid:',
        "if not request.user.uuid:",
        PAGES,
    ),
    # --- The answer's deadline and other moments ----------------------------------------------------------------------
    mutant(
        "the deadline is the later of the two",
        MOVES,
        "return min(now + timedelta(minutes=policy.answer_minutes)",
        "return max(now + timedelta(minutes=policy.answer_minutes)",
        FAR,
        "answered_for or near_its_start",
    ),
    mutant(
        "the deadline is the start",
        MOVES,
        "return min(now + timedelta(minutes=policy.answer_minutes), start)",
        "return start",
        FAR,
        "answered_for or near_its_start",
    ),
    mutant(
        "a request is answered at its deadline",
        "appointments/models/appointment.py",
        "(self.answer_by or self.start) <= now",
        "(self.answer_by or self.start) < now",
        FAR,
        "deadline",
    ),
    mutant(
        "the job expires after the deadline only",
        "appointments/models/conditions.py",
        "answer_by__lte=now",
        "answer_by__lt=now",
        FAR,
        "deadline",
    ),
    mutant(
        "the job completes later than it may",
        "appointments/queries/due.py",
        "end__lte=now - COMPLETES_AFTER",
        "end__lt=now - COMPLETES_AFTER",
        FAR,
        "job_completes",
    ),
    mutant(
        "it is too late to cancel at the cutoff",
        MOVES,
        "if role is Role.CUSTOMER and now > until:",
        "if role is Role.CUSTOMER and now >= until:",
        FAR,
        "cutoff",
    ),
    mutant(
        "the customer's page sends no number back",
        "templates/appointments/customer/cancel.html",
        '<input type="hidden" name="seen" value="{{ weighed.number }}">',
        "",
        CANCEL,
        "as_shown",
    ),
    mutant(
        "the studio sends no number back",
        "templates/appointments/studio/cancel.html",
        '<input type="hidden" name="seen" value="{{ weighed.number }}">',
        "",
        CANCEL,
        "as_shown",
    ),
    mutant(
        "a link sends no number back",
        "templates/appointments/link/act.html",
        '<input type="hidden" name="seen" value="{{ weighed.number }}">',
        "",
        CANCEL,
        "as_shown",
    ),
    mutant(
        "a link takes any consequence as seen",
        "appointments/views/link.py",
        'given["seen"] = form.cleaned_data["seen"]',
        'given["seen"] = 99',
        CANCEL,
        "not_shown",
    ),
    mutant(
        "what is no number is taken as all seen",
        "appointments/forms/reasons.py",
        'if re.fullmatch("[0-9]{1,3}", str(value)) else 0',
        'if re.fullmatch("[0-9]{1,3}", str(value)) else 99',
        CANCEL,
        "not_shown",
    ),
    mutant(
        "the page counts one too few",
        "appointments/pages/consequences.py",
        'return f"{ordinal(self.number)} of {LIMIT}"',
        'return f"{ordinal(self.number - 1)} of {LIMIT}"',
        CONSEQUENCES,
    ),
    mutant(
        "the page leaves one too many",
        "appointments/pages/consequences.py",
        "left = LIMIT - counts.number",
        "left = LIMIT - counts.number + 1",
        CONSEQUENCES,
    ),
    mutant(
        "the appointment itself is counted among the others",
        "appointments/services/fair_use.py",
        "upcoming_of(person, now=now).exclude(pk=besides.pk)",
        "upcoming_of(person, now=now)",
        CANCEL,
        "third",
    ),
    mutant(
        "cancelling at twelve hours is called free",
        MOVES,
        "if can_be_late and is_late(start, now):",
        "if can_be_late and start - now < LATE_WITHIN:",
        f"{CONSEQUENCES} {CANCEL}",
    ),
    mutant(
        "staff cancel late, too",
        "appointments/pages/labels.py",
        "return appointment.ended_by in ANSWERING and is_late",
        "return is_late",
        CONSEQUENCES,
    ),
    mutant(
        "the cutoff binds the provider, too",
        MOVES,
        "if role is Role.CUSTOMER and now > until:",
        "if now > until:",
        CHANGES,
        "cutoff",
    ),
    mutant(
        "it is cancelled at its start",
        MOVES,
        "if start <= now:",
        "if start < now:",
        f"{CHANGES} appointments/test_studio_pages.py appointments/test_customer_pages.py hardening/test_promises.py",
    ),
    mutant(
        "it is corrected for ever",
        MOVES,
        "attempt.now > closed_at + CORRECTED_WITHIN",
        "attempt.now is None",
        CHANGES,
        "correct",
    ),
    mutant(
        "it is marked before its start",
        MOVES,
        "    if attempt.now < attempt.appointment.start:",
        "    if attempt.now is None:",
        CHANGES,
        "marked",
    ),
    # --- Who may do what ----------------------------------------------------------------------------------------------
    mutant("every role may do every move", MOVES, "if role not in roles:", "if role is None:", CHANGES),
    mutant("anybody acts as anybody", TRANSITIONS, "    if not allowed:\n", "    if allowed is None:\n", CHANGES),
    mutant(
        "a provider withdraws a request",
        "appointments/states.py",
        "Verb.WITHDRAW: (frozenset({S.REQUESTED}), S.CANCELLED, frozenset({R.CUSTOMER, R.STAFF,",
        "Verb.WITHDRAW: (frozenset({S.REQUESTED}), S.CANCELLED, frozenset({R.CUSTOMER, R.PROVIDER, R.STAFF,",
        CHANGES,
        "moves_of_the_table",
    ),
    mutant(
        "a cancelled one is cancelled again",
        "appointments/states.py",
        "Verb.CANCEL: (frozenset({S.CONFIRMED}),",
        "Verb.CANCEL: (frozenset({S.CONFIRMED, S.DECLINED}),",
        CHANGES,
        "moves_of_the_table",
    ),
    mutant(
        "a closed account's request is accepted",
        MOVES,
        "    if not customer.takes_part:",
        "    if attempt.now is None:",
        FAR,
        "closed",
    ),
    # --- What a move writes -------------------------------------------------------------------------------------------
    mutant(
        "declining says who ended it",
        TRANSITIONS,
        "ENDED_BY_SOMEBODY = {Verb.CANCEL, Verb.WITHDRAW}",
        "ENDED_BY_SOMEBODY = {Verb.CANCEL, Verb.WITHDRAW, Verb.DECLINE}",
        FAR,
        "by_whom",
    ),
    mutant(
        "a withdrawal reads as a cancellation",
        TRANSITIONS,
        "appointment.was_withdrawn = verb is Verb.WITHDRAW",
        "appointment.was_withdrawn = False",
        FAR,
        "by_whom",
    ),
    mutant(
        "what ended has no moment",
        TRANSITIONS,
        "        appointment.closed_at = now\n",
        "        appointment.closed_at = None\n",
        FAR,
        "by_whom",
    ),
    mutant("the sequence stands still", TRANSITIONS, "    appointment.sequence += 1\n", "", FAR, "by_whom"),
    mutant(
        "an ended one keeps its hold",
        TRANSITIONS,
        "if appointment.status not in HOLDING]",
        "if appointment.status is None]",
        CHANGES,
        "releases",
    ),
    mutant(
        "a no-show frees its time",
        "appointments/states.py",
        "HOLDING = frozenset({S.REQUESTED, S.CONFIRMED, S.COMPLETED, S.NO_SHOW})",
        "HOLDING = frozenset({S.REQUESTED, S.CONFIRMED, S.COMPLETED})",
        FAR,
        "keeps_its_time",
    ),
    mutant(
        "an expiry is not told",
        "appointments/services/follows.py",
        "    Verb.EXPIRE: (refresh_openings, mail_both_sides),",
        "    Verb.EXPIRE: (refresh_openings,),",
        "appointments/test_mail_sides.py appointments/test_mails.py",
        "",
    ),
    mutant(
        "a name travels in a message",
        "appointments/services/follows.py",
        'key = f"{first}:{side.value}"',
        'key = f"{first}:{side.value}:{events[0].appointment.customer.name}"',
        FAR,
        "no_message",
    ),
    mutant(
        "a reason travels in a message",
        "appointments/services/follows.py",
        'payload={"provider": provider_id},',
        'payload={"provider": provider_id, "why": events[0].reason},',
        FAR,
        "no_message",
    ),
    # --- Open time ----------------------------------------------------------------------------------------------------
    mutant(
        "a day's cap is counted on UTC dates",
        AVAILABILITY,
        "by_day[provider_id][at.astimezone(zones[provider_id]).date()]",
        "by_day[provider_id][at.date()]",
        FAR,
        "cap or date",
    ),
    mutant(
        "a day's cap is asked for UTC dates",
        SLOTS,
        "facts.booked.get(start.astimezone(facts.zone).date(), 0) >= cap",
        "facts.booked.get(start.date(), 0) >= cap",
        FAR,
        "cap or date",
    ),
    mutant("one more than the cap in a day", SLOTS, ".date(), 0) >= cap", ".date(), 0) > cap", FAR, "cap or date"),
    mutant(
        "one more than the cap in all",
        SLOTS,
        "facts.open_count >= facts.rules.max_open",
        "facts.open_count > facts.rules.max_open",
        FAR,
        "open_in_all",
    ),
    mutant(
        "the cap in all ignores requests",
        "appointments/models/conditions.py",
        "return upcoming(now) | waiting(now)",
        "return upcoming(now)",
        FAR,
        "open_in_all",
    ),
    mutant(
        "the cap in all is never counted",
        AVAILABILITY,
        "in_all[provider_id] += counts",
        "in_all[provider_id] += 0",
        FAR,
        "open_in_all",
    ),
    mutant(
        "the cap in all counts a range",
        AVAILABILITY,
        "& conditions.taking_time(now) | counted",
        "& conditions.taking_time(now)",
        FAR,
        "open_in_all",
    ),
    mutant(
        "what is over counts as open",
        "appointments/models/conditions.py",
        "return Q(status=Status.CONFIRMED, end__gt=now)",
        "return Q(status=Status.CONFIRMED)",
        FAR,
        "what_is_over",
    ),
    mutant(
        "busy times elsewhere are open",
        AVAILABILITY,
        ".union(busy.values_list(*columns), all=True)",
        "",
        "appointments/test_availability.py",
    ),
    mutant(
        "touching appointments collide",
        SLOTS,
        "taken[i][0] < at + tail",
        "taken[i][0] <= at + tail",
        "appointments/test_slots.py",
    ),
    mutant(
        "notice is not kept", SLOTS, "return now + facts.rules.notice,", "return now,", "appointments/test_slots.py"
    ),
    mutant(
        "the window is a day longer",
        SLOTS,
        "timedelta(days=rules.window_days)",
        "timedelta(days=rules.window_days + 1)",
        "appointments/test_slots.py",
    ),
    mutant(
        "the window ends by UTC dates",
        SLOTS,
        "return now.astimezone(zone).date() + timedelta",
        "return now.date() + timedelta",
        "appointments/test_slots.py appointments/test_picker_pages.py",
    ),
    mutant(
        "the buffer after is forgotten",
        HOLDS,
        "start + shape.duration + shape.after",
        "start + shape.duration",
        "appointments hardening/test_promises.py",
        "buffer or book or promise",
    ),
    mutant(
        "a kept time is kept longer",
        HOLDS,
        "KEPT_FOR = timedelta(minutes=10)",
        "KEPT_FOR = timedelta(minutes=11)",
        "appointments/test_picker_pages.py appointments/test_booking_pages.py",
    ),
    mutant(
        "a kept time is extended again and again",
        HOLDS,
        "expires_at__gt=now, extended=False)",
        "expires_at__gt=now)",
        "appointments/test_picker_pages.py appointments/test_booking_pages.py",
    ),
    mutant(
        "touching ranges stay apart",
        "core/intervals.py",
        "elif start <= last_end:",
        "elif start < last_end:",
        "core/test_intervals.py",
    ),
    mutant(
        "neighbours overlap",
        "core/intervals.py",
        "return max(a[0], b[0]) < min(a[1], b[1])",
        "return max(a[0], b[0]) <= min(a[1], b[1])",
        "core/test_intervals.py",
    ),
    # --- The database's own word --------------------------------------------------------------------------------------
    mutant(
        "SQLite refuses neighbours",
        "core/constraints.py",
        "AND other.%(end)s > NEW.%(start)s",
        "AND other.%(end)s >= NEW.%(start)s",
        "core/test_constraints.py",
    ),
    mutant(
        "PostgreSQL refuses neighbours",
        "core/constraints.py",
        "tstzrange(%(start)s, %(end)s, '[)')",
        "tstzrange(%(start)s, %(end)s, '[]')",
        "core/test_constraints.py",
        on=POSTGRES,
    ),
    mutant(
        "a lock outside a transaction is silent",
        "core/db.py",
        "    if not connections[router.db_for_write(model)].in_atomic_block:\n",
        "    if model is None:\n",
        "core/test_db.py",
    ),
    mutant(
        "nothing is locked",
        "core/db.py",
        'queryset.select_for_update(of=("self",), no_key=True)',
        "queryset",
        "race/test_booking_races.py race/test_policy_races.py",
        "accept or obeys or lock",
        on=POSTGRES,
    ),
    # --- Mail and links -----------------------------------------------------------------------------------------------
    mutant(
        "the mail of an acceptance goes to the other side",
        CATALOGUE,
        "self.reader = Reader.of(context.reader)",
        "self.reader = Reader.of(context.other_user if context.event.verb == Verb.ACCEPT else context.reader)",
        SIDES,
    ),
    mutant(
        "the mail of a refusal goes to the other side",
        CATALOGUE,
        "self.reader = Reader.of(context.reader)",
        "self.reader = Reader.of(context.other_user if context.event.verb == Verb.DECLINE else context.reader)",
        SIDES,
    ),
    mutant(
        "the mail of a cancellation goes to the other side",
        CATALOGUE,
        "self.reader = Reader.of(context.reader)",
        "self.reader = Reader.of(context.other_user if context.event.verb == Verb.CANCEL else context.reader)",
        SIDES,
    ),
    mutant(
        "the mail of an expiry goes to the other side",
        CATALOGUE,
        "self.reader = Reader.of(context.reader)",
        "self.reader = Reader.of(context.other_user if context.event.verb == Verb.EXPIRE else context.reader)",
        SIDES,
    ),
    mutant("an overtaken mail gives hope", CATALOGUE, "if last > event.pk:", "if last < event.pk:", MAILS),
    mutant(
        "each appointment of an act is told by itself",
        FOLLOWS,
        "found.setdefault(reader, []).append(event.pk)",
        "found.setdefault((reader, event.pk), []).append(event.pk)",
        TOGETHER,
        "one_mail_each",
    ),
    mutant(
        "all customers of an act read the same mail",
        FOLLOWS,
        "reader = appointment.customer_id if side is Role.CUSTOMER else appointment.provider_id",
        "reader = appointment.provider_id",
        TOGETHER,
        "one_mail_each or other_customers",
    ),
    mutant(
        "what was overtaken stays in a mail about several",
        CATALOGUE,
        "        self._tell(true or self.contexts)\n",
        "",
        TOGETHER,
        "overtaken",
    ),
    mutant(
        "a mail about several goes though none is still true",
        CATALOGUE,
        'return "" if true else "; ".join(dict.fromkeys(reasons))',
        'return ""',
        TOGETHER,
        "none_is_left",
    ),
    mutant(
        "a mail about several leaves as often as it is handled",
        CATALOGUE,
        'f"appointment-events:{first}:{shared.first.side.value}"',
        'f"appointment-events:{clock.now().timestamp()}:{id(self)}"',
        TOGETHER,
        "runs_twice",
    ),
    mutant(
        "of several appointments the first alone has a calendar file",
        CATALOGUE,
        "part for context in SharedContext(self.told).contexts for part",
        "part for context in SharedContext(self.told).contexts[:1] for part",
        TOGETHER,
        "calendar_file or invitations",
    ),
    mutant(
        "one calendar file of several appointments stands for the letter",
        "notifications/composing.py",
        "if len(calendars) == 1 and not letter.items:",
        "if len(calendars) == 1:",
        TOGETHER,
        "no_alternative",
    ),
    mutant(
        "a reason that is one appointment's own is everybody's",
        LETTER,
        "return different.pop() if len(different) == 1 else None",
        "return different.pop()",
        TOGETHER,
    ),
    mutant(
        "the log says that a mail named what it left out",
        "notifications/services.py",
        "        Mention.objects.filter(mail=row).exclude(about__in=mail.mentions).delete()\n",
        "",
        TOGETHER,
        "named_before",
    ),
    mutant(
        "staff's refused row stops the others",
        "appointments/admin/appointments.py",
        "skip_refused=True",
        "skip_refused=False",
        "appointments/test_admin.py",
        "refusal_stops_none",
    ),
    mutant(
        "a refused change is made all the same",
        TRANSITIONS,
        "            outcomes.append(Outcome(appointment, changed=False, refusal=refusal))\n            continue\n",
        "            outcomes.append(Outcome(appointment, changed=False, refusal=refusal))\n",
        TOGETHER,
        "go_on",
    ),
    mutant("a link opens without its account's address", LINKS, ":{reader.email}", "", "appointments/test_links.py"),
    mutant(
        "a link opens for a closed account",
        LINKS,
        "    if not reader.takes_part:\n",
        "    if reader is None:\n",
        "appointments/test_links.py",
    ),
    mutant(
        "a link lasts a day longer",
        LINKS,
        "LASTS = timedelta(days=30)",
        "LASTS = timedelta(days=31)",
        "appointments/test_links.py",
    ),
    mutant(
        "a link is of the other side",
        LINKS,
        "return appointment.customer if side is Role.CUSTOMER else",
        "return appointment.customer if side is Role.PROVIDER else",
        "appointments/test_links.py",
    ),
    # --- Fair use -----------------------------------------------------------------------------------------------------
    mutant(
        "exactly twelve hours before is not late",
        FAIR_RULES,
        "return start - at <= LATE_WITHIN",
        "return start - at < LATE_WITHIN",
        FAIR,
    ),
    mutant(
        "exactly thirty days ago no longer counts",
        FAIR_RULES,
        "<= at - moment <= COUNTED_FOR",
        "<= at - moment < COUNTED_FOR",
        FAIR,
    ),
    mutant(
        "staff answer for what they cancel",
        "appointments/states.py",
        "ANSWERING = frozenset({Role.CUSTOMER, Role.PROVIDER})",
        "ANSWERING = frozenset({Role.CUSTOMER, Role.PROVIDER, Role.STAFF})",
        BANS,
        "by_staff",
    ),
    mutant(
        "each appointment of an act counts",
        FAIR_RULES,
        "return Consequence(len(counted) + 1,",
        "return Consequence(len(counted) + len(list(starts)),",
        FAIR,
        "several",
    ),
    mutant(
        "a ban ends no session",
        "accounts/bans.py",
        "    services.end_sessions(user=person)\n",
        "",
        BANS,
        "bans_at_once",
    ),
    mutant(
        "a ban leaves the requests",
        FAIR_SERVICES,
        "(theirs, status__in=OPEN,",
        '(theirs, status="confirmed",',
        BANS,
        "bans_at_once or request_to",
    ),
    mutant(
        "a ban leaves the times that are kept",
        FAIR_SERVICES,
        "    Hold.objects.filter(kept_by=person).delete()\n",
        "",
        BANS,
        "bans_at_once",
    ),
    mutant(
        "the count goes on after a lift",
        "appointments/models/late_cancellation.py",
        "self.filter(forgiven_at=None, ban=None)",
        "self.filter(forgiven_at=None)",
        f"{BANS} {STAFF}",
        "anew or revives_nothing",
    ),
    mutant(
        "what is forgiven counts",
        "appointments/models/late_cancellation.py",
        "self.filter(forgiven_at=None, ban=None)",
        "self.filter(ban=None)",
        f"{BANS} {STAFF}",
        "forgiven",
    ),
    mutant(
        "staff decide about themselves",
        FAIR_RULES,
        "    if actor.pk == person.pk:\n",
        "    if actor is None:\n",
        STAFF,
        "themselves",
    ),
    mutant(
        "staff decide about other staff",
        FAIR_RULES,
        "if (person.is_staff or person.is_superuser) and not actor.is_superuser:",
        "if person.is_superuser and not actor.is_staff:",
        STAFF,
        "superusers_about_staff",
    ),
    mutant(
        "staff are asked as the page knew them",
        FAIR_SERVICES,
        "check_staff(people[actor.pk], people[person_id])",
        "check_staff(actor, people[person_id])",
        STAFF,
        "of_the_moment",
    ),
    mutant(
        "an appeal is answered again",
        FAIR_SERVICES,
        "Appeal.objects.filter(pk=appeal.pk, answered_at=None)",
        "Appeal.objects.filter(pk=appeal.pk)",
        STAFF,
        "first_answer",
    ),
    mutant(
        "a lift is not told",
        FAIR_SERVICES,
        "    if lifted:\n        outbox.publish_all([",
        "    if actor is None:\n        outbox.publish_all([",
        STAFF,
        "told_once",
    ),
    # --- A provider's requests ----------------------------------------------------------------------------------------
    mutant(
        "visits to others count",
        "appointments/queries/requests.py",
        'Count("pk", filter=Q(provider=OuterRef("provider")))',
        'Count("pk")',
        STUDIO,
        "history_with_this_provider",
    ),
    mutant(
        "every page of requests is the first",
        "core/compiled_queries.py",
        "limit_offset_sql(*places)",
        "limit_offset_sql(0, places[1] - places[0])",
        STUDIO,
        "number_of_all",
    ),
    mutant(
        "a name is markup on a card",
        "appointments/templatetags/requests.py",
        "escape(one.reference), escape(one.customer.name)",
        "escape(one.reference), one.customer.name",
        CARDS,
        "hostile",
    ),
    mutant(
        "a request is drawn twice on its own line",
        "appointments/pages/studio/today.py",
        "self.taken if without is None else",
        "self.taken if without is not None else",
        CARDS,
        "share_its_line",
    ),
    mutant(
        "a name is markup in the week",
        "appointments/templatetags/week.py",
        "<b>{escape(one.customer.name)}</b>",
        "<b>{one.customer.name}</b>",
        WEEK,
        "hostile",
    ),
    mutant(
        "a night has the column's date twice",
        "appointments/templatetags/week.py",
        "place.words if day == place.day else wording.date_text(day, long=True)",
        "place.words",
        WEEK,
        "rest_of_a_night",
    ),
    # --- Work for later -----------------------------------------------------------------------------------------------
    mutant(
        "attempts are not counted",
        "outbox/dispatch.py",
        "    message.attempts += 1\n",
        "    message.attempts += 0\n",
        "outbox/test_messages.py",
    ),
    mutant(
        "an error's words reach staff",
        "outbox/dispatch.py",
        'return f"{type(error).__name__}{where}"[:200]',
        'return f"{error}{where}"[:200]',
        "outbox/test_messages.py",
    ),
    # --- The search among many providers ------------------------------------------------------------------------------
    mutant(
        "a block's later openings come before sooner ones of others",
        REACH,
        "        if not self.is_all:\n",
        "        if not self.blocks:\n",
        "search/test_parts_of_the_day.py",
    ),
    mutant(
        "a block has the openings of one provider",
        INDEX,
        "        early[number] |= bits[0]\n",
        "        early[number] = bits[0]\n",
        "search/test_refresh.py",
    ),
    mutant(
        "a block keeps the openings of who is gone",
        INDEX,
        "    return blocks\n",
        "    return set()\n",
        "search/test_refresh.py",
    ),
    mutant(
        "a list by name reads everybody",
        "appointments/search/results.py",
        'return rows.order_by("opening_index__name_key", "opening_index__provider_id")',
        'return rows.order_by("name", "opening_index__provider_id")',
        "search/test_growth.py",
        on=POSTGRES,
    ),
    mutant(
        "prices of other currencies are left out",
        "appointments/search/results.py",
        'for compared in ("", "__lt", "__gt")',
        'for compared in ("", "__lt")',
        "search/test_results.py",
    ),
    mutant(
        "a rare opening is looked for in the first blocks alone",
        "appointments/search/results.py",
        "        if not reach.is_all and _asks_for_time_alone(wanted):\n",
        "        if _asks_for_time_alone(wanted):\n",
        "search/test_parts_of_the_day.py",
    ),
]
