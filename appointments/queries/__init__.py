"""Queries about appointments, for pages and jobs. The number of SQL queries never grows with the rows."""
