"""Consent and tokens of the pretend Google, as google-auth and its neighbours meet them."""

from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from allauth.socialaccount.internal import jwtkit
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import Request
from google.oauth2 import id_token
from google_auth_oauthlib.flow import Flow
from oauthlib.oauth2.rfc6749.errors import InvalidClientError, InvalidGrantError

from calendar_sync.pretend_google import scopes
from calendar_sync.pretend_google.consent import PRETEND_CLIENT, Client

from .pretend import MAYA, ROBIN, api_with, calendar_api, consent, credentials

BACK = "http://127.0.0.1:8000/calendar/connected/"
OWNED, FREEBUSY, CALENDARS = (
    f"https://www.googleapis.com/auth/calendar.{name}" for name in ("events.owned", "freebusy", "calendarlist.readonly")
)
FULL = [OWNED, FREEBUSY, CALENDARS]
SIGN_IN = [scopes.OPENID, scopes.EMAIL, scopes.PROFILE]


@pytest.fixture(autouse=True)
def _fewer_scopes_are_no_error(monkeypatch):
    monkeypatch.setenv("OAUTHLIB_RELAX_TOKEN_SCOPE", "1")


def flow_to(server, asked, *, client=PRETEND_CLIENT, secret="", verifier=None):
    known = server.settings()
    config = {
        "client_id": client.id,
        "client_secret": secret or client.secret,
        "auth_uri": known["GOOGLE_AUTH_URI"],
        "token_uri": known["GOOGLE_TOKEN_URI"],
    }
    return Flow.from_client_config({"web": config}, asked, redirect_uri=BACK, code_verifier=verifier)


def connect(server, asked, *, without=(), account=MAYA, press="allow", **how):
    """Ask, press, and exchange what came back; returns the answer of the token endpoint."""
    flow = flow_to(server, asked)
    address, state = flow.authorization_url(**how)
    back = consent(address, account=account, without=without, press=press)
    assert back["state"] == state
    if "error" in back:
        return back
    return flow.fetch_token(code=back["code"])


# Flow asks for offline access unless told otherwise.
ONLINE, OFFLINE = {"access_type": "online"}, {"access_type": "offline", "prompt": "consent"}


def test_all_boxes_ticked_all_scopes_come_back_with_a_refresh_token(pretend_google):
    token = connect(pretend_google, FULL, **OFFLINE)

    assert set(token["scope"]) == set(FULL)
    assert token["token_type"] == "Bearer"
    assert token["expires_in"] == 3599
    assert "refresh_token" in token and "id_token" not in token
    events = api_with(pretend_google, credentials(pretend_google, token | {"scope": " ".join(FULL)})).events()
    assert events.list(calendarId="primary").execute()["items"] == []


def test_a_box_left_out_leaves_its_scope_out_and_the_flow_succeeds(pretend_google):
    token = connect(pretend_google, FULL, without=("freebusy",), **OFFLINE)

    assert set(token["scope"]) == {OWNED, CALENDARS}


def test_without_the_relaxing_variable_a_box_left_out_raises_a_warning_that_has_the_token(pretend_google, monkeypatch):
    monkeypatch.delenv("OAUTHLIB_RELAX_TOKEN_SCOPE")

    with pytest.raises(Warning, match="Scope has changed") as raised:
        connect(pretend_google, FULL, without=("freebusy",), **OFFLINE)

    assert set(raised.value.token["scope"]) == {OWNED, CALENDARS}


@pytest.mark.parametrize("how", [{"press": "cancel"}, {"without": ("owned", "freebusy", "readonly")}])
def test_what_is_denied_comes_back_as_an_error(pretend_google, how):
    assert connect(pretend_google, FULL, **how)["error"] == "access_denied"
    assert pretend_google.google.consents.granted_to(pretend_google.google.accounts.get(MAYA).sub) == []


def test_what_signing_in_needs_has_no_box(pretend_google):
    token = connect(pretend_google, [*SIGN_IN, OWNED], without=("owned",))

    assert set(token["scope"]) == set(SIGN_IN)


@pytest.mark.parametrize(
    ("first", "then", "given"),
    [
        (ONLINE, ONLINE, [False, False]),
        ({"access_type": "offline"}, {"access_type": "offline"}, [True, False]),
        ({"access_type": "offline"}, OFFLINE, [True, True]),
        ({"access_type": "offline"}, {"access_type": "online", "prompt": "consent"}, [True, False]),
    ],
)
def test_a_refresh_token_is_given_the_first_time_and_after_a_consent_that_was_asked_for(
    pretend_google, first, then, given
):
    answers = [connect(pretend_google, FULL, **how) for how in (first, then)]

    assert ["refresh_token" in answer for answer in answers] == given


def test_a_removed_access_begins_anew_with_a_refresh_token(pretend_google):
    connect(pretend_google, FULL, access_type="offline")
    pretend_google.google.revoke(MAYA)

    assert "refresh_token" in connect(pretend_google, FULL, access_type="offline")


def test_scopes_granted_before_come_along_where_that_is_asked_for(pretend_google):
    connect(pretend_google, FULL, **OFFLINE)

    alone = connect(pretend_google, ["openid"])
    together = connect(pretend_google, ["openid"], include_granted_scopes="true")

    assert set(alone["scope"]) == {"openid"}
    assert set(together["scope"]) == {"openid", *FULL}


def test_each_account_is_connected_for_itself(pretend_google):
    connect(pretend_google, FULL, account=ROBIN, **OFFLINE)

    accounts = pretend_google.google.accounts
    granted = {who: len(pretend_google.google.consents.granted_to(accounts.get(who).sub)) for who in (MAYA, ROBIN)}
    assert granted == {MAYA: 0, ROBIN: 1}


def test_what_was_allowed_before_is_not_asked_again(pretend_google):
    connect(pretend_google, FULL)
    address, _ = flow_to(pretend_google, FULL).authorization_url(login_hint=MAYA, prompt="none")

    back = requests.get(address, allow_redirects=False)

    assert (back.status_code, "code=" in back.headers["Location"]) == (303, True)


def test_without_a_page_what_was_not_allowed_is_an_error(pretend_google):
    address, _ = flow_to(pretend_google, FULL).authorization_url(login_hint=MAYA, prompt="none")

    back = requests.get(address, allow_redirects=False)

    assert parse_qs(urlsplit(back.headers["Location"]).query)["error"] == ["interaction_required"]


# --- Codes and clients ------------------------------------------------------


def test_a_code_is_worth_one_exchange(pretend_google):
    flow = flow_to(pretend_google, FULL)
    code = consent(flow.authorization_url()[0])["code"]
    flow.fetch_token(code=code)

    with pytest.raises(InvalidGrantError):
        flow.fetch_token(code=code)


def test_a_code_ends_after_ten_minutes(pretend_google):
    flow = flow_to(pretend_google, FULL)
    code = consent(flow.authorization_url()[0])["code"]
    pretend_google.google.clock.advance(601)

    with pytest.raises(InvalidGrantError):
        flow.fetch_token(code=code)


@pytest.mark.parametrize(("verifier", "said"), [("w" * 50, "Invalid code verifier"), ("", "Missing code verifier")])
def test_a_code_needs_the_verifier_of_its_own_flow(pretend_google, verifier, said):
    flow = flow_to(pretend_google, FULL, verifier="v" * 50)
    code = consent(flow.authorization_url()[0])["code"]
    flow.code_verifier = verifier

    with pytest.raises(InvalidGrantError, match=said):
        flow.fetch_token(code=code)


def test_a_code_is_bound_to_its_client_and_its_redirect_address(pretend_google):
    other = Client(id="other", secret="other-secret")
    pretend_google.google.consents.clients[other.id] = other
    flow = flow_to(pretend_google, FULL)
    code = consent(flow.authorization_url()[0])["code"]
    stranger = flow_to(pretend_google, FULL, client=other, verifier=flow.code_verifier)
    elsewhere = flow_to(pretend_google, FULL, verifier=flow.code_verifier)
    elsewhere.redirect_uri = "http://127.0.0.1:8000/elsewhere/"

    with pytest.raises(InvalidGrantError):
        stranger.fetch_token(code=code)
    with pytest.raises(Exception, match="redirect_uri_mismatch"):
        elsewhere.fetch_token(code=code)
    assert flow.fetch_token(code=code)["access_token"]


def test_a_wrong_secret_is_refused(pretend_google):
    flow = flow_to(pretend_google, FULL, secret="wrong")
    code = consent(flow.authorization_url()[0])["code"]

    with pytest.raises(InvalidClientError):
        flow.fetch_token(code=code)


def test_a_client_may_show_itself_by_the_header_or_by_the_body(pretend_google):
    for how in ({"auth": (PRETEND_CLIENT.id, PRETEND_CLIENT.secret)}, {"include_client_id": True}):
        flow = flow_to(pretend_google, FULL)
        code = consent(flow.authorization_url()[0])["code"]

        assert flow.fetch_token(code=code, **how)["access_token"]


@pytest.mark.parametrize(
    ("changed", "status", "said"),
    [
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"redirect_uri": "https://elsewhere.example.com/"}, 400, "redirect_uri_mismatch"),
        ({"scope": "https://www.googleapis.com/auth/gmail"}, 400, "invalid_scope"),
        ({"scope": ""}, 400, "Missing required parameter: scope"),
        ({"response_type": "token"}, 400, "invalid_request"),
    ],
)
def test_a_wrong_question_is_answered_on_the_page_and_leads_nowhere(pretend_google, changed, status, said):
    asked = {
        "client_id": PRETEND_CLIENT.id,
        "redirect_uri": BACK,
        "scope": OWNED,
        "response_type": "code",
        **changed,
    }

    answer = requests.get(f"{pretend_google.settings()['GOOGLE_AUTH_URI']}?{urlencode(asked)}", allow_redirects=False)

    assert (answer.status_code, said in answer.text) == (status, True)


def test_redirect_addresses_of_a_client_match_to_the_letter():
    client = Client(id="c", secret="s", redirects=(BACK,))

    assert [client.may_redirect_to(one) for one in (BACK, BACK.rstrip("/"), f"{BACK}?a=b")] == [True, False, False]


# --- Who somebody is --------------------------------------------------------


def test_the_id_token_tells_who_it_is_signed_as_both_libraries_check_it(pretend_google):
    known = pretend_google.settings()

    token = connect(pretend_google, SIGN_IN, nonce="once")["id_token"]

    told = id_token.verify_token(token, Request(), audience=PRETEND_CLIENT.id, certs_url=known["GOOGLE_CERTS_URI"])
    same = jwtkit.verify_and_decode(
        credential=token,
        keys_url=known["GOOGLE_CERTS_URI"],
        issuer=known["GOOGLE_ISSUER"],
        audience=PRETEND_CLIENT.id,
        lookup_kid=jwtkit.lookup_kid_pem_x509_certificate,
        verify_signature=True,
    )
    by_jwks = jwtkit.verify_and_decode(
        credential=token,
        keys_url=f"{pretend_google.address}/oauth2/v3/certs",
        issuer=known["GOOGLE_ISSUER"],
        audience=PRETEND_CLIENT.id,
        lookup_kid=jwtkit.lookup_kid_jwk,
        verify_signature=True,
    )
    assert told == same == by_jwks
    assert {name: told[name] for name in ("sub", "email", "email_verified", "name", "nonce")} == {
        "sub": "100000000000000000001",
        "email": MAYA,
        "email_verified": True,
        "name": "Maya Okafor",
        "nonce": "once",
    }


def test_the_id_token_of_another_issuer_or_audience_is_not_taken(pretend_google):
    token = connect(pretend_google, SIGN_IN)["id_token"]

    with pytest.raises(ValueError, match="wrong audience"):
        id_token.verify_token(token, Request(), "other", certs_url=pretend_google.settings()["GOOGLE_CERTS_URI"])


def test_userinfo_tells_what_the_scopes_allow(pretend_google):
    address = pretend_google.settings()["GOOGLE_USERINFO_URI"]
    told = []
    for asked in (["openid"], ["openid", "email"], SIGN_IN):
        flow = flow_to(pretend_google, asked)
        flow.fetch_token(code=consent(flow.authorization_url()[0])["code"])
        told.append(sorted(flow.authorized_session().get(address).json()))

    assert told == [
        ["sub"],
        ["email", "email_verified", "sub"],
        ["email", "email_verified", "family_name", "given_name", "name", "sub"],
    ]


# --- The life of tokens -----------------------------------------------------


def refreshed(server, token, **how):
    one = credentials(server, token, **how)
    one.refresh(Request())
    return one


def test_a_refresh_keeps_its_token_and_what_was_granted(pretend_google):
    token = pretend_google.google.connect(MAYA, FULL)

    one = refreshed(pretend_google, token)

    assert one.token != token["access_token"]
    assert one.refresh_token == token["refresh_token"]
    assert set(one.granted_scopes) == set(FULL)


def test_a_refresh_that_asks_for_more_than_was_granted_is_refused(pretend_google):
    token = pretend_google.google.connect(MAYA, [OWNED])

    with pytest.raises(RefreshError, match="invalid_scope"):
        refreshed(pretend_google, token, scopes=FULL)


def test_an_access_token_that_ended_is_refreshed_by_the_library_and_the_call_repeated(pretend_google):
    api = calendar_api(pretend_google)
    pretend_google.google.clock.advance(3600)

    api.events().list(calendarId="primary").execute()

    calls = [(call.method, call.status) for call in pretend_google.google.calls]
    assert calls == [("events.list", 401), ("token", 200), ("events.list", 200)]


@pytest.mark.parametrize(
    "end",
    [
        lambda google, token: google.revoke(MAYA),
        lambda google, token: google.tokens.kill_refresh(google.accounts.get(MAYA).sub),
        lambda google, token: google.clock.advance(183 * 86_400),
        lambda google, token: [google.connect(MAYA, FULL) for _ in range(100)],
    ],
    ids=["removed by the person", "ended in silence", "unused for six months", "a hundred later ones"],
)
def test_a_refresh_token_dies_as_invalid_grant(pretend_google, end):
    token = pretend_google.google.connect(MAYA, FULL)
    end(pretend_google.google, token)

    with pytest.raises(RefreshError, match="invalid_grant"):
        refreshed(pretend_google, token)


def test_of_a_hundred_tokens_the_oldest_still_lives(pretend_google):
    token = pretend_google.google.connect(MAYA, FULL)
    for _ in range(99):
        pretend_google.google.connect(MAYA, FULL)

    assert refreshed(pretend_google, token).token


@pytest.mark.parametrize(("asked", "lives"), [(FULL, False), (SIGN_IN, True)])
def test_while_a_client_is_in_testing_only_sign_in_outlives_seven_days(pretend_google, asked, lives):
    google = pretend_google.google
    google.consents.clients[PRETEND_CLIENT.id] = client = Client(
        id=PRETEND_CLIENT.id, secret=PRETEND_CLIENT.secret, testing=True
    )
    token = google.connect(MAYA, asked, client=client)
    google.clock.advance(7 * 86_400 + 1)

    if lives:
        assert refreshed(pretend_google, token).token
    else:
        with pytest.raises(RefreshError, match="invalid_grant"):
            refreshed(pretend_google, token)


def test_access_that_was_allowed_for_a_time_says_when_it_ends_and_ends_then(pretend_google):
    token = pretend_google.google.connect(MAYA, FULL, lasts=timedelta(days=30))
    assert token["refresh_token_expires_in"] == 30 * 86_400

    pretend_google.google.clock.advance(30 * 86_400 - 60)
    assert refreshed(pretend_google, token).token
    pretend_google.google.clock.advance(61)
    with pytest.raises(RefreshError, match="invalid_grant"):
        refreshed(pretend_google, token)
    assert "refresh_token_expires_in" not in pretend_google.google.connect(MAYA, FULL)


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_revoking_either_token_ends_both(pretend_google, which):
    token = pretend_google.google.connect(MAYA, FULL)
    address = pretend_google.settings()["GOOGLE_REVOKE_URI"]

    first, second = (requests.post(address, data={"token": token[which]}) for _ in range(2))

    assert first.status_code == 200
    assert (second.status_code, second.json()["error"]) == (400, "invalid_token")
    with pytest.raises(RefreshError, match="invalid_grant"):
        refreshed(pretend_google, token)
