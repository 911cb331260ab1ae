"""The mails about an appointment, for each event and side, and the calendar file they carry."""
