"""The geometry of charts. Pure."""

from decimal import Decimal

import pytest

from analytics.charts import Stack, columns, heat_step, scale, spark, strips


@pytest.mark.parametrize(
    ("highest", "step", "count"),
    [
        (0, 1, 1),
        (1, 1, 1),
        (3, 1, 3),
        (4, 1, 4),
        (5, 2, 3),
        (Decimal(1088), 300, 4),
        (100, 30, 4),
        (1_000_000, 300_000, 4),
        (Decimal("0.4"), 1, 1),
    ],
)
def test_a_scale_has_round_steps_that_reach_the_highest(highest, step, count):
    assert scale(highest) == (Decimal(step), count)
    assert step * count >= highest


def chart(*totals, ghost=(), **changes):
    stacks = [Stack(f"no {n}", f"title {n}", (Decimal(total), Decimal(total) / 10)) for n, total in enumerate(totals)]
    return columns(stacks, kinds=("s1", "s2"), written=str, finding="What it says.", ghost=ghost, **changes)


def test_columns_stand_on_zero_and_are_as_high_as_their_values():
    drawn = chart(100, 50, 0)

    base = drawn.lines[0].y
    heights = [sum(box.height for box in column.boxes) for column in drawn.columns]
    assert [column.boxes[0].y + column.boxes[0].height for column in drawn.columns[:2]] == [base, base]
    assert heights[1] == pytest.approx(heights[0] / 2, abs=1.5)
    assert drawn.columns[2].boxes == ()
    assert [box.kind for box in drawn.columns[0].boxes] == ["s1", "s2"]


def test_many_columns_share_few_labels():
    labels = [column.label for column in chart(*range(30)).columns]

    assert [label for label in labels if label] == [f"no {n}" for n in range(0, 30, 3)]
    assert [column.is_odd for column in chart(*range(30)).columns if column.label] == [False, True] * 5


def test_the_tallest_column_is_called_out_inside_the_drawing():
    first, last = (
        chart(*row, callout=lambda stack: str(stack.total)).callout for row in ((9, 1, 1, 1, 1), (1, 1, 1, 1, 9))
    )

    assert (first.words, first.anchor, last.anchor) == ("9.9", "start", "end")
    assert chart(0, 0, callout=lambda stack: "none").callout is None


def test_earlier_values_are_dots_above_their_columns_and_left_out_where_there_are_none():
    assert chart(10, 10, ghost=(0, 0)).ghost == ""
    dots = chart(10, 10, ghost=(5, 11)).ghost.split()
    assert [float(dot.split(",")[0]) for dot in dots] == [column.middle for column in chart(10, 10).columns]


def test_strips_share_a_line_of_a_hundred_and_leave_out_nothing_but_zero():
    found = strips([("s1", 3), ("s4", 0), ("s5", 1)])

    assert [(strip.kind, strip.x, strip.width) for strip in found] == [("s1", 0.25, 74.5), ("s5", 75.25, 24.5)]
    assert strips([("s1", 0)]) == []


def test_a_spark_needs_two_values_and_is_flat_where_nothing_changes():
    assert spark([1]) == ""
    assert spark([2, 2]) == "0.0,15.0 100.0,15.0"
    assert spark([0, 4, 2]) == "0.0,26.0 50.0,4.0 100.0,15.0"


def test_heat_has_four_steps_up_to_the_most():
    assert [heat_step(count, 8) for count in (0, 1, 2, 3, 4, 5, 7, 8)] == [0, 1, 1, 2, 2, 3, 4, 4]
    assert heat_step(0, 0) == 0
