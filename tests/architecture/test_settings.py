"""Nonsense in the environment stops the start with the variable's name, and never repeats the value."""

import re
import runpy
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parents[2]
GOOD = {
    "ENV_FILE": "",
    "SITE_URL": "https://dayline.example.com",
    "SECRET_KEY": "s" * 50,
    "ENCRYPTION_KEYS": "c29tZXRoaW5nIHRoYXQgaXMgMzIgYnl0ZXMgbG9uZyE=",
    "DATABASE_URL": "postgres://dayline:pass@db:5432/dayline",
    "EMAIL_URL": "smtp+tls://user:pass@mail:587",
}
BAD = [
    ("DEBUG", "perhaps"),
    ("SITE_URL", "dayline.example.com"),
    ("SITE_URL", "https://dayline.example.com/path"),
    ("SITE_URL", "https://dayline.example.com:nonsense"),
    ("ALLOWED_HOSTS", "https://dayline.example.com"),
    ("ALLOWED_HOSTS", "*"),
    ("SUPPORT_EMAIL", "nobody"),
    ("TRUSTED_PROXIES", "-1"),
    ("SECRET_KEY", "tooshort"),
    ("ENCRYPTION_KEYS", "not-a-key"),
    ("DATABASE_URL", "nonsense-url"),
    ("DATABASE_URL", "mysql://user:hunter2@db/dayline"),
    ("DATABASE_URL", "postgres://user:hunter2@db:port/dayline"),
    ("DATABASE_URL", "postgres://user:hunter2@db"),
    ("CONN_MAX_AGE", "long"),
    ("DATABASE_TIMEOUT_MS", "1e3"),
    ("CACHE_URL", "carrier-pigeon://loft"),
    ("EMAIL_URL", "mail.example.com"),
    ("EMAIL_URL", "smtp://"),
    ("EMAIL_URL", "smtp://user:hunter2@mail:port"),
    ("EMAIL_URL", "filemail://"),
    ("EMAIL_URL", "filemail://var/mail"),
    ("DEFAULT_FROM_EMAIL", "Dayline"),
    ("GOOGLE_TOKEN_URI", "http://oauth2.example.com/token"),
    ("GOOGLE_AUTH_URI", "accounts.example.com"),
    ("GOOGLE_CALENDAR_ENDPOINT", "https://user:hunter2@calendar.example.com/"),
    ("GOOGLE_PUSH_ADDRESS", "http://dayline.example.com/push"),
    ("PLATFORM_FEE_PERCENT", "101"),
    ("PLATFORM_FEE_PERCENT", "NaN"),
    ("PLATFORM_FEE_PERCENT", "7.1234"),
    ("MAX_OPEN_PER_CUSTOMER_AND_PROVIDER", "0"),
    ("MAX_SERIES_PER_CUSTOMER_AND_PROVIDER", "1"),
    ("ADMIN_LOG_DAYS", "29"),
    ("TASK_BROKER_URL", "amqp://user:hunter2@rabbit"),
    ("OUTBOX_LEASE_SECONDS", "0"),
    ("OUTBOX_PATIENCE_SECONDS", "soon"),
    ("LOG_LEVEL", "chatty"),
    ("LOG_FORMAT", "xml"),
]


@pytest.fixture
def load(monkeypatch):
    """The settings as a start with exactly this environment reads them."""

    def run(**variables):
        for name in mentioned_in(ROOT / ".env.example"):
            monkeypatch.delenv(name, raising=False)
        for name, value in {**GOOD, **variables}.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(ROOT / "config" / "settings.py"))

    return run


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_value_that_makes_no_sense_stops_the_start_with_its_name(load, name, value):
    with pytest.raises(ImproperlyConfigured) as refusal:
        load(**{name: value})

    assert name in str(refusal.value)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("name", ["SECRET_KEY", "ENCRYPTION_KEYS", "EMAIL_URL"])
def test_production_does_not_start_without(load, name):
    with pytest.raises(ImproperlyConfigured, match=f"{name} is not set"):
        load(**{name: ""})


@pytest.mark.parametrize(
    ("given", "missing"),
    [("GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"), ("GOOGLE_CLIENT_SECRET", "GOOGLE_CLIENT_ID")],
)
def test_half_of_googles_credentials_are_refused(load, given, missing):
    with pytest.raises(ImproperlyConfigured, match=f"{missing} is not set"):
        load(**{given: "one-of-the-two"})


def test_requiring_a_calendar_needs_a_client_at_google(load):
    with pytest.raises(ImproperlyConfigured, match="GOOGLE_CALENDAR_REQUIRED needs it: without a client at Google"):
        load(GOOGLE_CALENDAR_REQUIRED="true")

    client = {"GOOGLE_CLIENT_ID": "a-client", "GOOGLE_CLIENT_SECRET": "its-secret"}
    asked = [{}, client, client | {"GOOGLE_CALENDAR_REQUIRED": "true"}]
    assert [load(**variables)["GOOGLE_CALENDAR_REQUIRED"] for variables in asked] == [False, False, True]


def test_google_is_googles_unless_another_address_is_given(load):
    settings = load(GOOGLE_CALENDAR_ENDPOINT="http://127.0.0.1:8010/calendar/v3")

    assert settings["GOOGLE_TOKEN_URI"] == "https://oauth2.googleapis.com/token"
    assert settings["GOOGLE_CALENDAR_ENDPOINT"] == "http://127.0.0.1:8010/calendar/v3/"
    assert settings["GOOGLE_CLIENT_ID"] == settings["GOOGLE_PUSH_ADDRESS"] == ""


def test_forms_may_lead_to_google_only_where_people_sign_in_with_it(load):
    client = {"GOOGLE_CLIENT_ID": "a-client", "GOOGLE_CLIENT_SECRET": "its-secret"}

    allowed = [
        load(**variables)["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]["form-action"]
        for variables in ({}, client, client | {"GOOGLE_AUTH_URI": "http://127.0.0.1:8010/o/oauth2/v2/auth"})
    ]

    assert allowed == [["'self'"], ["'self'", "https://accounts.google.com"], ["'self'", "http://127.0.0.1:8010"]]


def test_a_developer_needs_no_keys(load):
    settings = load(DEBUG="true", SECRET_KEY="", ENCRYPTION_KEYS="", EMAIL_URL="", DATABASE_URL="")

    assert settings["EMAIL_BACKEND"] == "django.core.mail.backends.console.EmailBackend"
    assert settings["DATABASES"]["default"]["NAME"] == str(ROOT / "var" / "dayline.sqlite3")


def test_production_is_walled_in(load):
    settings = load()

    assert settings["DEBUG"] is False
    assert settings["ALLOWED_HOSTS"] == ["dayline.example.com"]
    assert settings["SECURE_SSL_REDIRECT"] and settings["SESSION_COOKIE_SECURE"] and settings["CSRF_COOKIE_SECURE"]
    assert settings["SECURE_PROXY_SSL_HEADER"] is None
    assert "'unsafe-inline'" not in str(settings["CONTENT_SECURITY_POLICY"])
    assert settings["LOG_FORMAT"] == "json"


@pytest.mark.parametrize(
    ("site", "names"),
    [
        ("https://dayline.example.com", ["__Host-sessionid", "__Host-csrftoken", "__Host-device"]),
        ("http://dayline.example.com", ["sessionid", "csrftoken", "device"]),
    ],
)
def test_over_tls_a_browser_takes_cookies_from_this_host_alone(load, site, names):
    settings = load(SITE_URL=site)

    assert [settings[f"{kind}_COOKIE_NAME"] for kind in ("SESSION", "CSRF", "DEVICE")] == names
    assert not {"SESSION_COOKIE_DOMAIN", "CSRF_COOKIE_DOMAIN", "SESSION_COOKIE_PATH", "CSRF_COOKIE_PATH"} & set(
        settings
    )
    assert settings["SESSION_COOKIE_SECURE"] is settings["CSRF_COOKIE_SECURE"] is site.startswith("https")


@pytest.mark.parametrize(
    ("address", "folder"),
    [
        ("filemail:///srv/mail", "/srv/mail"),
        ("filemail:///srv/my%20mail", "/srv/my mail"),
        ("filemail:var/mail", str(ROOT / "var" / "mail")),
    ],
)
def test_mails_become_files_in_the_folder_that_the_address_names(load, address, folder):
    assert load(EMAIL_URL=address)["EMAIL_FILE_PATH"] == folder


def test_proxies_are_believed_only_when_they_are_ours(load):
    settings = load(TRUSTED_PROXIES="1")

    assert settings["SECURE_PROXY_SSL_HEADER"] == ("HTTP_X_FORWARDED_PROTO", "https")
    assert settings["ALLAUTH_TRUSTED_PROXY_COUNT"] == 1


def test_what_the_database_url_says_after_its_question_mark_is_kept(load):
    options = load(DATABASE_URL="postgres://u@db/dayline?sslmode=require")["DATABASES"]["default"]["OPTIONS"]

    assert options["sslmode"] == "require"
    assert "statement_timeout=10000" in options["options"]


def test_a_database_that_falls_silent_is_not_waited_for(load):
    options = load()["DATABASES"]["default"]["OPTIONS"]

    silent = options["tcp_user_timeout"] / 1000
    assert options["keepalives_idle"] + options["keepalives_interval"] <= silent
    assert silent + options["connect_timeout"] < 10
    assert "idle_in_transaction_session_timeout=20000" in options["options"]


def test_a_long_migration_may_hold_its_transaction_as_long_as_it_likes(load):
    options = load(DATABASE_TIMEOUT_MS="0")["DATABASES"]["default"]["OPTIONS"]["options"]

    assert "statement_timeout=0" in options
    assert "idle_in_transaction_session_timeout=0" in options


def test_a_cache_that_keeps_silent_is_not_waited_for(load):
    options = load(CACHE_URL="redis://cache/1?socket_timeout=3")["CACHES"]["default"]["OPTIONS"]

    assert options == {"socket_connect_timeout": 1, "socket_timeout": 3}


def test_the_example_file_explains_exactly_the_variables_that_are_read():
    sources = [ROOT / "config" / name for name in ("settings.py", "gunicorn.py")]
    read = {
        name
        for source in sources
        for name in re.findall(r"""(?:read|environ\.get)\(\s*["']([A-Z_]+)""", source.read_text())
    }

    assert mentioned_in(ROOT / ".env.example") == read


def mentioned_in(path):
    return set(re.findall(r"^#?([A-Z][A-Z_]+)=", path.read_text(), re.MULTILINE))
