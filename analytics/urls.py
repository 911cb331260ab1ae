from django.urls import path

from . import views

urlpatterns = [
    path("studio/analytics/", views.analytics, name="studio_analytics"),
    path("studio/analytics/figures.csv", views.analytics_csv, name="studio_analytics_csv"),
]
