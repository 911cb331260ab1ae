"""Addresses of the studio's pages about appointments; its other pages are in `providers.urls`."""

from django.urls import path

from . import converters  # noqa: F401 - registers <reference:…>
from .views import (
    changing,
    digest,
    series,
    series_moves,
    series_times,
    studio,
    studio_customers,
    studio_waitlist,
    studio_why_not,
    time_off,
)
from .views import studio_appointment as one

urlpatterns = [
    path("", studio.today, name="studio_today"),
    path("requests/", studio.requests, name="studio_requests"),
    path("requests/accept/", studio.accept_many, name="accept_requests"),
    path("requests/<reference:reference>/", studio.one_request, name="studio_request"),
    path("requests/<reference:reference>/accept/", studio.accept, name="accept_request"),
    path("requests/<reference:reference>/decline/", studio.decline, name="decline_request"),
    path("appointments/<reference:reference>/", one.appointment, name="studio_appointment"),
    path("appointments/<reference:reference>/complete/", one.complete, name="complete_appointment"),
    path("appointments/<reference:reference>/no-show/", one.no_show, name="mark_no_show"),
    path("appointments/<reference:reference>/correct/", one.correct, name="correct_outcome"),
    path("appointments/<reference:reference>/cancel/", one.cancel, name="studio_cancel"),
    path("appointments/<reference:reference>/reschedule/", changing.studio_reschedule, name="studio_reschedule"),
    path("appointments/<reference:reference>/answer/", changing.studio_answer, name="studio_answer_time"),
    path("appointments/<reference:reference>/withdraw-time/", changing.studio_withdraw, name="studio_withdraw_time"),
    path("appointments/<reference:reference>/offers/withdraw/", one.withdraw_offers, name="studio_withdraw_offers"),
    path("appointments/<reference:reference>/calendar.ics", one.calendar, name="studio_appointment_ics"),
    path("series/<uuid:series>/", series.studio_series, name="studio_series"),
    path("series/<uuid:series>/answer/", series.answer_series, name="answer_series"),
    path("series/<uuid:series>/times/", series_times.studio_answer_series_times, name="studio_answer_series_times"),
    path("series/<uuid:series>/move/", series_moves.studio_move_series, name="studio_move_series"),
    path("series/<uuid:series>/cancel/", series.studio_cancel_series, name="studio_cancel_series"),
    path("series/<uuid:series>/calendar.ics", series.studio_series_ics, name="studio_series_ics"),
    path("digest/", digest.digest, name="studio_digest"),
    path("waitlist/", studio_waitlist.waitlist_of, name="studio_waitlist"),
    path("waitlist/<uuid:place>/offer/", studio_waitlist.offer, name="studio_waitlist_offer"),
    path("waitlist/<uuid:place>/remove/", studio_waitlist.remove, name="studio_waitlist_remove"),
    path("why-not/", studio_why_not.why_not, name="studio_why_not"),
    path("time-off/", time_off.time_off_list, name="studio_time_off"),
    path("time-off/new/", time_off.new_time_off, name="studio_time_off_new"),
    path("time-off/check/", time_off.check_time_off, name="studio_time_off_check"),
    path("time-off/<uuid:time_off>/remove/", time_off.remove_time_off, name="studio_time_off_remove"),
    path("cancel-day/<day:day>/", time_off.cancel_day, name="studio_cancel_day"),
    path("customers/", studio_customers.customers, name="studio_customers"),
    path("customers/<uuid:customer>/", studio_customers.customer, name="studio_customer"),
    path("customers/<uuid:customer>/limits/lift/", studio_customers.lift_limits, name="lift_limits"),
    path("customers/<uuid:customer>/limits/apply/", studio_customers.apply_limits, name="apply_limits"),
    path("customers/<uuid:customer>/block/", studio_customers.block, name="block_customer"),
    path("customers/<uuid:customer>/unblock/", studio_customers.unblock, name="unblock_customer"),
]
