"""Addresses of search, booking, appointments and help. Dates in paths are ISO; appointments go by their reference."""

from django.urls import include, path

from . import converters  # noqa: F401 - registers <reference:…> and <link:…>
from .views import booking, calendar_feed, changing, customer_list, fair_use, help, link, public, search, series
from .views import customer_appointment as mine

urlpatterns = [
    path("", search.home, name="home"),
    path("providers/", search.search, name="search"),
    path("providers/<slug:provider>/", public.provider_page, name="provider_page"),
    path("providers/<slug:provider>/<slug:service>/", public.provider_page, name="provider_service"),
    path("book/<slug:provider>/<slug:service>/", booking.book, name="book"),
    path("book/<slug:provider>/<slug:service>/series/", booking.check_series, name="check_series"),
    path("book/<slug:provider>/<slug:service>/keep/", public.keep_time, name="keep_time"),
    path("book/<slug:provider>/<slug:service>/longer/", booking.extend_time, name="extend_time"),
    path("book/<slug:provider>/<slug:service>/other/", booking.release_time, name="release_time"),
    path("appointments/<reference:reference>/done/", mine.done, name="appointment_done"),
    path("my/appointments/", customer_list.my_appointments, name="my_appointments"),
    path("my/appointments/calendar.ics", calendar_feed.all_in_one_file, name="all_appointments_ics"),
    path("my/appointments/<reference:reference>/", mine.my_appointment, name="my_appointment"),
    path("my/appointments/<reference:reference>/cancel/", mine.cancel, name="cancel_appointment"),
    path("my/appointments/<reference:reference>/withdraw/", mine.withdraw, name="withdraw_request"),
    path("my/appointments/<reference:reference>/reschedule/", changing.reschedule, name="reschedule_appointment"),
    path("my/appointments/<reference:reference>/answer/", changing.answer, name="answer_time"),
    path("my/appointments/<reference:reference>/withdraw-time/", changing.withdraw, name="withdraw_time"),
    path("my/appointments/<reference:reference>/calendar.ics", mine.appointment_ics, name="appointment_ics"),
    path("my/series/<uuid:series>/", series.my_series, name="my_series"),
    path("my/series/<uuid:series>/cancel/", series.cancel_series, name="cancel_series"),
    path("my/series/<uuid:series>/calendar.ics", series.my_series_ics, name="my_series_ics"),
    path("my/standing/", fair_use.standing, name="my_standing"),
    path("my/settings/calendar/", calendar_feed.calendar_settings, name="settings_calendar"),
    path("my/settings/calendar/off/", calendar_feed.turn_off, name="calendar_feed_off"),
    path("calendar/<feed:token>.ics", calendar_feed.feed, name="calendar_feed"),
    path("suspended/", fair_use.suspended, name="suspended"),
    path("a/<link:token>/", link.show, name="link"),
    path("a/<link:token>/calendar.ics", link.calendar, name="link_ics"),
    path("a/<link:token>/new/", link.send_new, name="link_new"),
    path("a/<link:token>/reschedule/", link.reschedule, name="link_reschedule"),
    path("a/<link:token>/answer/", link.answer, name="link_answer_time"),
    path("a/<link:token>/withdraw-time/", link.withdraw, name="link_withdraw_time"),
    path("a/<link:token>/<slug:verb>/", link.act, name="link_act"),
    path("studio/", include("appointments.urls_studio")),
    path("help/", help.contents, name="help"),
    *(path(f"help/{name.removeprefix('help_')}/", help.page, {"name": name}, name=name) for name in help.PAGES),
]
