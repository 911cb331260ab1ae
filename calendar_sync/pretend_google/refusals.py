"""What Google says instead of doing what it was asked, in the forms that its client libraries understand."""

from typing import Any


class Refusal(Exception):
    """An error answer of an API, with the `reason` by which clients tell errors of one status apart."""

    def __init__(self, status: int, reason: str, message: str = "", *, domain: str = "global", location: str = ""):
        super().__init__(f"{status} {reason}: {message}")
        self.status, self.reason, self.message = status, reason, message or reason
        self.domain, self.location = domain, location

    def body(self) -> dict[str, Any]:
        one = {"domain": self.domain, "reason": self.reason, "message": self.message}
        if self.location:
            kind = "header" if self.location in {"Authorization", "If-Match"} else "parameter"
            one |= {"locationType": kind, "location": self.location}
        return {"error": {"errors": [one], "code": self.status, "message": self.message}}


class OAuthRefusal(Exception):
    """An error answer of the token endpoint and its neighbours (RFC 6749, section 5.2)."""

    def __init__(self, error: str, description: str = "", *, status: int = 400):
        super().__init__(f"{status} {error}: {description}")
        self.status, self.error, self.description = status, error, description

    def body(self) -> dict[str, Any]:
        return {"error": self.error, "error_description": self.description or "Bad Request"}


def invalid(message: str, location: str = "") -> Refusal:
    return Refusal(400, "invalid", message, location=location)


def required(message: str, location: str = "") -> Refusal:
    return Refusal(400, "required", message, location=location)


def not_found() -> Refusal:
    return Refusal(404, "notFound", "Not Found")


def sync_token_expired() -> Refusal:
    return Refusal(
        410,
        "fullSyncRequired",
        "Sync token is no longer valid, a full sync is required.",
        domain="calendar",
        location="syncToken",
    )
