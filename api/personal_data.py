"""What the API keeps about people: their keys. Requests with an Idempotency-Key say nothing of them."""

from collections.abc import Iterable

from accounts.models import User
from accounts.personal_data import Facts, Rows, Section
from api.models import ApiKey, OnceRequest, PageWish


def kept(user: User) -> Rows:
    return {
        "keys of their programs": ApiKey.objects.filter(person=user),
        "wishes for a page": PageWish.objects.filter(person=user),
        "requests that are done once": OnceRequest.objects.filter(person=user),
    }


def sections(user: User) -> Iterable[Section]:
    rows = ApiKey.objects.filter(person=user).order_by("made_at", "pk")
    return [Section("api_keys", "Keys of your programs", rows, _written)]


def _written(key: ApiKey) -> Facts:
    return {
        "name": key.name,
        "begins_with": key.begins_with,
        "scopes": key.scopes,
        "made_at": key.made_at,
        "ends_at": key.ends_at,
        "last_used_on": key.used_on,
        "last_used_from": key.used_from,
    }


def erase(user: User) -> None:
    ApiKey.objects.filter(person=user).delete()
    PageWish.objects.filter(person=user).delete()
    OnceRequest.objects.filter(person=user).delete()
