"""Formats of dates and times in the admin. Pages of the product never use these; see `core.wording`."""
