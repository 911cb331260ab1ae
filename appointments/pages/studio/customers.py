"""The labels of a customer's standing with the provider, for the list of customers."""

from collections.abc import Mapping
from typing import Any

from appointments.pages.labels import Label

from .no_shows import no_shows_text


def standing_labels(row: Mapping[str, Any]) -> list[Label]:
    """What stands out about a customer, as a row of `customer_rows` has it; empty where all was kept."""
    late = row["late"]
    labels = [
        (row["is_blocked"], Label("Blocked", "ruby", "x")),
        (row["no_shows"], Label(no_shows_text(row["no_shows"]), "ruby", "x")),
        (late, Label(f"{late} late cancellation{'s' if late != 1 else ''}", "brass", "clock")),
        (row["limits_lifted"], Label("No limits", "slate", "check")),
    ]
    return [label for stands, label in labels if stands]
