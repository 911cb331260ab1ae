"""What comes along with an appointment in one query, by the page that needs it."""

WITH_PEOPLE = ("provider__user", "provider__policy", "service", "customer")
IN_LISTS = ("provider", "service")
