from django.apps import AppConfig


class AppointmentsConfig(AppConfig):
    name = "appointments"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import after_login, ban_marks, personal_data
        from appointments import answers, demo, signals  # noqa: F401
        from appointments.outside import google, own_events
        from appointments.queries.provider import count_outside_hours
        from appointments.services import digests, fair_use
        from appointments.services import personal_data as own_part
        from calendar_sync import hooks as calendar_hooks
        from core import demo as core_demo
        from notifications import hooks as notification_hooks
        from notifications import preferences
        from providers import hooks

        calendar_hooks.conflicts.answer(answers.conflicts)
        after_login.start_page.answer(answers.start_page)
        after_login.chosen_time.answer(answers.chosen_time)
        hooks.outside_hours.answer(count_outside_hours)
        hooks.outside_new_hours.answer(answers.outside_new_hours)
        preferences.turned_off_elsewhere.answer(digests.turn_off_topic)
        hooks.time_opened.answer(answers.time_opened)
        hooks.customer_blocked.answer(answers.customer_blocked)
        personal_data.parts.add(own_part)
        ban_marks.taken.answer(fair_use.take_evidence)
        ban_marks.copied.answer(fair_use.copy_evidence)
        personal_data.files_of.answer(answers.calendar_of)
        notification_hooks.waiting.answer(answers.waiting_for)
        calendar_hooks.sources.add(google)
        calendar_hooks.sources.add(own_events)
        calendar_hooks.owners_alone.add(own_events)
        calendar_hooks.joined.add(google)
        core_demo.parts.add(demo)
