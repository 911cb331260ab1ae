"""Each page of the access table, in a browser, as somebody who may see it.

axe finds nothing in either theme, nothing scrolls sideways at 320 px, nothing is logged, nothing comes from elsewhere.
A new page is walked as soon as it has a row.
"""

import pytest

from tests.access.patterns import all_patterns
from tests.access.table import all_rows, row_for
from tests.access.world import World

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = all_rows()
# Admin keeps Django's own look in this release; these two answer machines.
ELSEWHERE = ("admin:", "health", "ready")
SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


def addresses(world):
    """(role, address) for each pattern that shows somebody a page."""
    for pattern in all_patterns():
        row = row_for(pattern.name, ROWS)
        if row is None or pattern.name.startswith(ELSEWHERE):
            continue
        address = pattern.address(row.args(world))
        role = next((role for role in ("V", "C", "P") if row.get[role] in {"y", "200"}), None)
        if address and role:
            yield role, address


@pytest.mark.parametrize("role", ["V", "C", "P"])
def test_every_page_is_clean_in_both_themes_and_narrow(role, new_page, sign_in, axe):
    world = World()
    light, dark = new_page(), new_page(color_scheme="dark", viewport={"width": 320, "height": 700})
    if role != "V":
        sign_in(light, world.people[role])
        sign_in(dark, world.people[role])
    # What is built for a row is seen by the site only when it was there before the first page.
    mine = [address for of, address in addresses(world) if of == role]
    shown, sideways = [], []

    for address in mine:
        answer = light.request.get(address)
        # Redirects show another page of the walk; files and parts of pages are not pages.
        if not answer.ok or not answer.url.endswith(address) or "<main" not in answer.text():
            continue
        shown.append(address)
        for page in (light, dark):
            page.goto(address)
            axe(page)
        if dark.evaluate(SIDEWAYS):
            sideways.append(address)

    assert sideways == []
    assert len(shown) >= {"V": 8, "C": 10, "P": 20}[role], shown
