"""Services that change appointments and the time they hold, and the one that finds open times."""
