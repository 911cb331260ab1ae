"""Folding of text for the search: lower case, without accents, words one space apart. Pure."""

import unicodedata

# Letters that Unicode does not part into a base letter and a mark, as people type them on another keyboard.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"})
# A short word matches the beginning of words only: "art" is not meant to find "Stuart".
SHORT = 3


def fold(text: str) -> str:
    """The folded text with each word between spaces: " zoe lukasz muller " of "Zoë Łukasz-Müller"."""
    plain = unicodedata.normalize("NFKD", text.casefold()).translate(_PLAIN)
    letters = (char if char.isalnum() else " " for char in plain if not unicodedata.combining(char))
    return f" {' '.join(''.join(letters).split())} "


def terms(text: str, *, most: int = 8) -> list[str]:
    """The terms that `fold`ed text must all contain to be found by `text`: one for each of its first `most` words."""
    return [word if len(word) > SHORT else f" {word}" for word in dict.fromkeys(fold(text).split())][:most]
