"""Text as the search compares it: lower case, without accents, words one space apart. Pure."""

import unicodedata

# Letters that are not a base letter with a mark, as people type them on another keyboard.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"})
# A short word matches the beginning of words only: "art" is not meant to find "Stuart".
SHORT = 3


def fold(text: str) -> str:
    """ "Zoë Łukasz-Müller" as " zoe lukasz muller ": each word between spaces."""
    plain = unicodedata.normalize("NFKD", text.casefold()).translate(_PLAIN)
    letters = (char if char.isalnum() else " " for char in plain if not unicodedata.combining(char))
    return f" {' '.join(''.join(letters).split())} "


def terms(text: str, *, most: int = 8) -> list[str]:
    """What `fold`ed text must contain, all of it, to be found by `text`; the first few words decide."""
    return [word if len(word) > SHORT else f" {word}" for word in dict.fromkeys(fold(text).split())][:most]
