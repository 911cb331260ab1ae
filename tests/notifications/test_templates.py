import re
from pathlib import Path

from django.conf import settings

TEMPLATES = Path(settings.BASE_DIR) / "templates" / "emails"
TOKEN = re.compile(r"light-dark\((#\w{6}), (#\w{6})\)|--c-[\w-]+:\s+(#\w{6});")


def test_mails_use_the_colours_of_the_design_and_no_others():
    """Mail programs know no custom properties, so the values are copied: here nobody can change one alone."""
    tokens = (Path(settings.BASE_DIR) / "static" / "css" / "tokens.css").read_text()
    light = {found[1] or found[3] for found in TOKEN.finditer(tokens)}
    dark = {found[2] or found[3] for found in TOKEN.finditer(tokens)}
    text = "".join(path.read_text() for path in TEMPLATES.glob("*.html"))
    night, *_ = re.findall(r"@media \(prefers-color-scheme: dark\) \{.*?\n\}", text, re.DOTALL)

    assert set(re.findall(r"#[0-9a-f]{6}\b", night)) <= dark
    assert set(re.findall(r"#[0-9a-f]{6}\b", text.replace(night, ""))) <= light
    assert not re.search(r"(?<!&)#[0-9a-f]{3}\b", text)


def test_mails_load_nothing():
    text = "".join(path.read_text() for path in TEMPLATES.glob("*.html"))

    assert not re.search(r"<(img|link|script|iframe|form)\b|url\(|@import|https?://", text)
