from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    name = "analytics"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import personal_data
        from analytics import demo
        from analytics import personal_data as own_part
        from core import demo as core_demo

        personal_data.parts.add(own_part)
        core_demo.parts.add(demo)
