"""Questions that a lower app asks and higher apps answer, so that imports point down only.

The lower app declares a question where it asks it:

    start_page = Question[[User], str | None]("Which page is the first of the day for this person?")

A higher app answers in its `AppConfig.ready()`, with a function of the same signature:

    after_login.start_page.answer(queries.start_page)

The lower app asks with `start_page.first(user)`, which is None without an answer, or `start_page.each(user)`.
"""

from collections.abc import Callable, Iterator
from typing import Generic, ParamSpec, TypeVar

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")
Part = TypeVar("Part")


class Question(Generic[Asked, Answer]):
    """A question of one app, with the functions by which higher apps answer it, in the order the apps started."""

    def __init__(self, words: str) -> None:
        self.words = words
        self._answers: list[Callable[Asked, Answer]] = []

    def answer(self, function: Callable[Asked, Answer]) -> None:
        """Let `function` answer, too; a second time changes nothing."""
        if function not in self._answers:
            self._answers.append(function)

    def each(self, *args: Asked.args, **kwargs: Asked.kwargs) -> Iterator[Answer]:
        """The answers one by one, each asked for only when it is looked at."""
        return (function(*args, **kwargs) for function in self._answers)

    def first(self, *args: Asked.args, **kwargs: Asked.kwargs) -> Answer | None:
        """The first answer that is not None."""
        return next((found for found in self.each(*args, **kwargs) if found is not None), None)

    def __repr__(self) -> str:
        return f"<Question {self.words!r}>"


class Registry(Generic[Part]):
    """The parts that each app contributes to one thing, in the order the apps started: lower apps come first.

    An app adds its part in its `AppConfig.ready()`; a second time changes nothing. `reversed()` starts at the top.
    """

    def __init__(self, words: str) -> None:
        self.words = words
        self._parts: list[Part] = []

    def add(self, part: Part) -> None:
        if part not in self._parts:
            self._parts.append(part)

    def __iter__(self) -> Iterator[Part]:
        return iter(self._parts)

    def __reversed__(self) -> Iterator[Part]:
        return reversed(self._parts)

    def __repr__(self) -> str:
        return f"<Registry {self.words!r}>"
