"""The check of a running server notices what it is there to notice."""

import json
from dataclasses import dataclass, field

import pytest
import requests

from api.urls import ROUTES
from tests.api.made_up import HOME
from tests.api_check.__main__ import ENOUGH, told
from tests.api_check.calls import NO_ANSWER, Caller, Tally, wrong_with


@dataclass
class Answer:
    status_code: int = 200
    body: object = field(default_factory=lambda: {"message": "Welcome.", "username": None, "email": "a@example.com"})
    headers: dict = field(default_factory=lambda: {"Content-Type": "application/json", "X-Request-ID": "1"})

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


JSON, PAGE = "application/json", "text/html"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(), ""),
        (Answer(503), "fails on our side"),
        (Answer(headers={"Content-Type": JSON}), "no X-Request-ID"),
        (Answer(409), "not in the schema"),
        (Answer(headers={"Content-Type": PAGE, "X-Request-ID": "1"}), "not in the schema"),
        (Answer(body={"message": "Welcome."}), "not as the schema says"),
        (Answer(body=b"<html>"), "not JSON"),
    ],
)
def test_an_answer_that_is_not_promised_is_a_fault(answer, said):
    request = requests.Request("GET", f"{HOME}/api/welcome").prepare()

    assert wrong_with(request, answer).partition(": ")[0] == said


def tally(**changes: int) -> Tally:
    """A tally in which every route did what it is for, `changes` aside: status by the name of a route."""
    made = Tally()
    for route in ROUTES:
        made.counts[route.name, "customer", changes.get(route.name, route.status)] += ENOUGH
    return made


def test_it_passes_only_where_every_route_did_what_it_is_for_and_nothing_was_wrong(capsys):
    assert told(tally(), 60, everything=False) == 0
    assert "5xx or no answer: 0; other answers that are not as promised: 0" in capsys.readouterr().out

    assert told(tally(get_welcome=404), 60, everything=False) == 1
    assert "routes that never did what they are for: 1\n  get_welcome\n" in capsys.readouterr().out

    failed = tally(get_welcome=NO_ANSWER)
    failed.faults["get_welcome 0"], failed.times["get_welcome 0"] = "no answer", ENOUGH
    assert told(failed, 60, everything=False) == 1
    assert f"5xx or no answer: {ENOUGH}; other answers that are not as promised: 0" in capsys.readouterr().out


def test_a_check_that_fails_itself_says_so_and_keeps_what_was_called_before(monkeypatch):
    caller = Caller(send=None)

    def one_call_then_failing(world, each, **bounds):
        if caller.tally.calls < 2:
            caller.tally.counts["get_welcome", "customer", 200] += 1
        raise LookupError("no such service")

    monkeypatch.setattr(caller, "round", one_call_then_failing)

    made = caller.run(lambda: None, 10, until=float("inf"))

    assert (made.calls, made.faults, len(made.breaks)) == (2, {}, 3)
    assert all("LookupError: no such service" in said for said in made.breaks)


def test_it_does_not_pass_where_it_failed_itself(capsys):
    broken = tally()
    broken.breaks.append("LookupError: no such service")

    assert told(broken, 60, everything=False) == 1
    assert "The check itself failed" in (said := capsys.readouterr().out) and "LookupError" in said
