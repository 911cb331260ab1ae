from django.apps import AppConfig
from django.contrib.admin import apps as admin


class CoreConfig(AppConfig):
    name = "core"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core import checks, pg_integers, pg_timestamps  # noqa: F401


class StaffAdminConfig(admin.AdminConfig):
    default = False
    default_site = "core.admin.StaffSite"
