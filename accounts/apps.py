from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from allauth.account.decorators import secure_admin_login
        from django.contrib import admin
        from django.core import checks

        from accounts import answers, ban_marks, demo, personal_data, signals  # noqa: F401
        from core import demo as core_demo
        from core import page_reader

        page_reader.settings_of.answer(answers.reader)
        personal_data.parts.add(personal_data)
        personal_data.files_of.answer(answers.photo_of)
        core_demo.parts.add(demo)
        checks.register(ban_marks.check_keys, checks.Tags.database)

        # Staff sign in where everybody does: with the same limits and the same second step.
        admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
