"""Answers are written for the call that they answer, by serializers that all calls share."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from threading import Barrier
from typing import Any
from zoneinfo import ZoneInfo

from django.test import RequestFactory
from rest_framework import serializers

from api.calls import VISITOR, Call
from api.serializers.base import Moment, Writes, write

NOON = {"at": datetime(2026, 3, 2, 12, tzinfo=UTC)}
KYIV, TOKYO, LIMA = (ZoneInfo(name) for name in ("Europe/Kyiv", "Asia/Tokyo", "America/Lima"))
both = Barrier(2, timeout=10)


def in_zone(zone: ZoneInfo) -> Call:
    return Call(RequestFactory().get("/"), VISITOR, zone=zone)


class InnerOut(Writes):
    at = Moment()


class OuterOut(Writes):
    inner = serializers.SerializerMethodField()
    at = Moment()

    def get_inner(self, row: Any) -> Any:
        both.wait()
        return write(InnerOut, row, replace(self.call, zone=LIMA))


def test_two_calls_at_once_are_each_answered_in_their_own_zone():
    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(lambda zone: write(OuterOut, NOON, in_zone(zone)), [KYIV, TOKYO]))

    inner = {"at": "2026-03-02T07:00:00-05:00"}
    assert told == [
        {"inner": inner, "at": "2026-03-02T14:00:00+02:00"},
        {"inner": inner, "at": "2026-03-02T21:00:00+09:00"},
    ]
