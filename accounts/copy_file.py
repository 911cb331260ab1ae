"""The file of a copy: a zip with `your-data.json` for programs, `your-data.html` for people, and files such as a photo.

Both are written from the same rows, a few hundred at a time, so that memory does not grow with the account.
"""

import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import IO, Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.template.loader import render_to_string

from accounts import personal_data
from accounts.models import User
from accounts.personal_data import Facts, Section
from core import wording

ROWS_AT_ONCE = 200
PROGRAMS, PEOPLE = "your-data.json", "your-data.html"


def write(target: IO[bytes], user: User, *, now: datetime, sign_of_life: Callable[[], None] = lambda: None) -> None:
    """Write the copy of `user`'s data to the open file `target`."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive, tempfile.TemporaryFile() as readable:
        with archive.open(PROGRAMS, "w") as programs:
            _write_both(programs, readable, user, now=now, sign_of_life=sign_of_life)
        readable.seek(0)
        with archive.open(PEOPLE, "w") as people:
            while block := readable.read(64 * 1024):
                people.write(block)
        for files in personal_data.files_of.each(user):
            for file in files:
                archive.writestr(file.name, file.content)
                sign_of_life()


def _write_both(
    programs: IO[bytes], people: IO[bytes], user: User, *, now: datetime, sign_of_life: Callable[[], None]
) -> None:
    head = {"site": settings.SITE_NAME, "made_at": now.isoformat(timespec="seconds"), "times": "UTC"}
    programs.write(json.dumps(head, indent=1)[:-2].encode())
    made = wording.moment_text(now, user.zone, long=True, year=True, twelve=user.uses_12h_clock)
    zone = wording.zone_text(user.zone)
    people.write(_drawn("head", SITE_NAME=settings.SITE_NAME, person=user.name, made=made, zone=zone))
    for section in personal_data.all_sections(user):
        programs.write(f",\n {json.dumps(section.name)}: [".encode())
        people.write(_drawn("section", title=section.title))
        between = "\n  "
        for rows in _in_parts(section):
            for facts in rows:
                programs.write((between + json.dumps(facts, cls=DjangoJSONEncoder, ensure_ascii=False)).encode())
                between = ",\n  "
            people.write(_drawn("rows", rows=[_as_text(facts, user) for facts in rows]))
            sign_of_life()
        programs.write(b"]")
        people.write(_drawn("section_end", is_empty=between == "\n  "))
    programs.write(b"\n}\n")
    people.write(_drawn("foot"))


def _in_parts(section: Section) -> Iterator[Sequence[Facts]]:
    rows = (section.write(row) for row in section.rows.iterator(chunk_size=ROWS_AT_ONCE))
    while part := list(islice(rows, ROWS_AT_ONCE)):
        yield part


def _as_text(facts: Facts, user: User) -> list[tuple[str, str]]:
    """The facts that say something, as label and text in the person's zone."""
    named = ((name.replace("_", " ").capitalize(), _text(value, user)) for name, value in facts.items())
    return [(label, text) for label, text in named if text]


def _text(value: Any, user: User) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return wording.moment_text(value, user.zone, year=True, twelve=user.uses_12h_clock)
    if isinstance(value, date):
        return wording.date_text(value, year=True)
    if isinstance(value, list | tuple):
        return ", ".join(_text(each, user) for each in value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value)


def _drawn(part: str, **context: Any) -> bytes:
    return render_to_string(f"accounts/copy/{part}.html", context).encode()
