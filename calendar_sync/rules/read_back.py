"""An event at Google read back as an entry, to tell what its owner changed there: facts in, an entry out.

Texts are read as people read them there: Google's own pages keep a description as HTML.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError

from core import clock
from core.text import clean_line, clean_text

from .entries import Entry
from .events import span_of

_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|&(?:[a-zA-Z]{2,8}|#[0-9]{1,7});")
_NEW_LINE = frozenset({"br", "p", "div", "li", "ul", "ol", "tr"})
_UNPRINTABLE = re.compile("[^\\w\\s!-/:-@\\[-`{-~]")


def read_back(event: Mapping[str, Any], *, calendar_zone: ZoneInfo, zone: str) -> Entry | None:
    """What stands in an event, or in the body of one, None where it has no times. Whole days are those of `zone`, the
    zone of its owner."""
    edges = {edge: {k: v for k, v in event.get(edge, {}).items() if v is not None} for edge in ("start", "end")}
    start, end = span_of(edges, calendar_zone)
    if start is None or end is None:
        return None
    is_all_day = "date" in edges["start"] and "date" in edges["end"]
    if is_all_day:
        start, end = (_midnight(edges[edge]["date"], clock.zone(zone)) for edge in ("start", "end"))
    return Entry(
        start=start,
        end=end,
        zone=zone,
        title=_cleaned(event.get("summary", ""), clean_line),
        text=_cleaned(plain_text(event.get("description", "")), clean_text),
        place=_cleaned(event.get("location", ""), clean_line),
        all_day=is_all_day,
        is_free=event.get("transparency") == "transparent",
    )


def plain_text(text: str) -> str:
    """A description as people read it: without tags, with line ends for what begins a new line."""
    if not _TAG.search(text):
        return text
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return "".join(reader.parts)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag in _NEW_LINE and self.parts and not self.parts[-1].endswith("\n") or tag == "br":
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _NEW_LINE and tag != "br" and self.parts and not self.parts[-1].endswith("\n"):
            self.parts.append("\n")

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        return self.parse_bogus_comment(i, report)  # as browsers do; the parser's own way raises at an unknown one

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def _midnight(day: str, zone: ZoneInfo) -> datetime:
    return clock.to_instant(datetime.combine(date.fromisoformat(day), time()), zone)


def _cleaned(text: str, clean: Callable[[str], str]) -> str:
    """The text as we keep texts; of one that has characters that we refuse, those are left out."""
    try:
        return clean(text)
    except ValidationError:
        kept = "".join(char if char.isprintable() or (char == "\n" and clean is clean_text) else " " for char in text)
    try:
        return clean(kept)
    except ValidationError:
        return clean(_UNPRINTABLE.sub("", kept))
