"""What people type: cleaned, counted in characters, refused where it could not be stored or shown."""

import unicodedata

import pytest
from django import forms
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from core import text
from core.forms import LineField, TextField, ZoneField
from core.text import clean_line, clean_text, looks_empty, validate_line, validate_text

FAMILY = "👩‍👩‍👧‍👦"
WALES = "\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Maya Lindqvist", "Maya Lindqvist"),
        ("  Maya \u00a0", "Maya"),
        ("Maya\tLindqvist", "Maya Lindqvist"),
        ("Maya\r\n", "Maya"),
        ("Cafe\u0301", "Café"),
        ("\u212bngstro\u0308m", "Ångström"),
        ("İstanbul ı", "İstanbul ı"),
        ("Ｆｕｌｌ", "Ｆｕｌｌ"),  # full width is a way to write, not a mistake
        ("שלום Maya مرحبا", "שלום Maya مرحبا"),
        ("می\u200cخواهم", "می\u200cخواهم"),  # Persian needs its non-joiner
        (FAMILY, FAMILY),
        (WALES, WALES),
        ("Maya\U000e0041\U000e0042", "Maya"),
        ("\ufeffMaya", "Maya"),
        ("Ma\u200bya\u00ad", "Maya"),
        ("\u202egpj.exe", "gpj.exe"),
        ("\u2067Maya\u2069 \u200fx", "Maya \u200fx"),
        ("null", "null"),
        ("NaN", "NaN"),
        ("<script>alert(1)</script> {{7*191}} %(x)s =1+1", "<script>alert(1)</script> {{7*191}} %(x)s =1+1"),
        ("100% o'Neil; DROP TABLE --", "100% o'Neil; DROP TABLE --"),
        ("%0d%0aBcc: x", "%0d%0aBcc: x"),
        ("Z\u0308" + "\u0301" * 29, unicodedata.normalize("NFC", "Z\u0308" + "\u0301" * 29)),
    ],
)
def test_a_line_is_kept_as_it_was_meant(typed, kept):
    assert clean_line(typed) == kept
    validate_line(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "Maya\nBcc: x", "Maya\r\nBcc: x", "Maya\rBcc: x", "Maya\x0bx", "Maya\x0cx",
        "Maya\x85x", "Maya\u2028x", "Maya\u2029x",
    ],
)  # fmt: skip
def test_a_line_end_inside_a_line_is_refused(typed):
    with pytest.raises(ValidationError) as raised:
        clean_line(typed)

    assert raised.value.messages == ["Keep this on one line."]
    with pytest.raises(ValidationError):
        validate_line(typed)


UNUSABLE = [
    "a\x00b", "\x00", "a\x01b", "a\x08b", "a\x1bb", "a\x7fb", "a\x80b", "a\x9fb", "a\ud800b", "\udfff", "a\ufdd0b",
    "a\uffffb",
    "a\ufffe", "a\U0001ffffb", "a\U0010fffe", "a" + "\u0301" * 40, "a" + "\u0316\u0301" * 20_000,
]  # fmt: skip


@pytest.mark.parametrize("typed", UNUSABLE, ids=ascii)
@pytest.mark.parametrize("clean", [clean_line, clean_text, validate_line, validate_text])
def test_what_no_keyboard_makes_is_refused(typed, clean):
    with pytest.raises(ValidationError) as raised:
        clean(typed)

    assert raised.value.messages == [text.CANNOT_KEEP]


NOTHING = ["", " ", "\u200b", "\u200d\u200c", "\u3164", "\u115f\u1160", "\uffa0", "\u2800", "\u00a0\u3000", "\ufe0f",
           "\u034f",
           "\u202e\u2066", "\U000e0041", "\u0301", "\n\t"]  # fmt: skip


@pytest.mark.parametrize("typed", NOTHING, ids=ascii)
def test_what_shows_nothing_is_nothing(typed):
    assert looks_empty(typed)
    assert clean_line(typed) == clean_text(typed) == ""
    with pytest.raises(ValidationError, match="can be seen"):
        validate_line(typed)


@pytest.mark.parametrize("typed", ["a", "1", "é", "ㅤa", "😀", "ا", "\ue000"])
def test_what_shows_something_is_not_empty(typed):
    assert not looks_empty(typed)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("one\r\ntwo\rthree\nfour", "one\ntwo\nthree\nfour"),
        ("one\u2028two\u2029three\x85four\x0bfive\x0csix", "one\ntwo\nthree\nfour\nfive\nsix"),
        ("one\r\n\r\ntwo\n\n", "one\n\ntwo"),
        ("a\tb", "a\tb"),
        ("ภาษา\u200bไทย", "ภาษา\u200bไทย"),  # Thai breaks its lines there
        ("\u202eabc\u202c", "abc"),
        ("Cafe\u0301", "Café"),
    ],
)
def test_a_text_ends_its_lines_in_one_way(typed, kept):
    assert clean_text(typed) == kept


@settings(max_examples=300)
@given(st.text(alphabet=st.characters(codec=None), max_size=40))
def test_whatever_is_typed_is_refused_or_clean_for_good(typed):
    for clean in (clean_line, clean_text):
        try:
            kept = clean(typed)
        except ValidationError:
            continue
        assert clean(kept) == kept
        assert unicodedata.is_normalized("NFC", kept)
        kept.encode("utf-8")
        assert "\0" not in kept and "\r" not in kept
        assert clean is clean_text or len(kept.splitlines()) <= 1


# --- Form fields ----------------------------------------------------------------


class Form(forms.Form):
    name = LineField(max_length=5)
    nickname = LineField(max_length=5, required=False)
    note = TextField(max_length=9, required=False)
    zone = ZoneField(required=False)


def filled(**data) -> Form:
    return Form({"name": "Maya", **data})


def codes(form: Form) -> dict[str, list[str]]:
    return {name: [error.code for error in errors] for name, errors in form.errors.as_data().items()}


def test_fields_answer_what_was_cleaned():
    form = filled(name=" Mai\u0308a ", nickname="\u3164", note="one\r\ntwo", zone="Europe/Kiev")

    assert form.is_valid(), form.errors
    assert form.cleaned_data == {"name": "Maïa", "nickname": "", "note": "one\ntwo", "zone": "Europe/Kyiv"}


def test_a_required_name_that_shows_nothing_is_missing():
    assert codes(filled(name="\u200b\u3164")) == {"name": ["required"]}


def test_lengths_are_counted_in_characters_after_cleaning():
    assert filled(name="e\u0301" * 5, note="1\r\n3\r\n5\r\n7\r\n9").is_valid()
    assert filled(name="😀" * 5).is_valid()
    for field, typed in (("name", "123456"), ("name", "\u0958" * 3), ("note", "1234567890")):
        assert codes(filled(**{field: typed})) == {field: ["max_length"]}


def test_what_is_far_too_long_is_refused_for_its_length():
    assert codes(filled(name="a" * 100_000)) == {"name": ["max_length"]}


@pytest.mark.parametrize("typed", ["a\0b", "\ud800", "a\nb"])
def test_fields_refuse_what_the_cleaners_refuse(typed):
    form = filled(name=typed)

    assert len(form.errors["name"]) == 1


def test_the_browser_is_told_the_length():
    assert 'maxlength="5"' in str(Form()["name"])
    assert 'maxlength="9"' in str(Form()["note"])


@pytest.mark.parametrize("typed", ["Nowhere", "europe/london", "../../etc/passwd", "EST5EDT", "x" * 500, "a\0b"])
def test_a_zone_is_chosen_from_the_list(typed):
    assert filled(zone=typed).errors == {"zone": ["Choose a time zone from the list."]}


def test_a_zone_that_was_not_chosen_is_empty():
    assert filled().is_valid()
    assert filled().fields["zone"].choices[0][1] == "Abidjan, Côte d’Ivoire"
