"""A provider's own pages of appointments, worked out apart from the pages: agenda, today, week, requests, customers."""
