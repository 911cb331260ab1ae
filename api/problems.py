"""The kinds of problems that the API answers with (RFC 9457), each of which has a page for developers.

`KINDS` is the one list of their names: answers, the schema and the pages for developers are made from it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: `status` is its HTTP status, `means` what happened, `then` what a program does about it."""

    status: int
    title: str
    means: str
    then: str


KINDS: dict[str, Kind] = {
    # 400: the request can't be read, or says what nobody can mean.
    "malformed": Kind(
        400,
        "The request can't be read",
        "The body is no JSON object in UTF-8, names a field twice, or is nested too deeply; or the address is broken.",
        "Send one JSON object, in UTF-8 without a byte order mark, with each name once.",
    ),
    "invalid": Kind(
        400,
        "Some fields are wrong",
        "Each entry of errors names a field or parameter and says what is wrong with it.",
        "Mend the named fields, then send the request again.",
    ),
    "unknown-field": Kind(
        400,
        "A field or parameter is unknown",
        "The request names something that this address does not take, or names a parameter twice.",
        "Leave it out. The schema lists what each address takes.",
    ),
    "range-too-long": Kind(
        400, "The range is too long", "Dates and times are given for at most 62 days at once.", "Ask in pieces."
    ),
    "time-without-offset": Kind(
        400,
        "A time has no offset",
        "A time without an offset could be meant in any zone, and a wrong guess is a missed appointment.",
        "Send RFC 3339 with an offset, such as 2026-12-01T09:30:00+01:00 or 2026-12-01T08:30:00Z.",
    ),
    # 401: nobody known asks.
    "token-invalid": Kind(
        401,
        "Nobody is signed in",
        "There is no token or key, or it has ended: by time, signing out, a new password or address, or a closing.",
        "Refresh the token or sign in again; make a new key where a key has ended.",
    ),
    "bad-credentials": Kind(
        401,
        "That name and password do not match an account",
        "The username or address is not known, the password is another, or the address is not confirmed yet.",
        "Open the link in the email that came after signing up, or try another password.",
    ),
    "second-step-needed": Kind(
        401,
        "A second step is needed",
        "The password is right, and the account asks for a code as well; or it has passkeys alone.",
        "Send the code of the authenticator app as code. With passkeys alone, make a key in the browser.",
    ),
    # 403: known, but not for this.
    "suspended": Kind(
        403,
        "Booking is suspended",
        "Staff or the rule of late cancellations has suspended this person.",
        "The page of the suspension says why, since when, and how to appeal.",
    ),
    "leaving": Kind(
        403,
        "The account was deleted by its person",
        "It is kept for a while so that they can change their mind.",
        "Open the link in the mail about it to keep the account.",
    ),
    "scope-needed": Kind(
        403,
        "The key may not do this",
        "A key does what its scopes name and nothing else; passwords, addresses, keys and deletion are for no key.",
        "Make a key with the scope that the answer names, or sign in with a password.",
    ),
    "not-allowed": Kind(403, "This person may not do that", "The rules leave it to somebody else.", "Nothing."),
    "csrf": Kind(
        403,
        "The browser sent no CSRF token",
        "A request by cookie that changes something needs the token of one of our pages.",
        "Send the cookie's token as X-CSRFToken, or use a bearer token.",
    ),
    # 404 to 415: what HTTP itself says.
    "not-found": Kind(
        404,
        "There is nothing here",
        "It does not exist, or it is not this person's: the answer is the same.",
        "Check the address. Ids are opaque, and case matters.",
    ),
    "wrong-verb": Kind(405, "The address does not take this verb", "Allow names those that it takes.", "Use one."),
    "not-acceptable": Kind(
        406, "Only JSON is served", "The header Accept rules JSON out.", "Send Accept: application/json, or none."
    ),
    "too-large": Kind(
        413,
        "The body is too large",
        "A body has at most 256 kB, one with a photo a little more than 5 MB.",
        "Send less.",
    ),
    "wrong-type": Kind(
        415,
        "The body is of another type",
        "Bodies are JSON in UTF-8.",
        "Send Content-Type: application/json.",
    ),
    # 409: a rule says no.
    "slot-taken": Kind(
        409,
        "The time is not open",
        "Somebody was faster, or a rule of the provider stands in the way; nearest has up to three open starts.",
        "Offer those of nearest, or ask for the slots again.",
    ),
    "terms-changed": Kind(
        409,
        "The terms are not those in force",
        "Price, length or confirmation differ from what was sent; terms has those in force.",
        "Show them to the person, and send them back with the next request.",
    ),
    "policy-refused": Kind(409, "A rule refuses it", "detail says which.", "Show detail to the person."),
    "move-refused": Kind(
        409,
        "The appointment is not in a state for that",
        "It has been answered, ended or moved meanwhile.",
        "Read it again; can lists what is possible now.",
    ),
    "conflicts": Kind(
        409,
        "Something stands in that time",
        "There are appointments inside that nobody decided about.",
        "Send a decision for each.",
    ),
    "address-needed": Kind(
        409,
        "An email address is needed",
        "The account has a username alone, and the other side must be able to write.",
        "Send an address to /api/me/email/ and open the link that is mailed there.",
    ),
    "late-cancellation": Kind(
        409,
        "Cancelling now counts as late",
        "detail says what it counts as, and accept holds the consequence.",
        "Show it to the person; if they agree, send the request again with accept.",
    ),
    "still-running": Kind(
        409,
        "The same request is still running",
        "Another request with this Idempotency-Key has not ended.",
        "Wait as long as Retry-After says, and send the same request again.",
    ),
    "not-approved": Kind(409, "The payer has not approved it", "Nothing was captured.", "Lead the payer there first."),
    "nothing-due": Kind(409, "Nothing is to be paid", "The appointment is free or paid.", "Nothing."),
    "refused": Kind(409, "That can't be done", "detail says why.", "Show detail to the person."),
    "gone": Kind(410, "It is over", "It was there, and is not any more.", "Nothing."),
    # 412, 422: it is another one than you think.
    "changed-meanwhile": Kind(
        412,
        "It has changed since it was read",
        "The ETag in If-Match is not that of the present state. Nothing was changed.",
        "Read it again, and decide anew.",
    ),
    "key-reused": Kind(
        422,
        "The Idempotency-Key was used for another request",
        "A key stands for one request with one body, for 24 hours.",
        "Use a fresh key for each new request.",
    ),
    "overlaps": Kind(422, "The ranges overlap", "The range touches one that is there.", "Send another range."),
    # 429, 503: later.
    "too-many": Kind(
        429,
        "Too many requests",
        "A limit is used up; RateLimit says which and when it has room.",
        "Wait as long as Retry-After says.",
    ),
    "fault": Kind(500, "Something went wrong on our side", "It is in our log, under request_id.", "Try again later."),
    "busy": Kind(
        503, "A lot is happening here right now", "A lock was not free in time; nothing was changed.", "Try again."
    ),
    "unavailable": Kind(
        503,
        "A part of the system does not answer",
        "Database or cache are away. It is not said whether a change was made.",
        "Send the same request with the same Idempotency-Key again.",
    ),
}


def words_of(name: str) -> tuple[str, str] | None:
    """The title and the meaning of the kind with this name."""
    kind = KINDS.get(name)
    return (kind.title, kind.means) if kind else None
