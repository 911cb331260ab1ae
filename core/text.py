"""Cleaning of typed text, so that it is safe to store, to search and to show.

Both cleaners return text in NFC without the invisible characters that turn the reading direction of the text around
them or carry hidden words, and raise ValidationError for characters that no keyboard makes: NUL and other control
characters, lone surrogates, noncharacters, heaps of accents. Text of invisible characters only (zero-width ones,
fillers) becomes empty, so that a required field refuses it. The rest stays as typed: escaping is the output's work.
"""

import re
import unicodedata

from django.core.exceptions import ValidationError

CANNOT_KEEP = "This has characters that can’t be used here. Please type it again without them."
ONE_LINE = "Keep this on one line."

_NONCHARACTERS = "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17))
_REFUSED = re.compile(f"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef{_NONCHARACTERS}]")
_LINE_ENDS = re.compile("\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
# Controls of reading direction (marks stay, they change nothing around them), byte order mark, annotations.
_DROPPED = re.compile("[\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]")
# In lines, also invisible characters that break or join words, so that two names that look alike are alike.
_DROPPED_IN_LINES = re.compile("[\u00ad\u180e\u200b\u2060-\u2064]")
# Tags spell the flags of England, Scotland and Wales after a black flag; anywhere else they hide words.
_TAGS = re.compile("(\U0001f3f4[\U000e0030-\U000e007a]{2,8}\U000e007f)|[\U000e0000-\U000e007f]")
_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Mn", "Me", "Zl", "Zp", "Zs"})
_FILLERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
# Unicode's own bound for text that can be normalised piece by piece; beyond it the cost is quadratic.
_MOST_MARKS_IN_A_ROW = 30


def clean_line(value: str) -> str:
    """A cleaned line (name, title). Line ends inside raise ValidationError (they forge headers), tabs become spaces."""
    value = _clean(value)
    if _LINE_ENDS.search(value):
        raise ValidationError(ONE_LINE, code="one_line")
    return _visible(_DROPPED_IN_LINES.sub("", value.replace("\t", " ")))


def clean_text(value: str) -> str:
    """Cleaned text of several lines (note, description), with LF for every kind of line end that was sent."""
    return _visible(_LINE_ENDS.sub("\n", _clean(value)))


def looks_empty(value: str) -> bool:
    """Whether the text has no visible character."""
    return all(char in _FILLERS or unicodedata.category(char) in _INVISIBLE_CATEGORIES for char in value)


def validate_line(value: str) -> None:
    """Model field validator with the rules of `clean_line`, for values that did not come through a form."""
    if looks_empty(clean_line(value)):
        raise ValidationError("Enter something that can be seen.", code="blank")


def validate_text(value: str) -> None:
    """Model field validator with the rules of `clean_text`."""
    clean_text(value)


def _clean(value: str) -> str:
    value = value.strip()
    if value.isascii() and value.isprintable():
        return value
    if _REFUSED.search(value) or _is_piled_up(value):
        raise ValidationError(CANNOT_KEEP, code="invalid_characters")
    value = _TAGS.sub(lambda match: match[1] or "", _DROPPED.sub("", value))
    return unicodedata.normalize("NFC", value).strip()


def _is_piled_up(value: str) -> bool:
    marks = 0
    for char in value:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks > _MOST_MARKS_IN_A_ROW:
            return True
    return False


def _visible(value: str) -> str:
    value = value.strip()
    return "" if looks_empty(value) else value
