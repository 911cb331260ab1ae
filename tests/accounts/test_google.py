"""Signing in with Google: whom it signs in, links, makes, and refuses."""

import json
import re
from datetime import timedelta
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Event, Thread
from time import monotonic
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import requests
from allauth.account.models import EmailAddress
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.contrib.auth import get_user
from django.db import transaction
from django.test import Client

from accounts import bans, google_accounts, google_oauth, leaving, queries, services
from accounts.google_oauth import Identity
from accounts.models import Session, User
from core import clock
from tests.accounts.conftest import PASSWORD, sign_in
from tests.accounts.google import CLIENT, EMAIL, SUBJECT, google
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db
__all__ = ["google"]
CALLBACK = "/accounts/google/login/callback/"
BOOK = "/book/maya/first/?start=2026-11-21T10:00:00Z"


@pytest.fixture
def owner(person) -> User:
    """Somebody with a password and the address that Google hosts."""
    person.email = EMAIL
    person.save()
    return person


def linked_to(user: User, subject: str = SUBJECT) -> SocialAccount:
    return SocialAccount.objects.create(user=user, provider="google", uid=subject)


def give_second_step(user: User) -> str:
    """The secret of an authenticator app that the user has from now on."""
    secret = "JBSWY3DPEHPK3PXP"
    Authenticator.objects.create(
        user=user, type=Authenticator.Type.TOTP, data={"secret": get_adapter().encrypt(secret)}
    )
    return secret


def nothing_happened(client) -> bool:
    return not get_user(client).is_authenticated and not SocialAccount.objects.exists()


# --- There ------------------------------------------------------------------------------------------------------------


def test_the_way_there_asks_for_a_sign_in_and_no_more(client, google):
    query = google.go(client)

    assert sorted(query.pop("scope").split()) == ["email", "openid", "profile"]
    assert len(query.pop("state")) > 30
    assert len(query.pop("nonce")) > 30
    assert len(query.pop("code_challenge")) == 43
    assert query == {
        "client_id": CLIENT,
        "redirect_uri": f"http://testserver{CALLBACK}",
        "response_type": "code",
        "access_type": "online",
        "prompt": "select_account",
        "code_challenge_method": "S256",
    }


def test_the_code_goes_to_google_with_the_verifier_and_no_redirect_is_followed(client, google):
    google.sign_in(client)

    [asked] = google.asked
    assert asked["url"] == "https://oauth2.googleapis.com/token"
    assert len(asked["data"].pop("code_verifier")) >= 43
    assert asked["data"] == {
        "grant_type": "authorization_code",
        "code": "4/x",
        "redirect_uri": f"http://testserver{CALLBACK}",
        "client_id": CLIENT,
        "client_secret": "pretend-secret",
    }
    assert (asked["allow_redirects"], asked["timeout"]) == (False, (3, 4))


@pytest.mark.parametrize("next", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_the_way_back_stays_on_the_site(client, google, next):
    assert google.sign_in(client, next=next).url == "/my/appointments/"


def test_another_sites_form_sends_nobody_there(google):
    strict = Client(enforce_csrf_checks=True)

    assert strict.post("/accounts/google/login/").status_code == 403
    assert strict.get("/accounts/google/login/").status_code == 405


def test_without_a_client_there_is_no_button_and_no_page(client, settings):
    settings.GOOGLE_CLIENT_ID = settings.GOOGLE_CLIENT_SECRET = ""

    assert "Google" not in client.get("/accounts/login/").text
    assert "Google" not in client.get("/accounts/signup/").text
    assert client.post("/accounts/google/login/").status_code == 404
    assert client.get(CALLBACK).status_code == 404
    assert client.get("/accounts/google/code/").status_code == 404


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/signup/"])
def test_the_button_keeps_the_way_back(client, google, path):
    page = client.get(path, {"next": BOOK}).text

    assert "Continue with Google" in page
    assert f'name="next" value="{BOOK}"' in page


# --- Somebody new -----------------------------------------------------------------------------------------------------


def test_somebody_new_has_an_account_with_the_proven_address_and_comes_back_to_the_chosen_time(client, google):
    client.cookies["tz"] = "Asia%2FCalcutta"

    back = google.sign_in(client, next=BOOK)

    assert (back.status_code, back.url, back["Referrer-Policy"]) == (302, BOOK, "strict-origin")
    user = User.objects.get()
    assert (user.name, user.email, user.time_zone) == ("Amara Nwosu", EMAIL, "Asia/Kolkata")
    assert (user.email_confirmed, user.has_usable_password()) == (True, False)
    assert get_user(client) == user
    assert EmailAddress.objects.get().verified
    linked = SocialAccount.objects.get()
    assert (linked.user, linked.uid, linked.extra_data) == (user, SUBJECT, {"email": EMAIL})
    assert not SocialToken.objects.exists()


def test_the_same_subject_opens_the_same_account_whatever_the_addresses_are_by_now(client, google):
    google.sign_in(Client())
    user = User.objects.get()
    User.objects.filter(pk=user.pk).update(email="moved@example.com")
    EmailAddress.objects.filter(user=user).update(email="moved@example.com")

    google.sign_in(client, email="renamed@gmail.com")

    assert get_user(client) == user
    user.refresh_from_db()
    assert user.email == "moved@example.com", "Google's address is shown, and never taken over"
    assert google_accounts.address_of(google_accounts.of(user)) == "renamed@gmail.com"


def test_an_account_that_nobody_confirmed_is_no_trap(client, google):
    trap = User.objects.create_user(EMAIL, "the trapper's password", name="Trap")
    session = Client()
    session.force_login(trap)
    User.objects.update(last_login=None)

    google.sign_in(client)

    user = User.objects.get()
    assert (user.pk != trap.pk, user.name, user.has_usable_password()) == (True, "Amara Nwosu", False)
    assert sign_in(Client(), email=EMAIL, password="the trapper's password").status_code == 422
    assert not get_user(session).is_authenticated


def test_an_account_that_is_confirmed_while_its_address_is_looked_at_stays(monkeypatch):
    is_taken = queries.is_address_taken

    def then_in_another_tab(email):
        answer = is_taken(email)
        UserFactory(email=EMAIL)
        return answer

    monkeypatch.setattr(queries, "is_address_taken", then_in_another_tab)

    services.discard_unconfirmed_account(email=EMAIL)

    assert User.objects.get().email == EMAIL


def test_the_slower_of_two_tabs_opens_the_account_that_the_other_made(monkeypatch):
    identity = Identity(SUBJECT, EMAIL, "Amara", is_checked=True, is_hosted=True)

    def enter() -> User:
        return google_accounts.enter(identity=identity, mailbox_proven=True, zone="", now=clock.now())

    first = enter()
    find, answers = google_accounts.find, [None]  # as the slower one looked before the other was done
    monkeypatch.setattr(google_accounts, "find", lambda identity: answers.pop() if answers else find(identity))

    assert enter() == first == User.objects.get()


def test_an_unconfirmed_account_that_was_used_is_not_opened_and_not_taken_away(client, google):
    used = User.objects.create_user(EMAIL, PASSWORD, name="Used", last_login=clock.now())

    page = google.sign_in(client)

    assert (page.status_code, "This address has an account" in page.text) == (409, True)
    assert nothing_happened(client)
    assert User.objects.get() == used


@pytest.mark.parametrize("name", [None, 7, "", "x" * 121, "a\nb", "\u200b", "a\x00b"])
def test_a_name_that_the_form_would_refuse_is_replaced_by_the_address(client, google, name):
    google.sign_in(client, name=name)

    assert User.objects.get().name == "amara"


def test_sign_ups_by_google_count_with_the_others(client, google, settings):
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "signup": "1/m/ip"}
    google.sign_in(Client())

    refused = google.sign_in(client, sub="2", email="second@gmail.com")

    assert (refused.status_code, User.objects.count()) == (429, 1)
    assert google.sign_in(Client()).status_code == 302, "who has an account is not in the way"


# --- An account that exists -------------------------------------------------------------------------------------------


def test_who_reads_the_mailbox_by_google_is_linked_and_told(client, google, owner, postbox):
    google.sign_in(client, next="/my/settings/")

    assert get_user(client) == owner
    assert SocialAccount.objects.get().user == owner
    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)
    [letter] = postbox.deliver()
    assert (letter.to, letter.subject) == ([EMAIL], "Google signs in to your account at Dayline")


def test_a_workspace_says_nothing_about_who_reads_its_mail(client, google, person):
    assert google.sign_in(client, email=person.email, hd="example.com").url == "/accounts/google/code/"
    assert nothing_happened(client)


def test_an_account_with_a_second_step_is_not_linked_before_that_step(client, google, owner, postbox):
    give_second_step(owner)

    page = google.sign_in(client)

    assert (page.status_code, "asks for a second step" in page.text) == (409, True)
    assert nothing_happened(client)
    assert postbox.deliver() == []


def test_another_google_account_with_the_same_address_opens_nothing(client, google, owner):
    linked_to(owner, "1")

    page = google.sign_in(client)

    assert (page.status_code, "another Google account signs in to" in page.text) == (409, True)
    assert not get_user(client).is_authenticated
    assert SocialAccount.objects.get().uid == "1"


@pytest.mark.parametrize("email", [EMAIL, "new@example.com"])
def test_an_unverified_address_links_and_makes_nothing(client, google, owner, email, postbox):
    page = google.sign_in(client, email=email, email_verified=False)

    assert (page.status_code, "Google has not confirmed your address" in page.text) == (403, True)
    assert nothing_happened(client)
    assert User.objects.get() == owner
    assert postbox.deliver() == []


@pytest.mark.parametrize("verified", ["true", 1, "false", None])
def test_only_a_plain_true_says_that_an_address_is_verified(client, google, verified):
    assert google.sign_in(client, email_verified=verified).status_code == 403


def test_a_closed_account_stays_closed(client, google, owner):
    User.objects.update(is_active=False)

    answered = google.sign_in(client)

    assert answered.url == "/accounts/inactive/"
    assert nothing_happened(client)


def test_the_second_step_is_asked_for_and_the_way_back_outlives_it(client, google, owner):
    secret = give_second_step(owner)
    linked_to(owner)

    there = google.sign_in(client, next="/my/settings/security/")

    assert there.url.startswith("/accounts/2fa/authenticate/")
    assert not get_user(client).is_authenticated
    code = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    assert client.post("/accounts/2fa/authenticate/", {"code": code}).url == "/my/settings/security/"
    assert get_user(client) == owner


def test_a_banned_person_meets_the_page_that_says_why(client, google, owner):
    linked_to(owner)
    bans.ban(owner, now=clock.now())

    assert google.sign_in(client, next=BOOK).status_code == 302

    assert client.get("/my/appointments/").url == "/suspended/"
    assert get_user(client) == owner


def test_who_is_leaving_meets_the_page_that_lets_them_stay(client, google, owner):
    linked_to(owner)
    with transaction.atomic():
        leaving.close(owner, now=clock.now())

    assert google.sign_in(client, next=BOOK).status_code == 302

    assert client.get("/my/appointments/").url == "/leaving/"
    assert get_user(client) == owner


def test_signing_in_this_way_begins_a_new_session(client, google, owner):
    linked_to(owner)
    state = google.go(client)["state"]
    before = client.session.session_key

    google.back(client, state)

    assert get_user(client) == owner
    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()


def test_signing_in_this_way_makes_the_device_known_and_stands_in_the_list(client, google, owner):
    linked_to(owner)

    back = google.sign_in(client)

    assert "device" in back.cookies
    assert "This device" in client.get("/accounts/sessions/").text


# --- A mailbox that Google does not host ------------------------------------------------------------------------------


def code_in(letter) -> str:
    [code] = set(re.findall(r"\b\d{6}\b", letter.body))
    return code


@pytest.mark.parametrize("known", [True, False])
def test_an_address_that_google_asked_once_is_proven_by_a_code(client, google, person, postbox, known):
    email = person.email if known else "new@example.com"

    there = google.sign_in(client, email=email, next=BOOK)

    assert there.url == "/accounts/google/code/"
    assert nothing_happened(client)
    page = client.get(there.url)
    assert f"<b>{email}</b>" in page.text
    [letter] = postbox.deliver()
    assert (letter.to, letter.subject) == ([email], "Your code for Dayline")
    wrong = client.post(there.url, {"code": "12345"})
    assert (wrong.status_code, nothing_happened(client)) == (422, True)

    right = client.post(there.url, {"code": code_in(letter)})

    assert right.url == BOOK
    assert get_user(client).email == email
    assert SocialAccount.objects.get().user.email == email
    assert (User.objects.count(), get_user(client) == person) == ((1, True) if known else (2, False))


def test_known_and_unknown_addresses_are_asked_alike(google, person):
    pages = []
    for email in (person.email, "other@example.com"):
        browser = Client()
        google.sign_in(browser, email=email)
        pages.append((sorted(browser.cookies), browser.get("/accounts/google/code/").text.replace(email, "@")))

    stripped = [(cookies, re.sub(r'csrfmiddlewaretoken" value="\w+"', "", page)) for cookies, page in pages]
    assert stripped[0] == stripped[1]


def test_a_code_works_five_times_and_then_another_one_is_needed(client, google, postbox):
    google.sign_in(client, email="new@example.com")
    right = code_in(postbox.deliver()[0])
    for _ in range(5):
        client.post("/accounts/google/code/", {"code": "0"})

    assert client.post("/accounts/google/code/", {"code": right}).status_code == 422
    client.post("/accounts/google/code/", {"do": "code"})

    assert client.post("/accounts/google/code/", {"code": code_in(postbox.deliver()[0])}).status_code == 302


def test_a_code_proves_the_address_to_which_it_went_and_no_other_of_the_same_google_account(client, google, postbox):
    google.sign_in(client, email="first@example.com")
    sent = client.session["google_code"]
    right = code_in(postbox.deliver()[0])
    google.sign_in(client, email="second@example.com")
    session = client.session
    session["google_code"] = sent
    session.save()

    assert client.post("/accounts/google/code/", {"code": right}).status_code == 422
    assert nothing_happened(client)


def test_who_is_sent_no_code_does_not_take_the_place_of_who_was(client, google, postbox):
    for _ in range(5):
        google.sign_in(Client(), email="second@example.com")
    postbox.deliver()
    google.sign_in(client, email="first@example.com")
    right = code_in(postbox.deliver()[0])

    assert google.sign_in(client, email="second@example.com").status_code == 429
    client.post("/accounts/google/code/", {"code": right})

    assert get_user(client).email == "first@example.com"


def test_few_codes_go_to_one_address(client, google, postbox):
    google.sign_in(client, email="new@example.com")
    answers = [client.post("/accounts/google/code/", {"do": "code"}).status_code for _ in range(6)]

    assert answers == [302] * 4 + [429] * 2


def test_who_comes_back_to_the_code_page_after_an_hour_begins_anew(client, google):
    google.sign_in(client, email="new@example.com")

    with clock.pretended(clock.now() + timedelta(minutes=61)):
        assert client.get("/accounts/google/code/").url == "/accounts/login/"
        assert client.post("/accounts/google/code/", {"do": "code"}).url == "/accounts/login/"


def test_the_code_page_without_a_way_to_google_leads_to_signing_in(client, google):
    assert client.get("/accounts/google/code/").url == "/accounts/login/"
    assert client.post("/accounts/google/code/", {"code": "123456"}).url == "/accounts/login/"


def test_what_waits_for_its_code_is_sealed_in_the_session(client, google):
    google.sign_in(client, email="new@example.com")

    kept = [json.dumps(row.get_decoded()) for row in Session.objects.all()]
    assert kept
    assert not any(word in text for text in kept for word in ("new@example.com", SUBJECT, "Amara"))


# --- In vain ----------------------------------------------------------------------------------------------------------

WAYS_ON = ("Continue with Google", "Sign in another way", "Create an account")


def refused(page, status: int, headline: str) -> None:
    assert (page.status_code, f"<h1>{headline}</h1>" in page.text) == (status, True), page.text
    assert [way for way in WAYS_ON if way not in page.text] == []


def test_who_cancels_reads_so_and_keeps_the_chosen_time(client, google):
    state = google.go(client, next=BOOK)["state"]

    page = client.get(CALLBACK, {"state": state, "error": "access_denied", "error_description": "<script>"})

    refused(page, 403, "You did not continue with Google")
    assert "<script>" not in page.text
    assert BOOK in page.text
    assert google.asked == []


def test_another_error_of_google_is_said_in_our_words(client, google):
    state = google.go(client)["state"]

    page = client.get(CALLBACK, {"state": state, "error": "<b>server_error</b>"})

    refused(page, 400, "That did not work with Google")
    assert "server_error" not in page.text


@pytest.mark.parametrize("state", ["", "x", "x.y", "." * 9, "é", "a" * 5000])
def test_a_state_that_is_not_ours_changes_nothing_and_asks_google_nothing(client, google, state):
    refused(google.back(client, state), 400, "This sign-in with Google has ended")
    assert google.asked == []
    assert nothing_happened(client)


def test_no_parameters_at_all(client, google):
    refused(client.get(CALLBACK), 400, "This sign-in with Google has ended")


def test_a_state_works_once(client, google):
    state = google.go(client)["state"]
    google.back(client, state)
    client.logout()

    refused(google.back(client, state), 400, "This sign-in with Google has ended")
    assert len(google.asked) == 1


def test_a_state_of_another_browser_signs_nobody_in(client, google):
    theirs = google.go(Client())["state"]

    refused(google.back(client, theirs), 400, "This sign-in with Google has ended")
    assert google.asked == []


def test_a_state_lasts_ten_minutes(client, google, monkeypatch):
    state = google.go(client)["state"]
    from allauth.socialaccount.internal import statekit

    now = statekit.time.time()
    monkeypatch.setattr(statekit.time, "time", lambda: now + 601)

    refused(google.back(client, state), 400, "This sign-in with Google has ended")


def test_where_the_session_has_ended_the_state_still_knows_the_chosen_time(client, google):
    state = google.go(client, next=BOOK)["state"]
    Session.objects.all().delete()

    page = google.back(client, state)

    refused(page, 400, "This sign-in with Google has ended")
    assert f'name="next" value="{BOOK}"' in page.text


def test_a_foreign_way_back_in_a_state_is_not_believed(client, google):
    import base64

    page = google.back(client, "x." + base64.urlsafe_b64encode(b"/my/settings/").decode())

    assert "/my/settings/" not in page.text


def test_the_newer_of_two_tabs_does_not_end_the_older(client, google):
    first, second = google.go(client, next="/my/settings/"), google.go(client)

    google.nonce = first["nonce"]
    assert google.back(client, first["state"]).url == "/my/settings/"
    google.nonce = second["nonce"]
    page = google.back(client, second["state"])

    assert (page.status_code, "This sign-in was not finished" in page.text) == (409, True)
    assert get_user(client).email == EMAIL


def test_who_is_signed_in_is_not_signed_out_by_a_way_that_a_visitor_began(client, google, person):
    state = google.go(client)["state"]
    sign_in(client)

    page = google.back(client, state)

    assert (page.status_code, f"signed in as <b>{person.email}</b>" in page.text) == (409, True)
    assert get_user(client) == person
    assert google.asked == []


def test_who_is_signed_in_needs_no_google(client, google, person):
    sign_in(client)

    assert client.post("/accounts/google/login/", {"next": "/my/settings/"}).url == "/my/settings/"


AWAY = [
    requests.ConnectTimeout(),
    requests.ReadTimeout(),
    requests.ConnectionError(),
    (500, b""),
    (503, b"<html>"),
    (429, b""),
]


@pytest.mark.parametrize("fails", AWAY, ids=str)
def test_google_that_does_not_answer_is_said(client, google, fails, caplog):
    google.fails = fails

    page = google.sign_in(client)

    refused(page, 424, "Google did not answer")
    assert ("We waited for a few seconds" in page.text) == isinstance(fails, requests.Timeout)
    assert nothing_happened(client)


NONSENSE = [
    (400, b'{"error": "invalid_grant"}'),
    (302, b""),
    (200, b"<html>"),
    (200, b""),
    (200, b"[]"),
    (200, b'{"access_token": "x"}'),
    (200, b'{"id_token": 7}'),
    (200, b'{"id_token": "a.b.c"}'),
    (200, b'{"id_token": "' + b"[" * 20_000 + b'"}'),
    (200, b"[" * 50_000),
    (200, b'{"x": "' + b"x" * 70_000 + b'"}'),
    (200, b"\xff\xfe"),
]


@pytest.mark.parametrize("fails", NONSENSE, ids=lambda it: str(it[1][:20]))
def test_an_answer_without_a_good_token_signs_nobody_in(client, google, fails):
    google.fails = fails

    refused(google.sign_in(client), 400, "That did not work with Google")
    assert nothing_happened(client)


def test_a_good_answer_is_not_read_beyond_64_kilobytes(client, google):
    google.more = 64 * 1024

    refused(google.sign_in(client), 400, "That did not work with Google")
    assert nothing_happened(client)


def ago(**how) -> int:
    return int((clock.now() - timedelta(**how)).timestamp())


BAD_CLAIMS = [
    {"aud": "another-client"},
    {"aud": None},
    {"iss": "https://evil.example"},
    {"iss": None},
    {"exp": ago(hours=2)},
    {"exp": None},
    {"iat": ago(hours=-2)},
    {"nonce": None},
    {"nonce": "another"},
    {"sub": None},
    {"sub": ""},
    {"sub": "x" * 192},
    {"sub": "x\x00"},
    {"sub": "é"},
]


@pytest.mark.parametrize("claims", BAD_CLAIMS, ids=lambda claims: "-".join(claims))
def test_a_token_that_is_not_for_this_sign_in_signs_nobody_in(client, google, claims):
    refused(google.sign_in(client, **claims), 400, "That did not work with Google")
    assert nothing_happened(client)


def test_clocks_may_differ_by_a_minute(client, google):
    assert google.sign_in(client, iat=ago(seconds=-30), exp=ago(seconds=30)).status_code == 302


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
DRIPS = {
    "headers": b"HTTP/1.1 200 OK\r\nX-Slow: ",
    "body": HEAD + b"Content-Length: 9000\r\n\r\n{",
    "chunks": HEAD + b"Transfer-Encoding: chunked\r\n\r\n1; slow=",
}


@pytest.fixture
def dripping(request):
    """The address of a server that begins like this, and then sends a byte each twentieth of a second, without end."""
    stop = Event()

    class Dripping(BaseRequestHandler):
        def handle(self):
            self.request.recv(64 * 1024)
            self.request.sendall(DRIPS[request.param])
            while not stop.wait(0.05):
                self.request.sendall(b"x")

        def finish(self):
            self.request.close()

    with ThreadingTCPServer(("127.0.0.1", 0), Dripping) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/token"
        stop.set()
        server.shutdown()


@pytest.mark.parametrize("dripping", DRIPS, indirect=True)
def test_an_answer_that_drips_is_given_up(client, settings, monkeypatch, dripping):
    settings.GOOGLE_TOKEN_URI = dripping
    monkeypatch.setattr(google_oauth, "ALL_WITHIN", 0.5)
    there = client.post("/accounts/google/login/").url
    [state] = parse_qs(urlsplit(there).query)["state"]
    began = monotonic()

    page = client.get(CALLBACK, {"state": state, "code": "4/x"})

    assert monotonic() - began < 3, "it would have gone on for ever"
    refused(page, 424, "Google did not answer")
    assert "We waited for a few seconds" in page.text


def test_logs_hold_neither_code_nor_token_nor_address(client, google, caplog, capsys):
    google.fails = (400, b'{"error": "invalid_grant", "access_token": "ya29.secret"}')
    google.sign_in(client)
    google.fails = requests.ConnectionError("https://oauth2.googleapis.com/token?code=4/x")
    google.sign_in(client)

    written = caplog.text + capsys.readouterr().out
    assert "google.not_understood" in written
    assert "google.away" in written
    assert [word for word in ("4/x", "ya29", "pretend-secret", EMAIL, "code=") if word in written] == []


# --- Connecting and disconnecting -------------------------------------------------------------------------------------

CONNECT, DISCONNECT = "/my/settings/security/google/connect/", "/my/settings/security/google/disconnect/"


def signed_in_lately(client, person) -> None:
    sign_in(client, email=person.email)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})


def test_the_person_signed_in_connects_any_google_account(client, google, person, postbox):
    signed_in_lately(client, person)

    back = google.sign_in(client, CONNECT, email_verified=False)

    assert back.url == "/my/settings/security/"
    assert SocialAccount.objects.get().user == person
    assert EMAIL in client.get(back.url).text
    assert [letter.subject for letter in postbox.deliver()] == ["Google signs in to your account at Dayline"]
    person.refresh_from_db()
    assert person.email == "amara@example.com"
    stranger = Client()
    google.sign_in(stranger)
    assert get_user(stranger) == person


def test_connecting_asks_for_the_password_again(client, google, person):
    sign_in(client)

    assert client.post(CONNECT).url.startswith("/accounts/reauthenticate/")
    there = client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": CONNECT})

    assert there.url.startswith("https://accounts.google.com/")


def test_an_address_that_google_does_not_tell_leaves_no_gap_in_the_mail(client, google, person, postbox):
    signed_in_lately(client, person)

    google.sign_in(client, CONNECT, email=None)

    [letter] = postbox.deliver()
    assert "A Google account was connected to it." in letter.body


def test_nothing_is_connected_to_an_account_that_was_closed_meanwhile(owner):
    seen = User.objects.get(pk=owner.pk)
    with transaction.atomic():
        bans.ban(owner, now=clock.now())

    with pytest.raises(google_accounts.TakesNoPart):
        google_accounts.connect(user=seen, identity=Identity(SUBJECT, EMAIL, "Amara", is_checked=True, is_hosted=True))

    assert not SocialAccount.objects.exists()


def test_the_page_of_a_refusal_offers_nothing_that_repeats_the_code(client, google, person):
    state = google.go(client)["state"]
    sign_in(client)
    client.cookies["tz"] = "Asia%2FCalcutta"
    assert "Your device is on" in client.get("/help/").text

    page = google.back(client, state, code="4/secret")

    assert page.status_code == 409
    assert "Your device is on" not in page.text
    assert "secret" not in page.text


def test_connecting_twice_is_done_already(client, google, person, postbox):
    signed_in_lately(client, person)
    google.sign_in(client, CONNECT)
    postbox.deliver()

    assert google.sign_in(client, CONNECT).url == "/my/settings/security/"
    assert (SocialAccount.objects.count(), postbox.deliver()) == (1, [])


def test_a_google_account_of_somebody_else_is_not_connected(client, google, person, other):
    linked_to(other)
    signed_in_lately(client, person)

    page = google.sign_in(client, CONNECT)

    assert (page.status_code, "signs in to another account here" in page.text) == (409, True)
    assert SocialAccount.objects.get().user == other


def test_an_account_has_one_google_account(client, google, person):
    linked_to(person, "1")
    signed_in_lately(client, person)

    page = google.sign_in(client, CONNECT)

    assert (page.status_code, "Disconnect that one first" in page.text) == (409, True)
    assert SocialAccount.objects.get().uid == "1"


def test_a_way_to_connect_is_not_finished_by_somebody_else(client, google, person, other):
    signed_in_lately(client, person)
    state = google.go(client, CONNECT)["state"]
    kept = client.session["socialaccount_states"]
    client.logout()
    sign_in(client, email=other.email)
    session = client.session
    session["socialaccount_states"] = kept
    session.save()

    page = google.back(client, state)

    assert (page.status_code, "This sign-in was not finished" in page.text) == (409, True)
    assert not SocialAccount.objects.exists()


def test_disconnecting_says_what_is_left_and_tells_by_mail(client, google, person, postbox):
    linked_to(person)
    signed_in_lately(client, person)
    assert "your password, or with a code" in client.get(DISCONNECT).text

    client.post(DISCONNECT)

    assert not SocialAccount.objects.exists()
    assert [letter.subject for letter in postbox.deliver()] == ["Google no longer signs in to your account at Dayline"]


def test_who_has_no_password_disconnects_and_signs_in_by_a_mailed_code(client, google, postbox):
    google.sign_in(client)
    again_by_mail(client, postbox)
    page = client.get(DISCONNECT)
    assert "You have no password" in page.text
    client.post(DISCONNECT)
    postbox.deliver()
    client.logout()

    client.post("/accounts/login/code/", {"email": EMAIL})
    code = code_in_login(postbox.deliver()[0])
    client.post("/accounts/login/code/confirm/", {"code": code})

    assert get_user(client).email == EMAIL


def code_in_login(letter) -> str:
    return re.search(r"Code:?\s+([A-Z0-9-]{6,})", letter.body)[1]


def test_nobody_disconnects_the_only_way_in(client, google, person, postbox):
    person.set_unusable_password()
    person.email_confirmed_at = None
    person.save()
    linked_to(person)
    client.force_login(person)
    again_by_mail(client, postbox)

    assert "You could not sign in any more" in client.get(DISCONNECT).text
    assert client.post(DISCONNECT).status_code == 409
    assert SocialAccount.objects.exists()


AGAIN, SET_PASSWORD = "/accounts/reauthenticate/mail/", "/accounts/password/set/"


def again_by_mail(client, postbox) -> None:
    postbox.deliver()
    client.post(AGAIN, {"do": "code"})
    client.post(AGAIN, {"code": code_in(postbox.deliver()[0])})


def test_who_has_no_password_shows_by_a_mailed_code_that_it_is_they(client, google, postbox):
    google.sign_in(client)
    asked = client.get(DISCONNECT, follow=True)
    assert (asked.redirect_chain[-1][0], "You have no password here" in asked.text) == (
        f"{AGAIN}?next={quote(DISCONNECT, safe='')}",
        True,
    )
    client.post(AGAIN, {"do": "code", "next": DISCONNECT})
    assert client.post(AGAIN, {"code": "1", "next": DISCONNECT}).status_code == 422
    [letter] = postbox.deliver()

    right = client.post(AGAIN, {"code": code_in(letter), "next": DISCONNECT})

    assert (letter.to, right.url) == ([EMAIL], DISCONNECT)
    assert client.get(DISCONNECT).status_code == 200
    assert client.post(AGAIN, {"code": code_in(letter)}).status_code == 422, "it works once"


@pytest.mark.parametrize("path", ["/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/add/", SET_PASSWORD])
def test_without_a_password_nothing_of_security_is_touched_unasked(client, google, path):
    google.sign_in(client)

    assert client.get(path, follow=True).redirect_chain[-1][0].startswith(AGAIN)


def test_a_copy_of_the_data_is_not_handed_out_unasked(client, google):
    google.sign_in(client)

    assert client.post("/my/settings/data/copies/").url.startswith("/accounts/reauthenticate/")


def test_who_has_a_password_is_asked_for_that(client, google, person):
    sign_in(client)

    assert client.get(AGAIN).url == "/accounts/reauthenticate/"


def test_no_password_is_set_unasked(client, google):
    google.sign_in(client)

    assert client.post(SET_PASSWORD, {"password1": PASSWORD}).url.startswith("/accounts/reauthenticate/")
    assert not User.objects.get().has_usable_password()
    assert Client().get(SET_PASSWORD).url.startswith("/accounts/login/")


def test_a_password_is_set_later(client, google, postbox):
    google.sign_in(client)
    again_by_mail(client, postbox)

    assert client.get(SET_PASSWORD).status_code == 200
    client.post(SET_PASSWORD, {"password1": PASSWORD})

    assert User.objects.get().check_password(PASSWORD)
    assert sign_in(Client(), email=EMAIL).status_code == 302
