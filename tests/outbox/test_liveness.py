"""Telling a worker to stop."""

import threading

from outbox import liveness


def test_a_signal_that_interrupts_a_thread_about_to_wait_is_not_waited_for(monkeypatch):
    stopping, answered = threading.Event(), threading.Event()
    monkeypatch.setattr(liveness, "stopping", stopping)

    def interrupted():
        with stopping._cond:  # as `wait` holds it when the signal comes
            liveness.stop()
            answered.set()

    threading.Thread(target=interrupted, daemon=True).start()

    assert answered.wait(10)
    assert stopping.wait(10)
