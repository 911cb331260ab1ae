"""Rows of admin: six addresses for each model, with a real row of it. Staff who may only view can do nothing else."""

from collections.abc import Callable
from typing import Any

from tests.access.table import Answers, Row, everyone, staff
from tests.access.world import World

NOBODY = staff("403")
LOOK = staff("200")
WITH_RIGHT = staff("200", SV="403")
SUPERUSER = staff("200", SV="403", S="403")
NO_SUCH_PAGE = staff("404")
SIGNED_IN = dict.fromkeys(("C", "C2", "P", "P2"), "403")


def model(
    name: str,
    one: Callable[[World], Any],
    *,
    may: str = "",
    actions: dict[str, str] | None = None,
    right: Answers = WITH_RIGHT,
) -> list[Row]:
    """The rows of one model. `may`: the allowed ones of add, change and delete; `actions`: each with its answer.

    `right` has the answers of the pages in `may`: a few are for superusers alone.
    """
    add, change, delete = (right if verb in may.split() else NOBODY for verb in ("add", "change", "delete"))
    pressed = {"S": right["S"]} if right["S"] == "403" else {}
    action, done = next(iter((actions or {}).items()), ("delete_selected", "403"))

    folder = "admin/{}/{}/".format(*name.rsplit("_", 1))

    def pk(world: World) -> dict[str, Any]:
        return {"object_id": one(world).pk}

    def press(world: World) -> dict[str, Any]:
        return {"action": action, "_selected_action": one(world).pk}

    return [
        Row(f"admin:{name}_changelist", get=LOOK, post=staff(done, SV="403", **pressed), data=press),
        Row(f"admin:{name}_add", get=add, post=add),
        Row(f"admin:{name}_change", get=LOOK, post=change, args=pk),
        Row(f"admin:{name}_delete", get=delete, post=delete, args=pk),
        # The history answers any verb with the same page.
        Row(f"admin:{name}_history", get=LOOK, post=LOOK, args=pk),
        # The address of an object in old versions of Django.
        Row(f"{folder}<path:object_id>/", get=staff("go"), post=staff("go"), path=f"/{folder}1/"),
    ]


def reported(world: World) -> dict[str, Any]:
    return {"provider": world.report.provider.slug, "month": world.report.month}


EDITED = {"may": "add change delete", "actions": {"delete_selected": "200"}}

ROWS = [
    Row("admin:index", get=LOOK, post=LOOK),
    Row("admin:app_list", get=LOOK, post=LOOK, args=lambda world: {"app_label": "accounts"}),
    # Admin's own sign-in leads to ours; signed-in people who are not staff are refused.
    Row("admin:login", get=staff("go", **SIGNED_IN), post=staff("422", **SIGNED_IN)),
    Row(
        "admin:logout",
        get=everyone("go", SV="405", S="405", SU="405"),
        post=everyone("go", SV="200", S="200", SU="200"),
    ),
    Row("admin:password_change", get=LOOK, post=staff("422")),
    Row("admin:password_change_done", get=LOOK, post=staff("405")),
    Row("admin:search", get=LOOK, post=LOOK),
    # Back to the page of the form, in the zone that was chosen.
    Row("admin:zone", get=staff("405"), post=staff("go"), data=lambda world: {"zone": "Asia/Kolkata"}),
    Row("admin:jsi18n", get=LOOK, post=staff("405")),
    # None of our fields uses autocompletion.
    Row("admin:autocomplete", get=NOBODY, post=staff("405")),
    # None of our models has a page that admin links to.
    Row(
        "admin:view_on_site",
        get=NO_SUCH_PAGE,
        post=NO_SUCH_PAGE,
        args=lambda world: {"content_type_id": 1, "object_id": world.people["C"].pk},
    ),
    Row("admin/(?P<url>.*)$", get=NO_SUCH_PAGE, post=NO_SUCH_PAGE, path="/admin/no/such/page/"),
    Row("admin:appointments_export", get=staff("405"), post=staff("200", SV="403")),
    Row("admin:why_not", get=LOOK, post=staff("405")),
    # Rights are handed out by superusers.
    *model("auth_group", lambda world: world.group, **EDITED, right=SUPERUSER),
    *model("admin_logentry", lambda world: world.admin_log),
    *model("accounts_user", lambda world: world.people["C"], may="change"),
    # Each asks for a reason, or for the answer.
    *model("socialaccount_socialaccount", lambda world: world.google),
    *model("accounts_ban", lambda world: world.ban, actions={"lift": "200"}),
    *model("accounts_appeal", lambda world: world.appeal, actions={"answer_and_lift": "200"}),
    *model("appointments_latecancellation", lambda world: world.late_cancellation, actions={"forgive": "200"}),
    *model("providers_category", lambda world: world.provider.category, **EDITED),
    *model("providers_provider", lambda world: world.provider, **EDITED),
    *model("providers_service", lambda world: world.service, **EDITED),
    *model("providers_dateoverride", lambda world: world.override),
    *model("providers_pagedecision", lambda world: world.page_decision),
    *model("providers_timeoff", lambda world: world.time_off),
    *model("providers_customerallowance", lambda world: world.allowance),
    *model("providers_customerblock", lambda world: world.block),
    *model("providers_feerate", lambda world: world.fee_rate, may="add", actions={"withdraw": "200"}),
    # The page that asks for a reason.
    *model("appointments_appointment", lambda world: world.appointment, actions={"cancel": "200"}),
    *model("appointments_appointmentevent", lambda world: world.appointment.history.first()),
    *model("appointments_hold", lambda world: world.appointment.holds.first()),
    *model("appointments_proposal", lambda world: world.proposal),
    *model("appointments_offer", lambda world: world.offers[0]),
    *model("appointments_series", lambda world: world.series),
    *model("appointments_waitlistplace", lambda world: world.place),
    *model("api_apikey", lambda world: world.api_key, may="delete", actions={"delete_selected": "200"}),
    *model("appointments_calendarfeed", lambda world: world.feed, may="delete", actions={"delete_selected": "200"}),
    Row("admin:figures", get=LOOK, post=staff("405")),
    Row("admin:provider_report", get=LOOK, post=staff("405"), args=reported),
    Row("admin:provider_report_pdf", get=LOOK, post=staff("405"), args=reported),
    *model("analytics_monthlyreport", lambda world: world.report, actions={"mail_again": "200"}),
    *model("appointments_digest", lambda world: world.digest, may="delete", actions={"delete_selected": "200"}),
    *model("appointments_knownconflict", lambda world: world.known_conflict),
    *model("appointments_ownevent", lambda world: world.own_event),
    *model("appointments_openingindex", lambda world: world.index),
    *model("appointments_openday", lambda world: world.open_day),
    *model("appointments_searchfigures", lambda world: world.figures),
    *model("calendar_sync_busyinterval", lambda world: world.busy),
    *model("calendar_sync_freeevent", lambda world: world.free_event),
    *model("calendar_sync_connection", lambda world: world.connection, actions={"sync_now": "200"}),
    *model("calendar_sync_note", lambda world: world.google_note),
    *model("calendar_sync_writtenevent", lambda world: world.written),
    *model("notifications_sentmail", lambda world: world.sent_mail, actions={"send_again": "200"}),
    *model("notifications_inboxitem", lambda world: world.inbox_item),
    *model(
        "notifications_refusedaddress",
        lambda world: world.refused_address,
        may="delete",
        actions={"delete_selected": "200"},
    ),
    *model("notifications_mailpreferences", lambda world: world.mail_preferences),
    *model("outbox_message", lambda world: world.message, actions={"try_again": "200"}),
    *model("outbox_scheduledjob", lambda world: world.job),
]
