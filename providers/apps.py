from django.apps import AppConfig


class ProvidersConfig(AppConfig):
    name = "providers"
    verbose_name = "Providers and services"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import personal_data, photos
        from providers import personal_data as own_part
        from providers import queries, signals  # noqa: F401

        photos.visible_to_visitors.answer(queries.has_public_page)
        personal_data.parts.add(own_part)
