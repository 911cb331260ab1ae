"""The words of each mail about an appointment, one function for each event and side, in a file for each chapter."""
