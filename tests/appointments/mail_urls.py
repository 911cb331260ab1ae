"""The pages mails link to, by name; only for as long as the real ones are on their way."""

from django.urls import path


def nothing(request, **kwargs):
    raise NotImplementedError


urlpatterns = [
    path("providers/", nothing, name="search"),
    path("providers/<slug:slug>/", nothing, name="provider_page"),
    path("my/appointments/<str:reference>/", nothing, name="my_appointment"),
    path("studio/appointments/<str:reference>/", nothing, name="studio_appointment"),
    path("studio/requests/<str:reference>/", nothing, name="studio_request"),
]
