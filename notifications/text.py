"""Cleaning of text for mails and calendar files, so that it can't end a line, forge a header or turn its direction.

Forms refuse harmful text already (`core.text`). If a table holds some all the same, it must not stop a mail, so no
function here raises.
"""

import re
import unicodedata

_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_TURNS_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069\ufeff]")


def one_line(value: str, *, limit: int = 200) -> str:
    """The words of `value` on one line, at most `limit` characters, cut with an ellipsis."""
    line = " ".join(many_lines(value).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def many_lines(value: str) -> str:
    """The text with LF as its only control character."""
    text = _LINE_ENDS.sub("\n", _TURNS_DIRECTION.sub("", str(value)))
    return "".join(" " if _unprintable(char) else char for char in unicodedata.normalize("NFC", text)).strip()


def _unprintable(char: str) -> bool:
    return char != "\n" and unicodedata.category(char) in {"Cc", "Cs"}
