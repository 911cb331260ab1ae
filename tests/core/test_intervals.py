"""Intervals against sets of points, which are slow and obviously right."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.intervals import clip, contains, meets, merge, overlaps, subtract, with_one

points = st.integers(0, 24)
intervals = st.lists(st.tuples(points, points), max_size=8)
quick = settings(max_examples=150)


def covered(some) -> set[int]:
    """Half-open: the integers from start up to, without, end."""
    return {point for start, end in some for point in range(start, end)}


def is_merged(some) -> bool:
    return all(start < end for start, end in some) and all(a[1] < b[0] for a, b in zip(some, some[1:], strict=False))


@quick
@given(intervals)
def test_merge_keeps_every_point_and_leaves_nothing_touching(some):
    merged = merge(some)

    assert covered(merged) == covered(some)
    assert is_merged(merged)


@quick
@given(intervals, points, points)
def test_one_more_interval_is_merged_like_all_at_once(some, start, end):
    assert with_one(merge(some), start, end) == merge([*some, (start, end)])


@quick
@given(intervals, intervals)
def test_subtract_leaves_the_points_of_one_and_not_the_other(base, taken):
    left = subtract(merge(base), merge(taken))

    assert covered(left) == covered(base) - covered(taken)
    assert is_merged(left)


@quick
@given(intervals, points, points)
def test_clip_leaves_the_points_inside(some, start, end):
    inside = clip(merge(some), start, end)

    assert covered(inside) == covered(some) & covered([(start, end)])
    assert is_merged(inside)


@quick
@given(intervals, points, points)
def test_contains_and_meets_agree_with_the_points(some, start, end):
    asked = covered([(start, end)])

    assert contains(merge(some), start, end) == (bool(asked) and asked <= covered(some))
    assert meets(merge(some), start, end) == bool(asked & covered(some))


@quick
@given(st.tuples(points, points), st.tuples(points, points))
def test_overlaps_means_a_shared_point_whichever_comes_first(a, b):
    assert overlaps(a, b) == overlaps(b, a) == bool(covered([a]) & covered([b]))


@pytest.mark.parametrize(
    ("base", "taken", "left"),
    [
        ([], [(1, 2)], []),
        ([(9, 17)], [], [(9, 17)]),
        ([(9, 17)], [(12, 13)], [(9, 12), (13, 17)]),
        ([(9, 17)], [(8, 9), (17, 18)], [(9, 17)]),
        ([(9, 12), (13, 17)], [(11, 14)], [(9, 11), (14, 17)]),
        ([(9, 12), (13, 17)], [(8, 18)], []),
        ([(9, 10), (11, 12), (13, 14)], [(9, 10), (13, 14)], [(11, 12)]),
    ],
)
def test_subtract_by_example(base, taken, left):
    assert subtract(base, taken) == left


def test_neighbours_become_one_and_empty_ones_vanish():
    assert merge([(10, 11), (9, 10), (5, 5), (7, 6), (12, 15), (13, 14)]) == [(9, 11), (12, 15)]


def test_cost_grows_with_the_number_of_intervals_and_not_with_its_square():
    class Counted(int):
        """An integer that counts how often it is compared."""

        compared = 0

        def __lt__(self, other):
            Counted.compared += 1
            return int(self) < int(other)

        def __le__(self, other):
            Counted.compared += 1
            return int(self) <= int(other)

        def __gt__(self, other):
            Counted.compared += 1
            return int(self) > int(other)

        def __ge__(self, other):
            Counted.compared += 1
            return int(self) >= int(other)

    def cost(count: int) -> int:
        base = [(Counted(10 * i), Counted(10 * i + 6)) for i in range(count)]
        taken = [(Counted(10 * i + 2), Counted(10 * i + 3)) for i in range(count)]
        Counted.compared = 0
        merge(base)
        subtract(base, taken)
        clip(base, Counted(5), Counted(10 * count))
        return Counted.compared

    assert cost(2000) < 2.2 * cost(1000)
