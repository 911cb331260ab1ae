"""Every setting, read from the environment once; `.env.example` explains each variable.

A value that makes no sense stops the start with the variable's name (see `environment`).
"""

from decimal import Decimal
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.templatetags.static import static
from whitenoise.compress import Compressor

from config.environment import (
    BASE_DIR,
    as_bool,
    as_broker,
    as_cache,
    as_currency,
    as_database,
    as_endpoint,
    as_fernet_keys,
    as_hash_keys,
    as_hosts,
    as_mail,
    as_number,
    as_one_of,
    as_origins,
    as_path,
    as_percent,
    as_secret,
    as_sender,
    as_url,
    as_zone,
    load_files,
    must_have,
    origin_of,
    read,
)
from core.logging import logging_config

load_files()

# --- Basics -----------------------------------------------------------------

DEBUG = read("DEBUG", as_bool, False)
SITE_NAME = read("SITE_NAME", str, "Dayline")
SITE_URL = read("SITE_URL", as_url, "http://127.0.0.1:8000")
SUPPORT_EMAIL = read("SUPPORT_EMAIL", as_sender, "help@example.com")
SUPPORT_PHONE = read("SUPPORT_PHONE", str, "")
SECRET_KEY = read("SECRET_KEY", as_secret, "for-development-only-" + "0" * 40 if DEBUG else "")
if not SECRET_KEY:
    raise must_have("SECRET_KEY", "Make one: python -c 'import secrets; print(secrets.token_urlsafe(50))'")
# Keys that encrypt secrets at rest, newest first; apart from SECRET_KEY so that either can be changed alone.
ENCRYPTION_KEYS = read("ENCRYPTION_KEYS", as_fernet_keys, ["A" * 43 + "="] if DEBUG else [])
if not ENCRYPTION_KEYS:
    raise must_have(
        "ENCRYPTION_KEYS",
        "Make one: python -c 'import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())'",
    )
# Keys of the hashes that keep a ban after its person's account was erased, newest first.
BAN_KEYS: list[str] = read("BAN_KEYS", as_hash_keys, [])
_HOST = urlsplit(SITE_URL).hostname or ""
_HOST = f"[{_HOST}]" if ":" in _HOST else _HOST
ALLOWED_HOSTS = read("ALLOWED_HOSTS", as_hosts, [_HOST, "127.0.0.1", "localhost"] if DEBUG else [_HOST])
CSRF_TRUSTED_ORIGINS = [SITE_URL]
# The number of our own proxies in front. Without any, forwarded addresses and schemes are not believed.
TRUSTED_PROXIES = read("TRUSTED_PROXIES", as_number(0, 5), 0)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES

# --- Apps, middleware and templates -----------------------------------------

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.forms",
    "whitenoise.runserver_nostatic",
    "core.apps.CollectedFilesConfig",
    "corsheaders",
    # The theme's templates stand before those of Django's admin.
    "unfold.apps.BasicAppConfig",
    "core.apps.StaffAdminConfig",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.google",
    "csp",
    "django_htmx",
    "template_partials",
    "phonenumber_field",
    "core",
    "outbox",
    # From the lowest to the highest, the order in which they add their parts to the registries of `core.hooks`.
    "accounts",
    "notifications",
    "providers",
    "calendar_sync",
    "appointments",
    "analytics",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "api",
]

MIDDLEWARE = [
    "core.logging.RequestLogMiddleware",
    "core.http_methods.VerbsMiddleware",
    "core.request_bodies.BodiesMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "core.compression.TextCompressionMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.sessions.PersonMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "core.unsaved_forms.TypedTextMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.InvalidFormsAnswer422",
    "accounts.middleware.NothingForThoseOut",
    "core.middleware.PagesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context_processors.device_zone",
                "accounts.context_processors.chosen_time",
                "core.context_processors.site",
                "notifications.context_processors.bell",
                "providers.menu.account_menu",
                "appointments.context_processors.studio",
            ],
            "builtins": [
                "django.templatetags.static",
                "template_partials.templatetags.partials",
                # The design system's tags, which no template needs to load.
                "core.templatetags.marks",
                "core.templatetags.dayline",
                "core.templatetags.words",
                "core.templatetags.navigation",
                "core.templatetags.boxes",
                "core.templatetags.fields",
            ],
        },
    }
]
FORM_RENDERER = "core.forms.Renderer"

# --- Data -------------------------------------------------------------------

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": read("DATABASE_URL", as_database, as_database("sqlite:///var/dayline.sqlite3"))}
_DB = DATABASES["default"]
if _DB["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE: a transaction that will write takes the write lock at its start, so that what it read stays true.
    _DB["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    _DB["ENGINE"] = "core.postgresql"
    _DB["CONN_MAX_AGE"] = read("CONN_MAX_AGE", as_number(0, 86_400), 60)
    _DB["CONN_HEALTH_CHECKS"] = True
    _STATEMENT_MS = read("DATABASE_TIMEOUT_MS", as_number(0, 3_600_000), 10_000)
    # PostgreSQL plans a prepared query only once; a pooler that shares connections by transaction may not allow that.
    _PREPARES = read("DATABASE_PREPARES", as_bool, True)
    _DB["OPTIONS"] = {
        # A server that falls silent in the middle of a request is given up before ten seconds are over: five for the
        # connection at hand, four for a new one. Without these the system would wait for a quarter of an hour.
        "connect_timeout": 4,
        "tcp_user_timeout": 5000,
        "keepalives_idle": 4,
        "keepalives_interval": 1,
        # A frozen server, which answers nothing but keeps the connection up, is given up a bit later than it would have
        # given the statement up itself.
        "answer_timeout": _STATEMENT_MS / 1000 + 2 if _STATEMENT_MS else None,
        "server_side_binding": _PREPARES,
        "prepare_threshold": 2 if _PREPARES else None,
        # idle_in_transaction_session_timeout is for the other direction: it frees the locks of a silent client.
        # What a page asks for is small and lies in memory: one process and an index are cheaper than they look to
        # PostgreSQL, which by default counts with turning disks and with questions worth compiling.
        "options": "-c random_page_cost=1.1 -c max_parallel_workers_per_gather=0 -c jit=off"
        f" -c statement_timeout={_STATEMENT_MS} -c lock_timeout=8000"
        f" -c idle_in_transaction_session_timeout={2 * _STATEMENT_MS}",
        **_DB.get("OPTIONS", {}),  # the query string of DATABASE_URL, such as sslmode
    }

_LOCAL_CACHE = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "dayline"}
CACHES = {"default": read("CACHE_URL", as_cache, _LOCAL_CACHE)}

# --- Accounts ---------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.sessions.AuthenticationBackend"]
SESSION_ENGINE = "accounts.sessions"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["username", "email", "name"]},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/my/appointments/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_FORMS = {
    "login": "accounts.forms.LoginForm",
    "signup": "accounts.forms.SignupForm",
    "add_email": "accounts.forms.AddEmailForm",
    "change_password": "accounts.forms.ChangePasswordForm",
    "set_password": "accounts.forms.SetPasswordForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.forms.ResetPasswordKeyForm",
    "user_token": "accounts.forms.UserTokenForm",
    "reauthenticate": "accounts.forms.ReauthenticateForm",
    "request_login_code": "accounts.forms.RequestLoginCodeForm",
    "confirm_login_code": "accounts.forms.ConfirmLoginCodeForm",
}
# Nobody is signed in at sign-up, so that a known address and a new one get the same answer; unless the house says that
# an account works at once, and its address is confirmed later.
EMAIL_CONFIRMATION = read("EMAIL_CONFIRMATION", as_one_of("required", "later"), "required")
ACCOUNT_EMAIL_VERIFICATION = "optional" if EMAIL_CONFIRMATION == "later" else "mandatory"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/5m/key",  # one account from one address
    "login_failed_anywhere": "50/15m/key",  # one account from unknown devices anywhere; then a code is asked for, too
    "code_after_password": "5/15m/key",  # those codes; one is mailed only with the right password
    "signup": "20/m/ip,200/d/ip",
    "confirm_email": "3/10m/key",
    "reset_password": "20/m/ip,5/15m/key",
    "request_login_code": "20/m/ip,5/15m/key",
    "google_code": "5/15m/key",  # codes that prove a mailbox after a way to Google
    "again_code": "5/15m/key",  # codes for whoever touches their account's security and has no password
}
MFA_ADAPTER = "accounts.adapters.MFAAdapter"
MFA_FORMS = {
    "activate_totp": "accounts.forms.ActivateTOTPForm",
    "authenticate": "accounts.forms.AuthenticateForm",
    "reauthenticate": "accounts.forms.MFAReauthenticateForm",
    "add_webauthn": "accounts.forms.AddWebAuthnForm",
    "authenticate_webauthn": "accounts.forms.AuthenticateWebAuthnForm",
    "edit_webauthn": "accounts.forms.EditWebAuthnForm",
    "login_webauthn": "accounts.forms.LoginWebAuthnForm",
    "reauthenticate_webauthn": "accounts.forms.ReauthenticateWebAuthnForm",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = SITE_NAME
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG
USERSESSIONS_TRACK_ACTIVITY = False

# --- Google -----------------------------------------------------------------

# Without the two Google is nowhere offered. The addresses are Google's own, unless a stand-in is to be used.
GOOGLE_CLIENT_ID = read("GOOGLE_CLIENT_ID", str, "")
GOOGLE_CLIENT_SECRET = read("GOOGLE_CLIENT_SECRET", str, "")
if bool(GOOGLE_CLIENT_ID) != bool(GOOGLE_CLIENT_SECRET):
    _MISSING = "GOOGLE_CLIENT_SECRET" if GOOGLE_CLIENT_ID else "GOOGLE_CLIENT_ID"
    raise must_have(_MISSING, "Google gives both to a client; set both or neither.")
GOOGLE_AUTH_URI = read("GOOGLE_AUTH_URI", as_endpoint, "https://accounts.google.com/o/oauth2/v2/auth")
GOOGLE_TOKEN_URI = read("GOOGLE_TOKEN_URI", as_endpoint, "https://oauth2.googleapis.com/token")
GOOGLE_REVOKE_URI = read("GOOGLE_REVOKE_URI", as_endpoint, "https://oauth2.googleapis.com/revoke")
GOOGLE_USERINFO_URI = read("GOOGLE_USERINFO_URI", as_endpoint, "https://openidconnect.googleapis.com/v1/userinfo")
GOOGLE_CERTS_URI = read("GOOGLE_CERTS_URI", as_endpoint, "https://www.googleapis.com/oauth2/v1/certs")
GOOGLE_ISSUER = read("GOOGLE_ISSUER", as_endpoint, "https://accounts.google.com")
# With its path and a slash at the end, as Google's client library wants it.
GOOGLE_CALENDAR_ENDPOINT = read("GOOGLE_CALENDAR_ENDPOINT", as_endpoint, "https://www.googleapis.com/calendar/v3/")
if not GOOGLE_CALENDAR_ENDPOINT.endswith("/"):
    GOOGLE_CALENDAR_ENDPOINT += "/"
# Where Google sends news of changes; without it calendars are only asked now and then.
GOOGLE_PUSH_ADDRESS = read("GOOGLE_PUSH_ADDRESS", as_endpoint, "")

# How old the last good copy of a connected calendar may be before its provider can't be booked any more.
GOOGLE_COPY_GOOD_MINUTES = read("GOOGLE_COPY_GOOD_MINUTES", as_number(30, 10_080), 120)
# Whether a provider can be booked only while a calendar of theirs is connected and read.
GOOGLE_CALENDAR_REQUIRED = read("GOOGLE_CALENDAR_REQUIRED", as_bool, False)
if GOOGLE_CALENDAR_REQUIRED and not GOOGLE_CLIENT_ID:
    raise must_have(
        "GOOGLE_CLIENT_ID",
        "GOOGLE_CALENDAR_REQUIRED needs it: without a client at Google nobody could connect a calendar or be booked.",
    )

# --- Terms of the platform ---------------------------------------------------

PLATFORM_FEE_PERCENT = read("PLATFORM_FEE_PERCENT", as_percent, Decimal(0))
# One account can't fill a provider's calendar.
MAX_OPEN_PER_CUSTOMER_AND_PROVIDER = read("MAX_OPEN_PER_CUSTOMER_AND_PROVIDER", as_number(1, 1000), 20)
# Series count apart from that: the most appointments of them that one account has ahead with a provider.
MAX_SERIES_PER_CUSTOMER_AND_PROVIDER = read("MAX_SERIES_PER_CUSTOMER_AND_PROVIDER", as_number(2, 1000), 52)
# How long what staff did in the admin is kept.
ADMIN_LOG_DAYS = read("ADMIN_LOG_DAYS", as_number(30, 3650), 730)

# Where a newcomer's device or program says nothing else.
DEFAULT_TIME_ZONE = read("DEFAULT_TIME_ZONE", as_zone, "Europe/London")
DEFAULT_CURRENCY = read("DEFAULT_CURRENCY", as_currency, "GBP")

# (times, seconds): how often one account may do this, and the visitors at one address together; all accounts at one
# address, which many people share, ten times as often. Visitors and accounts don't use up each other's share.
LIMITS = {
    "book": (30, 600),
    "check_series": (120, 600),
    "change_time": (30, 600),
    "keep_time": (30, 600),
    "search": (120, 60),
    "openings": (180, 60),
    "new_link": (20, 3600),
    "passkey": (30, 600),
    "google": (30, 600),
    "appeal": (10, 3600),
    "calendar_link": (20, 3600),
    "calendar_file": (20, 600),
    # Big companies' programs read the links of many people from a few addresses.
    "calendar_feed": (600, 600),
    "data_copy": (3, 86_400),
    "make_key": (30, 3600),
    "leave": (20, 3600),
    "google_calendar": (30, 3600),
    # Requests by programs, beside the limits of what they do.
    "api_read": (600, 60),
    "api_write": (120, 60),
    "api_visit": (120, 60),
}

# --- Work for later ---------------------------------------------------------

TASK_BROKER_URL = read("TASK_BROKER_URL", as_broker, "")
# A worker keeps a job this long without renewing it; a killed worker's job comes back after it.
OUTBOX_LEASE_SECONDS = read("OUTBOX_LEASE_SECONDS", as_number(1, 3600), 120)
# A job that shows no sign of life for this long gets its thread replaced, so that others don't wait for it.
OUTBOX_PATIENCE_SECONDS = read("OUTBOX_PATIENCE_SECONDS", as_number(1, 3600), 45)

# --- Mail -------------------------------------------------------------------

_MAIL = read("EMAIL_URL", as_mail, as_mail("consolemail://") if DEBUG else {})
if not _MAIL:
    raise must_have("EMAIL_URL", "Say smtp+tls://user:password@host:587, or filemail:var/mail to try things out.")
vars().update(_MAIL)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = read("DEFAULT_FROM_EMAIL", as_sender, f"{SITE_NAME} <no-reply@{_HOST}>")

# --- Language and time ------------------------------------------------------

LANGUAGE_CODE = "en-gb"
FORMAT_MODULE_PATH = "config.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- Files ------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Every page names a file by its hash, and nobody but a developer loads a source map.
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")
MEDIA_URL = "/media/"
MEDIA_ROOT = read("MEDIA_ROOT", as_path, BASE_DIR / "var" / "media")
# Files that no address leads to, such as the copies of their data that people asked for. Web and worker share it.
PRIVATE_ROOT = read("PRIVATE_ROOT", as_path, BASE_DIR / "var" / "private")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "private": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": PRIVATE_ROOT,
            "base_url": None,
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
PHONENUMBER_DB_FORMAT = "E164"

# --- Security ---------------------------------------------------------------

SECURE = not DEBUG and SITE_URL.startswith("https://")
SECURE_SSL_REDIRECT = SECURE
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = SECURE
SECURE_REDIRECT_EXEMPT = [r"^health/$", r"^ready/$"]  # asked by monitors of the same network, without TLS
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
# Over TLS browsers accept a cookie with this prefix from this exact host alone, not from others below its domain.
_OF_THIS_HOST = "__Host-" if SECURE else ""
SESSION_COOKIE_NAME = f"{_OF_THIS_HOST}sessionid"
CSRF_COOKIE_NAME = f"{_OF_THIS_HOST}csrftoken"
DEVICE_COOKIE_NAME = f"{_OF_THIS_HOST}device"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "core.errors.csrf_failure"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        # Browsers ask this also of the address that the answer to a form redirects to.
        "form-action": [SELF, *([origin_of(GOOGLE_AUTH_URI)] if GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET else [])],
    }
}

# --- Staff's pages -----------------------------------------------------------

UNFOLD = {
    "SITE_TITLE": f"{SITE_NAME} staff",
    "SITE_HEADER": SITE_NAME,
    "STYLES": [
        lambda request, name=name: static(f"css/{name}.css")
        for name in ("tokens", "base", "layout", "components", "screens/admin")
    ],
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("img/favicon.svg")}],
    "BORDER_RADIUS": "8px",
    # The scales of the theme around our slate and verdigris (static/css/tokens.css).
    "COLORS": {
        "base": {
            "50": "#f2f5f4", "100": "#e8eeec", "200": "#d8e0de", "300": "#b6c4c1", "400": "#93a5a1", "500": "#6a7c78",
            "600": "#566864", "700": "#3d4f4c", "800": "#2a3735", "900": "#141d1c", "950": "#0c1312",
        },
        "primary": {
            "50": "#f0f8f6", "100": "#dbeeea", "200": "#b5d3ce", "300": "#a3e4dc", "400": "#96ddd5", "500": "#74cdc3",
            "600": "#0f605b", "700": "#0a4a46", "800": "#0b3a37", "900": "#12352f", "950": "#03211e",
        },
        "font": {
            "subtle-light": "#566864", "subtle-dark": "#93a5a1",
            "default-light": "#3d4f4c", "default-dark": "#b6c4c1",
            "important-light": "#10201e", "important-dark": "#e8f0ee",
        },
    },
    "DASHBOARD_CALLBACK": "appointments.admin.dashboard.add_overview",
    "SIDEBAR": {"navigation": "appointments.admin.menu.navigation"},
}  # fmt: skip

# --- Logs -------------------------------------------------------------------

LOG_LEVEL = read("LOG_LEVEL", as_one_of("debug", "info", "warning", "error"), "info").upper()
LOG_FORMAT = read("LOG_FORMAT", as_one_of("json", "console"), "console" if DEBUG else "json")
LOGGING = logging_config(level=LOG_LEVEL, form=LOG_FORMAT)

# --- The API for programs ----------------------------------------------------

# The pages of others from which a browser may call the API for somebody, with a bearer token and never with cookies.
# What is open to everybody is open from every page (`api.cors`).
API_CORS_ORIGINS: list[str] = read("API_CORS_ORIGINS", as_origins, [])
CORS_ALLOWED_ORIGINS = API_CORS_ORIGINS
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_HEADERS = [
    "accept", "authorization", "content-type", "dayline-version", "idempotency-key", "if-match", "if-none-match",
]  # fmt: skip
CORS_EXPOSE_HEADERS = [
    "dayline-version", "deprecation", "etag", "idempotency-replayed", "link", "location", "ratelimit",
    "ratelimit-policy", "retry-after", "sunset", "x-request-id",
]  # fmt: skip
CORS_PREFLIGHT_MAX_AGE = 3600
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [],
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": f"{SITE_NAME} API",
    "VERSION": "2026-12-01",
    "OAS_VERSION": "3.1.0",
    "PREPROCESSING_HOOKS": ["api.schema.only_as_written"],
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "api.schema.with_examples"],
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": False,
    "SORT_OPERATIONS": False,
    # The choices that several fields have.
    "ENUM_NAME_OVERRIDES": {
        "AppointmentStatus": "appointments.states.Status",
        "Role": "appointments.states.Role",
        "Verb": "appointments.states.Verb",
        "ProposalState": "appointments.states.ProposalState",
        "OfferState": "appointments.states.OfferState",
        "PlaceState": "appointments.states.PlaceState",
        "Frequency": "appointments.states.Frequency",
        "WhyLeftOut": "appointments.states.LeftOut",
        "Venue": "providers.models.Venue",
    },
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "bearer": {"type": "http", "scheme": "bearer", "description": "An access token, or a key (dl_…)."},
            "cookie": {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE_NAME},
        }
    },
}
