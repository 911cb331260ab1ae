"""The state in a file, so that what was connected in the demo still is when it starts the next time."""

import os
import pickle
from pathlib import Path

from .google import Google


def save(google: Google, path: Path) -> None:
    """Write the state, tokens included, where only its owner reads it; a stop half-way leaves the file of before."""
    part = path.with_suffix(".part")
    with google.lock, open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        pickle.dump(google, file)
    part.replace(path)


def load(path: Path) -> Google | None:
    """The state that was kept; None where there is none, or one that another version of this code wrote."""
    try:
        # Written by this program for itself; whoever can change it can change the program, too.
        found = pickle.loads(path.read_bytes())
    except Exception:
        return None
    return found if isinstance(found, Google) else None
