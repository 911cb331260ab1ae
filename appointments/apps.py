from django.apps import AppConfig


class AppointmentsConfig(AppConfig):
    name = "appointments"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from appointments import queries, receivers  # noqa: F401
        from providers import hooks

        hooks.set_outside_hours(queries.count_outside_hours)
