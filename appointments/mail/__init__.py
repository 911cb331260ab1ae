"""The mails about an appointment, one for each event and side, and their calendar file."""
