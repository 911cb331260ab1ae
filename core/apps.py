from django.apps import AppConfig
from django.contrib.admin import apps as admin
from django.contrib.staticfiles import apps as staticfiles


class CoreConfig(AppConfig):
    name = "core"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core import checks, pg_integers, pg_timestamps  # noqa: F401


class StaffAdminConfig(admin.AdminConfig):
    default = False
    default_site = "core.admin.StaffSite"


class CollectedFilesConfig(staticfiles.StaticFilesConfig):
    """Django's app of static files, which leaves out folders of packages that no page of ours loads from.

    They are most of what there is to compress, and so of the time that `collectstatic` takes.
    """

    default = False
    ignore_patterns = [*staticfiles.StaticFilesConfig.ignore_patterns, "redoc", "rest_framework"]
