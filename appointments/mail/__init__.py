"""What people are told of an appointment: mails for each event and side, and the calendar file they carry."""
