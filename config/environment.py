"""Reading settings from the environment: a value that makes no sense stops the start with the variable's name.

The value itself is never repeated: it may be, or contain, a password.
"""

import os
import warnings
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from core import clock, money

T = TypeVar("T")
BASE_DIR = Path(__file__).resolve().parent.parent


class NotUnderstood(ValueError):
    """Raised for a value that makes no sense; the message says which values do."""


def load_files() -> None:
    """Add the variables in the files of ENV_FILE (default: .env) to the environment; those set already win.

    Several files are separated by colons, and the first to name a variable wins. ENV_FILE="" reads none.
    """
    for name in os.environ.get("ENV_FILE", ".env").split(":"):
        path = BASE_DIR / name
        if name and path.is_file():
            environ.Env.read_env(path)


def read(name: str, cast: Callable[[str], T], default: T) -> T:
    """The variable `name` through `cast`; `default` where it is unset or empty."""
    raw = os.environ.get(name, "").strip()
    if not raw:
        return default
    try:
        return cast(raw)
    except NotUnderstood as error:
        raise ImproperlyConfigured(f"{name} is not understood: {error}") from None
    except (ValueError, KeyError, TypeError, ImproperlyConfigured):
        raise ImproperlyConfigured(f"{name} is not understood; .env.example shows what it may be.") from None


def must_have(name: str, how: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name} is not set. {how}")


def as_bool(raw: str) -> bool:
    lowered = raw.lower()
    if lowered in {"1", "true", "yes", "on"}:
        return True
    if lowered in {"0", "false", "no", "off"}:
        return False
    raise NotUnderstood("say true or false")


def as_list(raw: str) -> list[str]:
    return [part.strip() for part in raw.split(",") if part.strip()]


def as_hosts(raw: str) -> list[str]:
    hosts = as_list(raw)
    if any("/" in host or ":" in host.strip("[]") and not host.startswith("[") or " " in host for host in hosts):
        raise NotUnderstood("say names parted by commas, without https:// and without a port")
    if "*" in hosts:
        raise NotUnderstood("name the hosts; * would let anybody choose what the site calls itself")
    return hosts


def as_hash_keys(raw: str) -> list[str]:
    keys = as_list(raw)
    if any(len(key) < 32 for key in keys):
        raise NotUnderstood("say keys of 32 characters or more, parted by commas")
    return keys


def as_number(low: int, high: int) -> Callable[[str], int]:
    def cast(raw: str) -> int:
        if not raw.isascii() or not raw.isdigit() or not low <= int(raw) <= high:
            raise NotUnderstood(f"say a whole number from {low} to {high}")
        return int(raw)

    return cast


def as_percent(raw: str) -> Decimal:
    try:
        value = Decimal(raw)
    except InvalidOperation:
        value = Decimal(-1)
    if not value.is_finite() or not 0 <= value <= 100 or value != round(value, 3):
        raise NotUnderstood("say a number from 0 to 100, with three digits after the point at most")
    return value


def as_origins(raw: str) -> list[str]:
    """Origins, parted by commas: scheme and host, and nothing after them."""
    origins = [each.strip().rstrip("/") for each in raw.split(",") if each.strip()]
    for origin in origins:
        parts = urlsplit(origin)
        if parts.scheme not in {"http", "https"} or not parts.hostname or origin != f"{parts.scheme}://{parts.netloc}":
            raise NotUnderstood("say origins such as https://shop.example.com, parted by commas")
    return origins


def as_zone(raw: str) -> str:
    try:
        return clock.canonical_zone(raw)
    except ValueError:
        raise NotUnderstood("say a place of the time zone database, like Europe/London") from None


def as_currency(raw: str) -> str:
    if raw.upper() not in money.CURRENCIES:
        raise NotUnderstood("say the code of a currency, like GBP")
    return raw.upper()


def as_one_of(*choices: str) -> Callable[[str], str]:
    def cast(raw: str) -> str:
        if raw.lower() not in choices:
            raise NotUnderstood("say one of " + ", ".join(choices))
        return raw.lower()

    return cast


def as_url(raw: str) -> str:
    """An address without path, query and final slash."""
    parts = urlsplit(raw)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.path.strip("/"):
        raise NotUnderstood("say the site's address and no more, like https://example.com")
    if parts.query or parts.fragment:
        raise NotUnderstood("say the site's address and no more, like https://example.com")
    if parts.port == 0:
        raise NotUnderstood("0 is no port")
    return raw.rstrip("/")


def as_endpoint(raw: str) -> str:
    """An address of a service of others, where secrets go: over TLS, or on this machine."""
    parts = urlsplit(raw)
    here = parts.hostname in {"127.0.0.1", "::1", "localhost"}
    if not parts.hostname or parts.scheme != "https" and not (here and parts.scheme == "http"):
        raise NotUnderstood("say an https address, or an http one on this machine")
    if parts.username or parts.query or parts.fragment or parts.port == 0:
        raise NotUnderstood("say the address and no more")
    return raw


def origin_of(address: str) -> str:
    """Scheme, host and port of an address, as a content security policy names them."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def as_path(raw: str) -> Path:
    """A folder or file; a relative path is inside the checkout, wherever the program was started."""
    return BASE_DIR / raw


def as_secret(raw: str) -> str:
    if len(raw) < 50:
        raise NotUnderstood("it is too short to keep a secret; it needs 50 characters")
    return raw


def as_fernet_keys(raw: str) -> list[str]:
    keys = as_list(raw)
    for key in keys:
        try:
            Fernet(key)
        except ValueError:
            raise NotUnderstood("each key, parted by commas, is 32 bytes in URL-safe base64") from None
    return keys


def as_sender(raw: str) -> str:
    if "@" not in raw or "\n" in raw or "\r" in raw:
        raise NotUnderstood("say an address, like Dayline <no-reply@example.com>")
    return raw


def as_database(raw: str) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # environ warns with the whole address, password included
        config: dict[str, Any] = environ.Env.db_url_config(raw)
    engine = config.get("ENGINE", "")
    if engine not in {"django.db.backends.sqlite3", "django.db.backends.postgresql"}:
        raise NotUnderstood("say sqlite:///path or postgres://user:password@host:port/name")
    if not config.get("NAME"):
        raise NotUnderstood("the database's name is missing at its end")
    if engine.endswith("sqlite3") and config["NAME"] != ":memory:":
        config["NAME"] = str(BASE_DIR / config["NAME"])
    return config


def as_cache(raw: str) -> dict[str, Any]:
    config = dict(environ.Env.cache_url_config(raw))
    if config["BACKEND"].endswith("RedisCache"):
        # Pages do without a silent cache, but wait this long for each of its answers.
        config["OPTIONS"] = {"socket_connect_timeout": 1, "socket_timeout": 1, **config.get("OPTIONS", {})}
    return config


def as_broker(raw: str) -> str:
    if urlsplit(raw).scheme not in {"redis", "rediss"} or not urlsplit(raw).hostname:
        raise NotUnderstood("say redis://host:port/number")
    return raw


def as_mail(raw: str) -> dict[str, Any]:
    config: dict[str, Any] = environ.Env.email_url_config(raw)
    if config["EMAIL_BACKEND"].endswith("smtp.EmailBackend") and not config["EMAIL_HOST"]:
        raise NotUnderstood("say smtp+tls://user:password@host:587")
    if config["EMAIL_BACKEND"].endswith("filebased.EmailBackend"):
        config["EMAIL_FILE_PATH"] = str(_mail_folder(raw))
    return config


def _mail_folder(raw: str) -> Path:
    """The folder of a filemail address: /var/mail of filemail:///var/mail, one in the checkout of filemail:var/mail."""
    parts = urlsplit(raw)
    if parts.netloc or not parts.path.strip("/"):
        raise NotUnderstood("say filemail:///folder, or filemail:folder for one of the checkout")
    return as_path(unquote(parts.path))
