"""The monthly report as a PDF of one A4 page, set in the site's own fonts; see docs/decisions/reports-as-pdf.md."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from analytics.charts import Columns
from analytics.reports import Report
from analytics.tables import Percent, Table
from core.money import Money, format_money

FOLDER = Path(__file__).parent / "fonts"
# The tokens of the light theme.
INK, INK_2, INK_3, LINE = (16, 32, 30), (61, 79, 76), (86, 104, 100), (216, 224, 222)
KINDS = {"s1": (15, 96, 91), "s2": (179, 119, 14)}
TEXT, BOLD, DISPLAY, MORE = "Text", "Bold", "Display", "More"
# Made by bin/report-fonts; the last has the letters of other Latin alphabets.
FONTS = {TEXT: "text", BOLD: "bold", DISPLAY: "display", MORE: "text-more"}
WIDTH, MARGIN = 210.0, 18.0
INNER = WIDTH - 2 * MARGIN
COLUMN, GUTTER = (INNER - 8) / 2, 8.0


def pdf_of(report: Report, *, now: datetime) -> bytes:
    """The report as a PDF."""
    paper = Paper(report)
    paper.set_creation_date(now)
    paper.draw()
    return bytes(paper.output())


class Paper(FPDF):
    """The page on which a report is drawn, from the top down; lengths are millimetres, sizes of type are points."""

    def __init__(self, report: Report) -> None:
        super().__init__(format="A4")
        self.report = report
        for family, name in FONTS.items():
            self.add_font(family, fname=FOLDER / f"{name}.ttf")
        self.set_fallback_fonts([MORE], exact_match=False)
        self.set_auto_page_break(False)
        self.c_margin = 0
        self.set_margins(MARGIN, MARGIN, MARGIN)
        self.set_title(f"{report.title}, monthly report")
        self.set_author(settings.SITE_NAME)
        self.set_lang("en-GB")
        self.add_page()

    def draw(self) -> None:
        self.head()
        self.say(self.report.lead, DISPLAY, 15, INK, height=7)
        self.ln(4)
        self.tiles()
        self.ln(6)
        top = self.get_y()
        left = self.earnings(top)
        right = self.endings(top)
        self.set_y(max(left, right) + 5)
        if self.report.services:
            self.heading("By service")
            self.draw_table(self.report.services, MARGIN, INNER, (0.36, 0.1, 0.135, 0.135, 0.135, 0.135))
            self.small(" ".join(self.report.notes), MARGIN, INNER)
            self.ln(4)
        self.twins()
        self.foot()

    def say(self, words: str, family: str, size: float, colour: tuple[int, int, int], *, x: float = MARGIN,
            width: float = INNER, height: float = 4.6) -> None:  # fmt: skip
        """Words from `x` on, in lines of that width; the pen stands below them."""
        self.set_font(family, size=size)
        self.set_text_color(*colour)
        self.set_x(x)
        self.multi_cell(width, height, words, align="L", new_x=XPos.LEFT, new_y=YPos.NEXT)

    def small(self, words: str, x: float, width: float) -> None:
        self.ln(1)
        self.say(words, TEXT, 8, INK_3, x=x, width=width, height=3.8)

    def heading(self, words: str, *, x: float = MARGIN, width: float = INNER) -> None:
        self.say(words, BOLD, 10.5, INK, x=x, width=width, height=6)

    def rule(self, y: float, *, thick: bool = False, x: float = MARGIN, width: float = INNER) -> None:
        self.set_draw_color(*(INK if thick else LINE))
        self.set_line_width(0.5 if thick else 0.2)
        self.line(x, y, x + width, y)

    def head(self) -> None:
        self.say("Monthly report", BOLD, 9, INK_2)
        self.say(self.report.title, DISPLAY, 22, INK, height=10)
        self.say(self.report.about, TEXT, 9, INK_2, width=INNER - 30)
        self.ln(3)
        self.rule(self.get_y(), thick=True)
        self.ln(5)

    def tiles(self) -> None:
        """The four figures beside each other between two lines."""
        top, width, lowest = self.get_y(), INNER / 4, 0.0
        self.rule(top)
        for n, tile in enumerate(self.report.tiles):
            x = MARGIN + n * width + (3 if n else 0)
            self.set_y(top + 3)
            inner = width - (6 if n else 3)
            self.say(tile.label, TEXT, 8.5, INK_2, x=x, width=inner)
            self.say(tile.value, DISPLAY, 15, INK, x=x, width=inner, height=7)
            said = " ".join(part for part in (tile.change, tile.rest) if part)
            self.say(said, TEXT, 8, INK_2, x=x, width=inner, height=3.8)
            for other in tile.others:
                self.say(f"Also {other}, apart", TEXT, 8, INK_2, x=x, width=inner, height=3.8)
            lowest = max(lowest, self.get_y())
        self.set_draw_color(*LINE)
        for n in range(1, 4):
            self.line(MARGIN + n * width, top, MARGIN + n * width, lowest + 3)
        self.rule(lowest + 3)
        self.set_y(lowest + 3)

    def earnings(self, top: float) -> float:
        """The drawing in the left column; returns where it ends."""
        chart = self.report.earnings
        if chart is None:
            return top
        self.set_y(top)
        self.heading("Earnings by week", width=COLUMN)
        self.columns(chart, MARGIN, self.get_y() + 1, COLUMN)
        x = MARGIN
        fee = [(self.report.fee_label, "s2")] if self.report.has_fee else []
        for words, kind in (("For you", "s1"), *fee):
            self.set_fill_color(*KINDS[kind])
            self.rect(x, self.get_y() + 0.8, 2.6, 2.6, style="F")
            self.say(words, TEXT, 8, INK_2, x=x + 3, width=34, height=4.2)
            x += self.get_string_width(words) + 9
            self.set_y(self.get_y() - 4.2)
        if chart.ghost:
            self.say(f"··· {self.report.earlier}", TEXT, 8, INK_2, x=x, width=30, height=4.2)
            self.set_y(self.get_y() - 4.2)
        self.ln(4.2)
        if self.report.left_out:
            self.small(self.report.left_out, MARGIN, COLUMN)
        return self.get_y()

    def columns(self, chart: Columns, x: float, y: float, width: float) -> None:
        """The drawing that the page shows, in the same proportions."""
        by = width / chart.width
        self.set_font(TEXT, size=7)
        self.set_text_color(*INK_3)
        for line in chart.lines:
            self.rule(y + line.y * by, x=x + chart.left * by, width=(chart.width - chart.left) * by)
            if line.label:
                self.set_xy(x, y + line.y * by - 2)
                self.cell((chart.left - 6) * by, 4, line.label, align="R")
        for column in chart.columns:
            for box in column.boxes:
                self.set_fill_color(*KINDS[box.kind])
                self.rect(x + column.x * by, y + box.y * by, column.width * by, box.height * by, style="F")
            self.set_xy(x + column.middle * by - 12, y + chart.labels_y * by - 3)
            self.cell(24, 4, column.label, align="C")
        dots = [tuple(float(each) for each in dot.split(",")) for dot in chart.ghost.split()]
        self.set_draw_color(*INK_3)
        self.set_line_width(0.35)
        with self.local_context():
            self.set_dash_pattern(dash=0.4, gap=0.9)
            for (x1, y1), (x2, y2) in zip(dots, dots[1:], strict=False):
                self.line(x + x1 * by, y + y1 * by, x + x2 * by, y + y2 * by)
        self.set_y(y + chart.height * by + 1)

    def endings(self, top: float) -> float:
        x = MARGIN + COLUMN + GUTTER
        self.set_y(top)
        self.heading("How they ended", x=x, width=COLUMN)
        table = self.report.endings
        shown = Table(table.key, table.title, table.heads[:3], [row[:3] for row in table.rows], table.foot[:3])
        self.draw_table(shown, x, COLUMN, (0.64, 0.18, 0.18))
        self.small(self.report.cancellations, x, COLUMN)
        return self.get_y()

    def draw_table(self, table: Table, x: float, width: float, shares: Sequence[float]) -> None:
        self.row(table.heads, x, width, shares, family=TEXT, colour=INK_3, size=8)
        self.rule(self.get_y(), x=x, width=width)
        for row in table.rows:
            self.row(row, x, width, shares, family=TEXT, colour=INK, size=9)
            self.rule(self.get_y(), x=x, width=width)
        if table.foot:
            self.rule(self.get_y(), thick=True, x=x, width=width)
            self.row(table.foot, x, width, shares, family=BOLD, colour=INK, size=9)

    def row(self, cells: Sequence[Any], x: float, width: float, shares: Sequence[float], *, family: str,
            colour: tuple[int, int, int], size: float) -> None:  # fmt: skip
        """A line of a table; a name that is too long for its cell is cut at its end."""
        y = self.get_y()
        self.set_font(family, size=size)
        self.set_text_color(*colour)
        for n, (value, share) in enumerate(zip(cells, shares, strict=True)):
            self.set_xy(x, y)
            self.cell(width * share, 5.6, self.cut(_words(value), width * share - 1), align="R" if n else "L")
            x += width * share
        self.set_y(y + 5.6)

    def cut(self, words: str, width: float) -> str:
        if self.get_string_width(words) <= width:
            return words
        while words and self.get_string_width(f"{words}…") > width:
            words = words[:-1]
        return f"{words.rstrip()}…"

    def twins(self) -> None:
        """The busiest hour and who came, side by side."""
        top = self.get_y()
        for n, (head, big, note) in enumerate(
            (
                ("When you were busiest", self.report.busiest, self.report.busiest_note),
                ("Who came", self.report.who_came, self.report.who_came_note),
            )
        ):
            x = MARGIN + n * (COLUMN + GUTTER)
            self.set_y(top)
            self.heading(head, x=x, width=COLUMN)
            self.say(big, DISPLAY, 13, INK, x=x, width=COLUMN, height=6.5)
            self.small(note, x, COLUMN)

    def foot(self) -> None:
        self.set_y(-20)
        self.rule(self.get_y())
        self.ln(2)
        y = self.get_y()
        self.say(f"{settings.SITE_NAME}, made {self.report.made}", TEXT, 8, INK_3)
        self.set_xy(MARGIN, y)
        self.cell(INNER, 4.6, "Page 1 of 1", align="R")


def _words(value: Any) -> str:
    match value:
        case Money(amount=amount, currency=currency):
            return format_money(amount, currency)
        case Percent() | str():
            return str(value)
        case int():
            return f"{value:,}"
    return str(value)
