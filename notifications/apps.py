from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = "Notifications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import personal_data, sessions
        from notifications import channels, queries
        from notifications import personal_data as own_part

        personal_data.parts.add(own_part)
        sessions.read_along.answer(queries.new_items_of_session)
        channels.channels.add(channels.email)
        channels.channels.add(channels.own_pages)
