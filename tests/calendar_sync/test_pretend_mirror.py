"""Whoever follows a calendar of the pretend Google change by change knows what a full list would tell."""

from datetime import datetime, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from calendar_sync.pretend_google.google import Google
from calendar_sync.pretend_google.listing import Wanted
from calendar_sync.pretend_google.refusals import Refusal

from .pretend import MAYA

SINGLE = Wanted(single_events=True, page_size=3)
IDS = ("first", "second")
OCCURRENCES = tuple(
    f"{one}_20270{month}0{day}T1{hour}0000Z" for one in IDS for month, day, hour in ((3, 1, 0), (3, 8, 0), (3, 8, 1))
)


def times(hour):
    start = datetime(2027, 3, 1, hour)
    edges = {"start": start, "end": start + timedelta(hours=1)}
    return {name: {"dateTime": one.isoformat(), "timeZone": "Europe/London"} for name, one in edges.items()}


TWICE = ["RRULE:FREQ=WEEKLY;COUNT=2"]
rules = st.sampled_from([None, TWICE, ["RRULE:FREQ=WEEKLY;COUNT=4"]])
ids = st.sampled_from(IDS + OCCURRENCES)
steps = st.one_of(
    st.tuples(st.just("put"), st.sampled_from(IDS), rules),
    st.tuples(
        st.just("change"),
        ids,
        st.sampled_from([times(10), times(11), {"status": "confirmed"}, {"status": "cancelled"}]),
    ),
    st.tuples(st.just("repeat"), st.sampled_from(IDS), rules),
    st.tuples(st.just("remove"), ids),
    st.just(("sync",)),
)


class Mirror:
    """What a client knows that keeps the single events of a calendar."""

    def __init__(self, google):
        self.google, self.known, self.token = google, {}, ""

    def sync(self):
        calendar = self.google.calendar(MAYA)
        page = self.google.listing.page(calendar, SINGLE, sync_token=self.token)
        while True:
            for event in page.events:
                self.known.pop(event.id, None) if event.cancelled else self.known.update({event.id: event.span.start})
            if not page.next_page_token:
                self.token = page.next_sync_token
                return self
            page = self.google.listing.page(calendar, SINGLE, sync_token=self.token, page_token=page.next_page_token)


def do(google, what, *more):
    match what, *more:
        case "put", event_id, rule:
            google.put(MAYA, {"id": event_id, "recurrence": rule, **times(10)})
        case "change", event_id, body:
            google.change(MAYA, event_id, body)
        case "repeat", event_id, rule:
            google.change(MAYA, event_id, {"recurrence": rule})
        case "remove", event_id:
            google.remove(MAYA, event_id)


@settings(max_examples=60)
@given(st.lists(steps, max_size=12))
@example([("put", "first", None), ("sync",), ("remove", "first"), ("repeat", "first", TWICE)])
@example([("put", "first", None), ("sync",), ("repeat", "first", TWICE), ("change", "first", {"status": "cancelled"})])
def test_a_mirror_that_follows_every_change_equals_a_full_list(story):
    google = Google()
    google.add_account(MAYA, "Maya Okafor")
    mirror = Mirror(google).sync()

    for what, *more in story:
        if what == "sync":
            mirror.sync()
            continue
        try:
            do(google, what, *more)
        except Refusal:
            pass  # what is not there, or is gone already

    assert mirror.sync().known == Mirror(google).sync().known
