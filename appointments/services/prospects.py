"""The facts about a provider's time around several starts, loaded at once."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from appointments.rules.series import NEARBY_DAYS, Prospect
from appointments.rules.slots import Shape
from providers.models import Provider
from providers.queries import time_off_between

from . import availability
from .availability import NOBODY, Mine


def load_prospect(
    provider: Provider, shape: Shape, starts: Iterable[datetime], *, now: datetime, mine: Mine = NOBODY
) -> Prospect:
    """The facts about these starts and the days around them, in which another one is offered; none about what is over.

    Four queries, five where the provider has a cap, however many starts there are.
    """
    around = timedelta(days=NEARBY_DAYS + 1)
    near = [at for at in starts if at >= now] or [now]
    start, end = min(near) - around, max(near) + around
    facts = availability.load_facts([provider], start, end, now=now, mine=mine, longest=end - start)
    away = time_off_between([provider.pk], start, end).order_by("start").values_list("start", "end")
    return Prospect(facts[provider.pk], shape, now, tuple(away))
