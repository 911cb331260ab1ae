import re

import pytest

from providers.slugs import make_slug


def free(slug):
    return False


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Maya Okafor", "maya-okafor"),
        ("Zoë Müller-Straße", "zoe-muller-strasse"),
        ("Łukasz Żółć", "lukasz-zolc"),
        ("Ｍａｙａ", "maya"),
        ("  --Dr.  O'Neil_ ", "dr-oneil"),
        ("../../etc/passwd", "etcpasswd"),
        ("İbrahim", "ibrahim"),
        ("new", "new-2"),
    ],
)
def test_a_name_becomes_a_plain_address(name, slug):
    assert make_slug(name, is_taken=free, otherwise="provider") == slug


@pytest.mark.parametrize("name", ["Αθηνά", "美穂", "🎻", "7", "-"])
def test_a_name_without_plain_letters_still_gets_an_address(name):
    assert re.fullmatch("provider-[a-z2-9]{6}", make_slug(name, is_taken=free, otherwise="provider"))


def test_a_taken_address_is_numbered():
    taken = {"maya", "maya-2"}

    assert make_slug("Maya", is_taken=taken.__contains__, otherwise="provider") == "maya-3"


def test_an_address_is_not_longer_than_its_column():
    assert len(make_slug("a" * 500, is_taken=free, otherwise="provider")) == 60
