from django.urls import include, path

from . import twins

urlpatterns = [
    path("bench/month/", twins.month),
    path("bench/rows/", twins.rows),
    path("", include("config.urls")),
]
