"""Half-open intervals, as plain (start, end) tuples over anything that can be ordered.

An interval includes its start and excludes its end, so that one ending at 10:00 leaves 10:00 free; it is empty where
start is not before end. A *merged* list is sorted and its intervals neither touch nor overlap: `merge` makes one, the
other functions expect one and return one. Each function walks its lists once.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import Any

Interval = tuple[Any, Any]


def merge(intervals: Iterable[Interval]) -> list[Interval]:
    """The merged list with the points of `intervals`, which may come in any order and overlap."""
    merged: list[Interval] = []
    last_start = last_end = None
    for start, end in sorted(intervals):
        if start >= end:
            continue
        if last_end is None:
            last_start, last_end = start, end
        elif start <= last_end:
            if end > last_end:
                last_end = end
        else:
            merged.append((last_start, last_end))
            last_start, last_end = start, end
    if last_end is not None:
        merged.append((last_start, last_end))
    return merged


def with_one(merged: Sequence[Interval], start: Any, end: Any) -> list[Interval]:
    """The merged list with the points of [start, end), too. Only its neighbours are looked at; `merge` walks all."""
    if start >= end:
        return list(merged)
    first = bisect_left(merged, start, key=lambda one: one[1])  # the first that does not end before it
    last = bisect_right(merged, end, key=lambda one: one[0])  # and the first that begins after it
    if first < last:
        start, end = min(start, merged[first][0]), max(end, merged[last - 1][1])
    return [*merged[:first], (start, end), *merged[last:]]


def subtract(base: Sequence[Interval], taken: Sequence[Interval]) -> list[Interval]:
    """The points of `base` that are not in `taken`; both merged."""
    left: list[Interval] = []
    i, count = 0, len(taken)
    for start, end in base:
        while i < count and taken[i][1] <= start:
            i += 1
        # A taken interval may reach into the next one of `base`, so `i` itself does not move past it.
        j = i
        while j < count and taken[j][0] < end:
            taken_start, taken_end = taken[j]
            if start < taken_start:
                left.append((start, taken_start))
            start = taken_end
            if start >= end:
                break
            j += 1
        i = j
        if start < end:
            left.append((start, end))
    return left


def clip(intervals: Sequence[Interval], start: Any, end: Any) -> list[Interval]:
    """The points of the merged `intervals` that lie in [start, end)."""
    if start >= end:
        return []
    inside: list[Interval] = []
    for one_start, one_end in intervals[_last_not_after(intervals, start) :]:
        if one_start >= end:
            break
        if one_end > start:
            inside.append((one_start if one_start > start else start, one_end if one_end < end else end))
    return inside


def overlaps(a: Interval, b: Interval) -> bool:
    """Whether two intervals share a point. Adjacent ones don't, and an empty one shares none."""
    return max(a[0], b[0]) < min(a[1], b[1])


def contains(intervals: Sequence[Interval], start: Any, end: Any) -> bool:
    """Whether one of the merged `intervals` holds all of [start, end). An empty one is held by none."""
    if start >= end:
        return False
    i = _last_not_after(intervals, start)
    return i < len(intervals) and intervals[i][0] <= start and end <= intervals[i][1]


def meets(intervals: Sequence[Interval], start: Any, end: Any) -> bool:
    """Whether [start, end) shares a point with any of the merged `intervals`."""
    if start >= end:
        return False
    i = _last_not_after(intervals, start)
    return any(one_end > start and one_start < end for one_start, one_end in intervals[i : i + 2])


def _last_not_after(intervals: Sequence[Interval], point: Any) -> int:
    """The index of the last interval that starts at or before `point`; 0 if there is none."""
    i = bisect_left(intervals, (point,))  # (point,) sorts before every (point, end)
    if i < len(intervals) and intervals[i][0] == point:
        return i
    return max(i - 1, 0)
