from django.apps import AppConfig


class CalendarSyncConfig(AppConfig):
    name = "calendar_sync"
    verbose_name = "Google Calendar"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import personal_data
        from calendar_sync import hooks
        from calendar_sync import personal_data as own_part
        from calendar_sync.services import health, time_off
        from providers import hooks as provider_hooks

        personal_data.parts.add(own_part)
        hooks.sources.add(time_off)
        provider_hooks.page_started.answer(health.take_over)
