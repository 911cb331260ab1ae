"""Factories of real rows with sensible defaults; a test names only the values that matter to it."""
