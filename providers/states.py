"""The steps of becoming a provider, in order."""

from django.db.models import TextChoices


class Step(TextChoices):
    ABOUT = "about", "About you"
    SERVICE = "service", "First service"
    HOURS = "hours", "Hours"
    RULES = "rules", "Rules"
    CALENDAR = "calendar", "Calendar"
    CHECK = "check", "Check"
