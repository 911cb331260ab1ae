"""The address of a provider's figures."""

from api.models import Scope
from api.operations.analytics import read_analytics
from api.routes import Route
from api.serializers.analytics import AnalyticsOut, AnalyticsParams

ROUTES = [
    Route(
        verb="GET",
        path="/api/analytics/provider/",
        operation=read_analytics,
        scope=Scope.REPORTS_READ,
        params=AnalyticsParams,
        writes=AnalyticsOut,
        problems=("not-found", "range-too-long"),
    ),
]
