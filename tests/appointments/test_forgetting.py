"""A copy holds every word about a person; after an erasure nothing that they could be known by is found anywhere: in
tables, files, cache, jobs and logs.

Whoever adds a column for words lets the life in `lives.py` write into it, or says here why it takes none of a person's.
"""

import io
import zipfile

import pytest
from django.db.models.functions import Now

from accounts import copy_file
from accounts.leaving import GRACE
from accounts.models import DataCopy, Departure, Session
from appointments.models import OwnEvent
from core import clock
from notifications.models import SentMail, State
from outbox import dispatch
from outbox.models import Message
from tests.accounts import markers
from tests.appointments.lives import DAY, HOUR, MARKERS, RefusingMail, leave, live, marked_person

pytestmark = pytest.mark.django_db

# The columns for words that hold none of a person's, by the reason.
IMPERSONAL = {
    "Names of rights, models and jobs, which come from the code.": {
        "auth_permission.codename",
        "auth_permission.name",
        "django_content_type.app_label",
        "django_content_type.model",
        "outbox_message.topic",
        "outbox_scheduledjob.name",
        "outbox_scheduledjob.rhythm",
        "accounts_departure.step",
        "socialaccount_socialaccount.provider",
        "notifications_sentmail.topic",
        "notifications_inboxitem.name",
        "appointments_searchfigures.name",
    },
    "Keys of rows: numbers, references and moments.": {
        "django_admin_log.object_id",
        "outbox_message.key",
        "notifications_sentmail.key",
        "notifications_sentmail.payload",
        "notifications_sentmail.message_id",
        "notifications_sentmail.about",
        "notifications_inboxitem.about",
        "notifications_inboxitem.facts",
        "notifications_mention.about",
        "appointments_appointment.reference",
        "appointments_appointment.booking_key",
        "api_oncerequest.made",
    },
    "Hashes, of which some go after a day and the others with their row.": {
        "accounts_user.password",
        "accounts_keptban.key",
        "accounts_keptban.mark",
        "appointments_calendarfeed.token_hash",
        "appointments_hold.browser",
        "appointments_offer.token_hash",
        "appointments_hold.kept_from",
        "notifications_sentmail.asked_from",
        "notifications_sentmail.recipient",
        "notifications_unsubscribelink.token_hash",
        "calendar_sync_channel.token_hash",
        "api_apikey.prefix",
        "api_apikey.digest",
        "api_oncerequest.key_hash",
        "api_oncerequest.request_hash",
    },
    "Addresses of meetings that Google makes up, of random letters.": {
        "appointments_appointment.join_link",
        "appointments_appointment.told_join_link",
        "calendar_sync_writtenevent.meet_link",
    },
    "What a server answered or a handler failed with: codes and places in the code, never their text.": {
        "notifications_refusedaddress.code",
        "notifications_sentmail.reason",
        "outbox_message.last_error",
    },
    "Choices from short lists, and ranges of minutes.": {
        "notifications_turnedoff.channel",
        "api_apikey.scopes",
        "api_apikey.version",
        "providers_provider.steps_done",
        "providers_provider.fee_rates",
        "providers_dateoverride.ranges",
        "providers_service.currency",
        "appointments_appointment.currency",
        "appointments_openingindex.currency",
    },
    "Encrypted, and deleted with the account.": {
        "appointments_ownevent.title",
        "appointments_ownevent.place",
        "appointments_ownevent.description",
        "providers_customernote.text",
    },
    "The rules of a provider that an appointment overrode, with their figures and no name.": {
        "appointments_appointmentevent.overridden",
    },
    "Encrypted, and gone with the connection to Google.": {
        "calendar_sync_connection.refresh_token",
        "calendar_sync_connection.access_token",
        "calendar_sync_connection.to_remove",
        "calendar_sync_connection.former_token",
        "calendar_sync_busyinterval.title",
        "calendar_sync_freeevent.title",
    },
    "Google's own names for an account and for what was read of it, gone with the connection.": {
        "calendar_sync_connection.account",
        "calendar_sync_connection.granted",
        "calendar_sync_googlecalendar.sync_token",
        "calendar_sync_channel.resource_id",
        "calendar_sync_googlecalendar.time_zone",
        "calendar_sync_busyinterval.etag",
        "calendar_sync_freeevent.etag",
        "calendar_sync_writtenevent.etag",
    },
    "Names of ours for an event, hashes of what it is about and of what it says, gone with the connection.": {
        "calendar_sync_writtenevent.source",
        "calendar_sync_writtenevent.refusal",
        "calendar_sync_writtenevent.event_id",
        "calendar_sync_writtenevent.content",
    },
    "This site's own address, to which Google sends its messages.": {"calendar_sync_channel.address"},
    "Words of staff about no person.": {"auth_group.name", "providers_category.name", "providers_category.slug"},
    "What was agreed with others keeps its name and the zone of its place.": {
        "providers_service.name",
        "providers_service.slug",
        "providers_provider.time_zone",
        "appointments_series.time_zone",
        "appointments_ownrecurrence.time_zone",
    },
    "Counts of all providers, measured anew every ten minutes.": {"appointments_searchfigures.figures"},
    "Never written: addresses are confirmed by signed links, and devices carry nothing more.": {
        "account_emailconfirmation.key",
        "usersessions_usersession.data",
    },
    "Never written: the client at Google stands in the settings, and its tokens are thrown away.": {
        "socialaccount_socialapp.client_id",
        "socialaccount_socialapp.key",
        "socialaccount_socialapp.name",
        "socialaccount_socialapp.provider",
        "socialaccount_socialapp.provider_id",
        "socialaccount_socialapp.secret",
        "socialaccount_socialapp.settings",
        "socialaccount_socialtoken.token",
        "socialaccount_socialtoken.token_secret",
    },
}


def columns(found: list[str]) -> set[str]:
    return {line.partition(": ")[0] for line in found}


def test_after_erasing_nothing_the_person_could_be_known_by_is_found_anywhere(settings, capfd):
    with markers.logs() as logged:
        person = live(marked_person())
        wanted = MARKERS | {
            "copy": DataCopy.objects.get().file,
            "session": Session.objects.get(person=person).session_key,
            "uuid": str(person.uuid),
            "uuid in hex": person.uuid.hex,
            "photo": person.photo.name,
        }
        before = markers.found_in_tables(wanted)
        settings.EMAIL_BACKEND = f"{RefusingMail.__module__}.{RefusingMail.__name__}"
        leave(person)
        last = Message.objects.filter(topic="accounts.erase")
        last.update(due_at=Now() + DAY)  # the database's clock, which no test sets
        dispatch.drain(seconds=60)
        failed = SentMail.objects.filter(user=person, state=State.REFUSED).count()
        meanwhile = markers.found_in_tables(wanted)
        with clock.pretended(clock.now() + GRACE + HOUR):
            last.update(due_at=Now())
            dispatch.drain(seconds=60)
    said = logged.getvalue() + "".join(capfd.readouterr())

    # Each marker is there before, and each column that could hold one does, or the test proves nothing.
    assert {line.rpartition(": ")[2] for line in before} | {"uuid"} == wanted.keys() | {"uuid"}
    impersonal = set().union(*IMPERSONAL.values())
    assert markers.columns_for_words() - columns(before) == impersonal
    assert not columns(meanwhile) & impersonal
    assert failed
    assert all(word in said for word in ('"route": "book/', '"message_dead"', '"account_erased"'))
    assert Departure.objects.get().erased_at
    assert not OwnEvent.objects.exists()

    assert markers.found_in_tables(wanted) == []
    assert markers.found_in_files(wanted) == []
    assert markers.found_in_cache(wanted, at=clock.now() + GRACE) == []
    assert markers.found_in_text(wanted, said) == []


def test_a_copy_holds_every_word_about_the_person_but_what_they_have_not_sent_and_what_staff_wrote_for_staff():
    person, made = live(marked_person()), io.BytesIO()

    copy_file.write(made, person, now=clock.now())

    archive = zipfile.ZipFile(made)
    texts = [archive.read(name).decode() for name in ("your-data.json", "your-data.html")]
    missing = [{name for name, marker in MARKERS.items() if marker not in text} for text in texts]
    assert missing == [{"draft", "forgiven"}] * 2
    assert archive.read("photo.webp")
