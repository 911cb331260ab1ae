"""Push channels of the pretend Google, and the messages that a site receives."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from .pretend import MAYA, ROBIN, calendar_api
from .test_pretend_events import WHEN, refusal


class Webhook:
    """A site's address for push messages: it keeps their headers, and answers the statuses it is given, then 204."""

    def __init__(self):
        self.messages, self.answers = [], []
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                webhook.messages.append({name: value for name, value in self.headers.items() if "-Goog-" in name})
                self.send_response(webhook.answers.pop(0) if webhook.answers else 204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}/push"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def told(self):
        return [(one["X-Goog-Resource-State"], int(one["X-Goog-Message-Number"])) for one in self.messages]


@pytest.fixture
def webhook():
    one = Webhook()
    yield one
    one.server.shutdown()
    one.server.server_close()


@pytest.fixture
def api(pretend_google):
    return calendar_api(pretend_google)


def watch(api, webhook, channel="channel-1", **more):
    body = {"id": channel, "type": "web_hook", "address": webhook.address, "token": "secret", **more}
    return api.events().watch(calendarId="primary", body=body).execute()


def test_a_channel_begins_with_a_sync_message_and_then_tells_each_change(pretend_google, api, webhook):
    channel = watch(api, webhook)
    for _ in range(3):
        pretend_google.google.put(MAYA, WHEN)
    pretend_google.google.put(ROBIN, WHEN)
    pretend_google.wait_for_pushes()

    assert webhook.told() == [("sync", 1), ("exists", 3), ("exists", 4), ("exists", 6)]
    first = webhook.messages[0]
    assert {name: first[name] for name in ("X-Goog-Channel-ID", "X-Goog-Channel-Token", "X-Goog-Resource-ID")} == {
        "X-Goog-Channel-ID": "channel-1",
        "X-Goog-Channel-Token": "secret",
        "X-Goog-Resource-ID": channel["resourceId"],
    }
    assert first["X-Goog-Channel-Expiration"].endswith(" GMT")


@pytest.mark.parametrize(("asked", "days"), [(None, 7), (3, 3), (90, 30)])
def test_a_channel_lives_a_week_unless_asked_and_never_over_a_month(pretend_google, api, webhook, asked, days):
    now = pretend_google.google.clock.now().timestamp()
    more = {"expiration": str(int((now + asked * 86_400) * 1000))} if asked else {}

    channel = watch(api, webhook, **more)

    assert round((int(channel["expiration"]) / 1000 - now) / 86_400) == days


def test_a_channel_that_ended_says_nothing_more(pretend_google, api, webhook):
    watch(api, webhook)
    pretend_google.google.clock.advance(604_801)
    pretend_google.google.put(MAYA, WHEN)
    pretend_google.wait_for_pushes()

    assert webhook.told() == [("sync", 1)]


def test_a_channel_is_stopped_by_whoever_opened_it(pretend_google, api, webhook):
    channel = watch(api, webhook)
    body = {"id": channel["id"], "resourceId": channel["resourceId"]}
    stranger = calendar_api(pretend_google, ROBIN)

    assert refusal(stranger.channels().stop(body=body)) == (404, "notFound")
    assert refusal(api.channels().stop(body=body | {"resourceId": "other"})) == (404, "notFound")
    api.channels().stop(body=body).execute()
    pretend_google.google.put(MAYA, WHEN)
    pretend_google.wait_for_pushes()

    assert webhook.told() == [("sync", 1)]
    assert refusal(api.channels().stop(body=body)) == (404, "notFound")


def test_two_channels_of_one_calendar_have_one_resource_and_both_tell(pretend_google, api, webhook):
    first, second = (watch(api, webhook, name) for name in ("channel-1", "channel-2"))
    pretend_google.google.put(MAYA, WHEN)
    pretend_google.wait_for_pushes()

    assert first["resourceId"] == second["resourceId"]
    assert len(webhook.messages) == 4


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"id": "x" * 65}, "invalid"),
        ({"id": "white space"}, "invalid"),
        ({"id": "channel-1"}, "channelIdNotUnique"),
        ({"type": "carrier_pigeon"}, "push.unknownType"),
        ({"address": "http://dayline.example.com/push"}, "push.webhookUrlNotHttps"),
        ({"address": ""}, "required"),
        ({"token": "x" * 257}, "invalid"),
    ],
)
def test_a_channel_that_google_would_not_open_is_refused(api, webhook, changed, reason):
    channel = watch(api, webhook)
    api.channels().stop(body={"id": channel["id"], "resourceId": channel["resourceId"]}).execute()
    body = {"id": "channel-2", "type": "web_hook", "address": webhook.address} | changed

    assert refusal(api.events().watch(calendarId="primary", body=body)) == (400, reason)


def test_messages_get_lost_come_twice_and_out_of_order_where_that_is_wanted(pretend_google, api, webhook):
    channels = pretend_google.google.channels
    watch(api, webhook)
    channels.drop = 1
    pretend_google.google.put(MAYA, WHEN)
    channels.copies = 2
    pretend_google.google.put(MAYA, WHEN)
    pretend_google.wait_for_pushes()
    channels.copies, channels.held = 1, True
    pretend_google.google.put(MAYA, WHEN)
    pretend_google.google.put(MAYA, WHEN)
    channels.release()
    pretend_google.wait_for_pushes()

    assert [number for _, number in webhook.told()] == [1, 4, 4, 7, 6]


def test_a_message_answered_with_an_error_of_the_server_comes_again(pretend_google, api, webhook):
    webhook.answers = [503, 204]

    watch(api, webhook)
    pretend_google.wait_for_pushes()

    assert webhook.told() == [("sync", 1), ("sync", 1)]
    assert [status for _, status in pretend_google.google.channels.delivered] == [503, 204]


def test_messages_leave_this_machine_for_nobody(pretend_google, api, webhook):
    body = {"id": "away", "type": "web_hook", "address": "https://dayline.example.com/push"}

    api.events().watch(calendarId="primary", body=body).execute()
    pretend_google.wait_for_pushes()

    assert [push.address for push, _ in pretend_google.google.channels.delivered] == [body["address"]]
