import os

from django.apps import AppConfig


class ProbeConfig(AppConfig):
    """The app of the tests' worker processes: only the probe's handlers, and an exit at the point that a test names."""

    name = "tests.outbox.probe"

    def ready(self) -> None:
        from outbox import dispatch, registry, worker
        from tests.outbox.probe import handlers

        registry.recurring.clear()
        handlers.register()
        registry.every(seconds=3600, name="probe.recur")(handlers.recur)
        worker.MOST_STUCK = int(os.environ.get("PROBE_MOST_STUCK", worker.MOST_STUCK))
        for function in ("claim", "lease", "handle", "_settle"):
            setattr(dispatch, function, deadly(function, getattr(dispatch, function), handlers.die_at))


def deadly(name, function, die_at):
    def call(*args, **kwargs):
        die_at(f"before-{name}")
        result = function(*args, **kwargs)
        die_at(f"after-{name}")
        return result

    return call
