"""The words of the mails about appointments: a function for each event and side, a module for each chapter."""
