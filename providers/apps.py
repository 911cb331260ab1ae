from django.apps import AppConfig


class ProvidersConfig(AppConfig):
    name = "providers"
    verbose_name = "Providers and services"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import personal_data, photos
        from core import demo as core_demo
        from providers import demo, queries, signals  # noqa: F401
        from providers import personal_data as own_part

        photos.visible_to_visitors.answer(queries.has_public_page)
        personal_data.parts.add(own_part)
        core_demo.parts.add(demo)
