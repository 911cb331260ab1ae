"""What is installed is what pyproject.toml asks for, by hash, and names no place to fetch it from."""

import re
from pathlib import Path

import pytest

from tests.architecture import pins

ROOT = Path(__file__).resolve().parents[2]


def test_the_requirements_files_match_pyproject():
    assert pins.problems() == []


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_pin_has_a_hash_and_no_file_names_a_server(name):
    text = (ROOT / name).read_text()

    blocks = re.split(r"\n(?=\S)", text.strip())
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert "://" not in text


@pytest.mark.parametrize(
    ("pinned", "asked", "problem"),
    [
        ({"packaging": "1.0"}, ["packaging>=24"], "pins packaging 1.0, but pyproject.toml asks for >=24"),
        ({}, ["packaging"], "does not pin packaging"),
        ({"packaging": "24.0", "left-pad": "1.0"}, ["packaging"], "pins left-pad, which nothing needs"),
    ],
)
def test_a_difference_is_noticed(pinned, asked, problem):
    assert f"file {problem}" in pins.compare("file", pinned, asked)
