"""A person's calendar by month, week, day and as a list, made from entries."""
