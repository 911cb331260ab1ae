from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "api"
    verbose_name = "API"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import personal_data, services
        from api import keys
        from api import personal_data as own_part

        personal_data.parts.add(own_part)
        services.acting_for_them.answer(keys.end_all_keys)
