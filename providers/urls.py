"""The routes for becoming a provider, and of the studio's pages about page, services and hours."""

from datetime import date

from django.urls import path, register_converter

from providers.views import become, catalogue, opening, page


class DayConverter:
    """A date in an address, such as 2026-12-24; other text matches no route."""

    regex = "[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def to_python(self, value: str) -> date:
        return date.fromisoformat(value)

    def to_url(self, value: date) -> str:
        return value.isoformat()


register_converter(DayConverter, "override_day")

urlpatterns = [
    path("become-a-provider/", become.start, name="become_provider"),
    path("become-a-provider/<slug:step>/", become.step, name="become_provider_step"),
    path("studio/services/", catalogue.service_list, name="studio_services"),
    path("studio/services/new/", catalogue.new_service, name="studio_service_new"),
    path("studio/services/example/", catalogue.example, name="studio_service_example"),
    path("studio/services/<slug:slug>/", catalogue.edit_service, name="studio_service"),
    path("studio/services/<slug:slug>/move/", catalogue.move_service, name="studio_service_move"),
    path("studio/services/<slug:slug>/pause/", catalogue.pause_service, name="studio_service_pause"),
    path("studio/services/<slug:slug>/resume/", catalogue.resume_service, name="studio_service_resume"),
    path("studio/services/<slug:slug>/delete/", catalogue.delete_service, name="studio_service_delete"),
    path("studio/hours/", opening.week, name="studio_hours"),
    path("studio/hours/dates/", opening.override_list, name="studio_overrides"),
    path("studio/hours/dates/new/", opening.new_override, name="studio_override_new"),
    path("studio/hours/dates/<override_day:day>/", opening.edit_override, name="studio_override"),
    path("studio/hours/dates/<override_day:day>/remove/", opening.remove_override, name="studio_override_remove"),
    path("studio/policies/", page.policies, name="studio_policies"),
    path("studio/profile/", page.profile, name="studio_profile"),
    path("studio/profile/pause/", page.pause, name="studio_page_pause"),
    path("studio/profile/resume/", page.resume, name="studio_page_resume"),
]
