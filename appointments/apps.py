from django.apps import AppConfig


class AppointmentsConfig(AppConfig):
    name = "appointments"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import after_login
        from appointments import queries, signals  # noqa: F401
        from providers import hooks
        from providers import queries as offers

        after_login.live_at("studio_today", when=offers.lives_in_the_studio)
        hooks.set_outside_hours(queries.count_outside_hours)
