"""The look keeps its promises: contrast, no inline style or script, byte budget, words, icons that exist."""

import gzip
import re
import subprocess
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

STATIC = settings.BASE_DIR / "static"
TEMPLATES = settings.BASE_DIR / "templates"
CSS = sorted(STATIC.glob("css/**/*.css"))
PAGES = sorted(path for path in TEMPLATES.rglob("*.html") if not {"emails", "email"} & set(path.parts))

BODY, TEXT, GRAPHIC = 7, 4.5, 3
# Foreground, background, least contrast. A new pair in a template means a new line here.
PAIRS = [
    ("ink", "bg", BODY),
    ("ink", "surface", BODY),
    ("ink", "sunken", BODY),
    ("ink", "raised", BODY),
    ("ink-2", "bg", BODY),
    ("ink-2", "surface", BODY),
    ("ink-2", "sunken", TEXT),
    ("ink-3", "bg", TEXT),
    ("ink-3", "surface", TEXT),
    ("ink-3", "sunken", TEXT),
    ("ink-3", "raised", TEXT),
    ("bg", "ink", TEXT),
    ("on-brand", "brand", TEXT),
    ("on-brand", "brand-hover", TEXT),
    ("brand", "surface", TEXT),
    ("brand", "bg", TEXT),
    ("brand", "sunken", TEXT),
    ("brand", "raised", TEXT),
    ("brand-ink", "brand-soft", TEXT),
    ("brand-mark", "surface", GRAPHIC),
    ("brand-mark", "bg", GRAPHIC),
    ("brass", "brass-soft", TEXT),
    ("brass", "surface", TEXT),
    ("brass", "bg", TEXT),
    ("brass-mark", "surface", GRAPHIC),
    ("brass-mark", "brass-soft", GRAPHIC),
    ("iris", "iris-soft", TEXT),
    ("iris", "surface", TEXT),
    ("iris-mark", "surface", GRAPHIC),
    ("iris-mark", "sunken", GRAPHIC),
    ("iris-mark", "slate-soft", GRAPHIC),
    ("ruby", "ruby-soft", TEXT),
    ("ruby", "surface", TEXT),
    ("ruby", "bg", TEXT),
    ("ruby-mark", "surface", GRAPHIC),
    ("on-ruby", "ruby-solid", TEXT),
    ("on-ruby", "ruby", TEXT),
    ("slate", "slate-soft", TEXT),
    ("slate-mark", "surface", GRAPHIC),
    ("line-strong", "surface", GRAPHIC),
    ("line-strong", "bg", GRAPHIC),
    ("focus", "bg", GRAPHIC),
    ("focus", "surface", GRAPHIC),
    ("focus", "brand-soft", GRAPHIC),
    ("on-deep", "deep", BODY),
    ("on-deep", "deep-2", TEXT),
    ("on-deep-2", "deep", TEXT),
    ("deep-mark", "deep", GRAPHIC),
    ("deep-now", "deep", GRAPHIC),
    ("ink", "heat-0", TEXT),
    ("ink", "heat-1", TEXT),
    ("ink", "heat-2", TEXT),
    ("surface", "heat-3", TEXT),
    ("surface", "heat-4", TEXT),
]


def colours() -> dict[str, tuple[str, str]]:
    found = {}
    for name, value in re.findall(r"--c-([\w-]+):\s*([^;]+);", (STATIC / "css/tokens.css").read_text()):
        hexes = re.findall(r"#[0-9a-f]{6}\b", value)
        if hexes:
            found[name] = (hexes[0], hexes[-1])
    return found


def luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back", "least"), PAIRS, ids=[f"{front} on {back}" for front, back, _ in PAIRS])
def test_every_pair_of_colours_can_be_read(front, back, least, theme):
    tokens = colours()

    assert contrast(tokens[front][theme], tokens[back][theme]) >= least


def test_black_on_white_is_measured_as_the_standard_says():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_colours_are_named_in_the_tokens_alone():
    strays = {
        str(path.relative_to(STATIC)): found
        for path in CSS
        if path.name != "tokens.css"
        and (found := re.findall(r"#[0-9a-fA-F]{3,8}\b(?![\w-])|\brgba?\(", path.read_text()))
    }

    assert strays == {}


# The theme of admin has no layers, so that a rule in one never wins over it.
OVER_A_THEME = {"admin.css"}


def test_every_rule_lives_in_a_layer():
    outside = {}
    for path in CSS:
        text = re.sub(r"/\*.*?\*/|@property[^{]+\{[^}]*\}", "", path.read_text(), flags=re.S)
        depth, rest = 0, []
        for line in re.split(r"(?<=[{};])", text):
            if depth == 0 and line.strip() and not line.strip().startswith("@layer") and line.strip() != "}":
                rest.append(line.strip())
            depth += line.count("{") - line.count("}")
        if (rest and path.name not in OVER_A_THEME) or depth:
            outside[path.name] = (rest, depth)

    assert outside == {}


def test_css_has_no_important_and_no_ids():
    text = {path.name: re.sub(r"/\*.*?\*/|url\([^)]*\)", "", path.read_text(), flags=re.S) for path in CSS}

    assert [name for name, css in text.items() if "!important" in css and name not in OVER_A_THEME] == []
    assert [
        name
        for name, css in text.items()
        if name not in {"tokens.css", *OVER_A_THEME} and re.search(r"(^|[\s,{}])#[a-z][\w-]*\s*[,{:.]", css)
    ] == []


def packed(*paths: Path) -> int:
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in paths)


def test_styles_stay_within_the_budget_on_every_page():
    always = [STATIC / f"css/{name}.css" for name in ("tokens", "base", "layout", "components", "print")]
    pages = [path for path in PAGES if path.name != "styleguide.html"]  # which links them all, for developers alone
    linked = {path: {STATIC / each for each in re.findall(r"css/[\w/-]+\.css", path.read_text())} for path in pages}
    weights = {path.name: packed(*always, *(extra - set(always))) for path, extra in linked.items()}

    assert {name: weight for name, weight in weights.items() if weight > 25 * 1024} == {}


def test_scripts_stay_within_the_budget():
    htmx = Path(finders.find("django_htmx/htmx-2.min.js"))

    assert (STATIC / "js/app.js").stat().st_size < 8 * 1024
    others = [packed(path) for path in STATIC.glob("js/*.js") if path.name != "app.js"]  # at most one of them on a page
    assert packed(STATIC / "js/app.js", htmx) + max(others) <= 24_000


def test_fonts_come_with_their_licences_and_from_here():
    for family in ("besley", "hanken-grotesk"):
        assert "SIL OPEN FONT LICENSE" in (STATIC / f"fonts/{family}-OFL.txt").read_text().upper()
    css = (STATIC / "css/base.css").read_text()
    faces = re.findall(r"@font-face\s*\{.*?\}", css, flags=re.S)

    assert len(faces) == 4
    assert all("unicode-range" in face and "font-display: swap" in face for face in faces)
    assert all((STATIC / "css" / address).resolve().is_file() for address in re.findall(r'url\("([^"]+)"\)', css))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(TEMPLATES)))
class TestTemplate:
    def test_has_no_style_or_script_of_its_own(self, path):
        text = re.sub(r"\{#.*?#\}|\{% comment.*?endcomment %\}", "", path.read_text(), flags=re.S)

        assert re.findall(r"\sstyle\s*=", text) == []
        assert re.findall(r"<style\b", text) == []
        assert re.findall(r"\son[a-z]+\s*=\s*[\"']", text) == []
        assert re.findall(r"<script(?![^>]*\ssrc=)(?![^>]*application/json)[^>]*>", text) == []
        assert re.findall(r"javascript:|\bhx-on[:=-]", text) == []

    def test_takes_nothing_from_another_host(self, path):
        assert re.findall(r"(?:src|href|action)=[\"'](?:https?:)?//", path.read_text()) == []

    def test_uses_icons_that_exist(self, path):
        from core.templatetags.marks import ICON_NAMES

        text = path.read_text()
        wanted = set(re.findall(r"{%\s*icon\s+\"([\w-]+)\"", text)) | set(re.findall(r"\bicon=\"([\w-]+)\"", text))
        drawn = set(re.findall(r'id="i-([\w-]+)"', (TEMPLATES / "components/sprite.html").read_text()))

        assert {ICON_NAMES.get(name, name) for name in wanted} <= drawn

    def test_puts_no_element_into_an_attribute(self, path):
        elements = (
            r"{%\s*(?:when|time_range|clock_time|date_long|date_short|icon|badge|avatar|leaf)\b(?![^%]*plain=True)"
        )

        assert re.findall(rf'="[^"<>]*{elements}', path.read_text()) == []

    def test_speaks_in_our_words(self, path):
        text = re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}|<!doctype[^>]*>|<[^>]+>", " ", path.read_text(), flags=re.S | re.I)

        assert (
            re.findall(r"Daybook|\bOops\b|\bSubmit\b|\bApprove\b|\bclick here\b|\binvalid\b|!(?!=)", text, flags=re.I)
            == []
        )
        assert re.findall(r"[\U0001F300-\U0001FAFF☀-➿]", text) == []


def test_the_name_is_said_by_the_setting_alone():
    named = [path.name for path in PAGES if re.search(r"\bDayline\b", path.read_text())]

    assert named == []


def test_the_calendars_grid_is_what_its_maker_makes():
    made = subprocess.run([settings.BASE_DIR / "bin/calgrid"], capture_output=True, text=True, check=True).stdout

    assert (STATIC / "css/calgrid.css").read_text() == made
