from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "api"
    verbose_name = "API"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from corsheaders.signals import check_request_enabled
        from django.db.models.signals import post_migrate

        from accounts import groups, hooks, personal_data
        from api import cors, demo, drafts, keys
        from api import personal_data as own_part
        from api import problems as kinds
        from core import demo as core_demo
        from core import problems

        # After the permissions of this app, the last one, whose own handler is older.
        post_migrate.connect(groups.make_groups, sender=self)
        check_request_enabled.connect(cors.is_open_from_everywhere)
        hooks.address_confirmed.answer(drafts.grant_wish)
        personal_data.parts.add(own_part)
        hooks.acting_for_them.answer(keys.end_all_keys)
        core_demo.parts.add(demo)
        problems.words.answer(kinds.words_of)
