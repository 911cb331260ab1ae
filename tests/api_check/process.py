"""One of the processes that call: a module of its own, because a new process can't import the command."""

from typing import Any


def run(home: str, worker: int, calls: int, until: float) -> Any:
    """The `Tally` of the calls of one process to the server at `home`. Django is set up first."""
    import django

    django.setup()
    from tests.api_check.calls import call_server

    return call_server(home, worker, calls, until)
