"""The addresses of a provider's own page, services, hours, rules and customers."""

from collections.abc import Callable
from typing import Any

from api.models import Scope
from api.operations import catalogue, customers, opening, own_page
from api.routes import Route
from api.serializers import studio
from api.serializers.base import InZone, Paged

READ, WRITE = Scope.OFFER_READ, Scope.OFFER_WRITE
# A person without a page is told that there is none.
NO_PAGE = ("not-found",)

PAGE = Route(
    verb="GET",
    path="/api/provider/",
    operation=own_page.read_page,
    scope=READ,
    writes=studio.OwnPageOut,
    problems=NO_PAGE,
)
SERVICE = Route(
    verb="GET",
    path="/api/provider/services/<service>/",
    operation=catalogue.read_own_service,
    scope=READ,
    writes=studio.ServiceOut,
)
HOURS = Route(
    verb="GET",
    path="/api/provider/hours/",
    operation=opening.read_hours,
    scope=READ,
    writes=studio.WeekOut,
    problems=NO_PAGE,
)
OVERRIDE = Route(
    verb="GET",
    path="/api/provider/overrides/<override>/",
    operation=opening.read_override,
    scope=READ,
    writes=studio.OverrideOut,
)
POLICY = Route(
    verb="GET",
    path="/api/provider/policy/",
    operation=own_page.read_policy,
    scope=READ,
    writes=studio.PolicyOut,
    problems=NO_PAGE,
)
CUSTOMER = Route(
    verb="GET",
    path="/api/provider/customers/<customer>/",
    operation=customers.read_customer,
    scope=READ,
    params=InZone,
    writes=studio.OwnCustomerOut,
)


def _change(verb: str, of: Route, operation: Callable[..., Any], reads: Any) -> Route:
    return Route(
        verb=verb,
        path=of.path,
        operation=operation,
        scope=WRITE,
        reads=reads,
        writes=of.writes,
        state=of,
        problems=("policy-refused", "overlaps", *NO_PAGE),
    )


def _delete(of: Route, operation: Callable[..., Any]) -> Route:
    return Route(
        verb="DELETE",
        path=of.path,
        operation=operation,
        scope=WRITE,
        status=204,
        state=of,
        problems=("policy-refused",),
    )


def _act(name: str, of: Route, operation: Callable[..., Any], reads: Any = None) -> Route:
    return Route(
        verb="POST",
        path=f"{of.path}{name}/",
        operation=operation,
        scope=WRITE,
        reads=reads,
        params=of.params,
        writes=of.writes,
        state=of,
        problems=("policy-refused", *NO_PAGE),
    )


ROUTES = [
    PAGE,
    Route(
        verb="POST",
        path=PAGE.path,
        operation=own_page.become_provider,
        scope=WRITE,
        reads=studio.PageIn,
        writes=studio.OwnPageOut,
        status=201,
        made=lambda page: page.slug,
        again=own_page.began_before,
        location=lambda page: PAGE.path,
        problems=("policy-refused", "changed-meanwhile", *NO_PAGE),
    ),
    _change("PATCH", PAGE, own_page.change_page, studio.PageChange),
    _act("live", PAGE, own_page.go_live),
    _act("pause", PAGE, own_page.pause),
    Route(
        verb="GET",
        path="/api/provider/services/",
        operation=catalogue.list_own_services,
        scope=READ,
        params=Paged,
        writes=studio.ServiceOut,
        pages=True,
        problems=NO_PAGE,
    ),
    Route(
        verb="POST",
        path="/api/provider/services/",
        operation=catalogue.add_service,
        scope=WRITE,
        reads=studio.ServiceIn,
        writes=studio.ServiceOut,
        status=201,
        made=lambda service: service.slug,
        again=catalogue.added_before,
        location=lambda service: f"/api/provider/services/{service.slug}/",
        problems=("policy-refused", *NO_PAGE),
    ),
    SERVICE,
    _change("PATCH", SERVICE, catalogue.change_service, studio.ServiceChange),
    _delete(SERVICE, catalogue.delete_service),
    _act("pause", SERVICE, catalogue.pause_service),
    _act("resume", SERVICE, catalogue.resume_service),
    HOURS,
    _change("PUT", HOURS, opening.set_hours, studio.WeekIn),
    Route(
        verb="GET",
        path="/api/provider/overrides/",
        operation=opening.list_overrides,
        scope=READ,
        params=Paged,
        writes=studio.OverrideOut,
        pages=True,
        problems=NO_PAGE,
    ),
    Route(
        verb="POST",
        path="/api/provider/overrides/",
        operation=opening.add_override,
        scope=WRITE,
        reads=studio.OverrideIn,
        writes=studio.OverrideOut,
        status=201,
        made=lambda override: override.start_on.isoformat(),
        again=opening.added_before,
        location=lambda override: f"/api/provider/overrides/{override.start_on.isoformat()}/",
        problems=("overlaps", *NO_PAGE),
    ),
    OVERRIDE,
    _change("PATCH", OVERRIDE, opening.change_override, studio.OverrideChange),
    _delete(OVERRIDE, opening.remove_override),
    POLICY,
    _change("PUT", POLICY, own_page.change_policy, studio.PolicyIn),
    _change("PATCH", POLICY, own_page.change_policy, studio.PolicyIn),
    Route(
        verb="GET",
        path="/api/provider/customers/",
        operation=customers.list_customers,
        scope=READ,
        params=studio.CustomersParams,
        writes=studio.CustomerRowOut,
        pages=True,
        problems=NO_PAGE,
    ),
    CUSTOMER,
    _act("block", CUSTOMER, customers.block, studio.BlockIn),
    _act("allow", CUSTOMER, customers.allow),
    _act("lift-limits", CUSTOMER, customers.lift_limits),
    _act("apply-limits", CUSTOMER, customers.apply_limits),
]
