from django.apps import AppConfig


class AppointmentsConfig(AppConfig):
    name = "appointments"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import after_login
        from appointments import answers, queries, signals  # noqa: F401
        from providers import hooks

        after_login.start_page.answer(answers.start_page)
        after_login.chosen_time.answer(answers.chosen_time)
        hooks.outside_hours.answer(queries.count_outside_hours)
