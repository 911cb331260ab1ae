"""Errors for programs: RFC 9457 problem documents."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, JsonResponse

from core.hooks import Question

words = Question[[str], tuple[str, str] | None]("What is the problem with this name called, and what does it mean?")

# The last part of a problem's address by status, where the caller names no particular problem.
NAMES = {
    400: "malformed",
    401: "token-invalid",
    403: "not-allowed",
    404: "not-found",
    405: "wrong-verb",
    409: "refused",
    410: "gone",
    413: "too-large",
    415: "wrong-type",
    429: "too-many",
    500: "fault",
    503: "unavailable",
}

# The names of particular problems that a refusal may have, besides the pages of accounts that say why somebody takes no
# part; what each says stays the same from then on.
KNOWN = frozenset(
    {
        "address-needed", "bad-credentials", "busy", "changed-meanwhile", "conflicts", "invalid", "key-reused",
        "late-cancellation", "move-refused", "not-allowed", "not-approved", "not-found", "nothing-due", "overlaps",
        "policy-refused", "range-too-long", "scope-needed", "second-step-needed", "slot-taken", "still-running",
        "terms-changed", "time-without-offset", "too-large", "too-many", "unavailable", "unknown-field",
    }
)  # fmt: skip


def problem(
    request: HttpRequest,
    status: int,
    *,
    name: str = "",
    detail: str = "",
    headers: Mapping[str, str] | None = None,
    errors: Sequence[Mapping[str, str]] = (),
    more: Mapping[str, Any] | None = None,
) -> JsonResponse:
    """The problem document for `status`; `name` is the last part of its address, `detail` a sentence for a person.

    All documents of one name have its title. Without `detail` they say what the name means.
    `errors` says what is wrong with single fields, and `more` has members of this kind of problem alone.
    """
    name = name or NAMES.get(status, "fault")
    title, means = words.first(name) or (HTTPStatus(status).phrase, "")
    content: dict[str, object] = {
        "type": f"/developers/problems/{name}/",
        "title": title,
        "status": int(status),
        "detail": detail or means,
        "request_id": getattr(request, "request_id", ""),
        "errors": list(errors),
        **(more or {}),
    }
    return JsonResponse(content, status=status, content_type="application/problem+json", headers=headers)
