"""The context of the bell in the frame of every page."""

from functools import cached_property

from django.http import HttpRequest

from .queries import COUNTED_TO, count_new


class Bell:
    """The number of things that are new to the person signed in, which was read with their session."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @cached_property
    def count(self) -> int:
        """No query but on the page that answers the signing in itself, whose person was not read with a session."""
        user = self.request.user
        if not user.is_authenticated:
            return 0
        known: int | None = getattr(user, "new_items", None)
        return count_new(user) if known is None else known

    @property
    def words(self) -> str:
        return f"{COUNTED_TO - 1} or more" if self.count >= COUNTED_TO else str(self.count)

    @property
    def figure(self) -> str:
        return f"{COUNTED_TO - 1}+" if self.count >= COUNTED_TO else str(self.count)


def bell(request: HttpRequest) -> dict[str, Bell]:
    """The bell, which counts only where a template shows it."""
    return {"bell": Bell(request)} if hasattr(request, "user") else {}
