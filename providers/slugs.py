"""Addresses made from names: plain ASCII, readable where the name allows, unique."""

import secrets
import unicodedata
from collections.abc import Callable

from django.utils.text import slugify

# Letters that Unicode does not part into a plain letter and an accent.
PLAIN = str.maketrans({"ß": "ss", "æ": "ae", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "œ": "oe", "ı": "i"})
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
# Words that have routes of their own under /providers/, /providers/<slug>/ or /studio/services/.
RESERVED = frozenset(
    {"book", "delete", "edit", "move", "new", "openings", "order", "pause", "resume", "search", "slots"}
)


def make_slug(name: str, *, is_taken: Callable[[str], bool], otherwise: str, length: int = 60) -> str:
    """The slug of a name: "zoe-muller" of "Zoë Müller", numbered where it is taken.

    A name in letters that have no plain form (Αθηνά, 美穂) becomes `otherwise` with six random letters.
    """
    plain = slugify(unicodedata.normalize("NFKC", name).lower().translate(PLAIN))[:length].strip("-_")
    if len(plain) < 2 or plain.isdigit():
        plain = f"{otherwise}-{_random_letters()}"
    if plain not in RESERVED and not is_taken(plain):
        return plain
    for number in range(2, 100):
        if not is_taken(f"{plain}-{number}"):
            return f"{plain}-{number}"
    return f"{plain}-{_random_letters()}"


def _random_letters() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(6))
