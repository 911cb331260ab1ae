"""Each page of the access table, in a browser, as somebody who may see it.

axe finds nothing narrow and dark nor wide and light, nothing scrolls sideways at 320 and 768 px, nothing is logged,
nothing comes from elsewhere.
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
NARROW, WIDE = {"width": 320, "height": 700}, {"width": 1280, "height": 900}


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
def test_every_page_is_clean_in_both_themes_and_narrow(role, new_page, sign_in, axe, sideways):
    world = World()
    page = new_page()
    axe.come_along(page)
    if role != "V":
        sign_in(page, world.people[role], client=world.client(role))  # who has just typed their password
    # What is built for a row is seen by the site only when it was there before the first page.
    mine = [address for of, address in addresses(world) if of == role]
    shown, too_wide = [], []

    for address in mine:
        answer = page.request.get(address)
        # Redirects show another page of the walk; files and parts of pages are not pages.
        if not answer.ok or not answer.url.endswith(address) or "<main" not in answer.text():
            continue
        shown.append(address)
        page.set_viewport_size(NARROW)
        page.emulate_media(color_scheme="dark")
        page.goto(address)
        axe(page, in_both_schemes=False)
        if sideways(page, [768, 320]):
            too_wide.append(address)
        page.set_viewport_size(WIDE)
        page.emulate_media(color_scheme="light")
        axe(page, in_both_schemes=False)

    assert too_wide == []
    assert len(shown) >= {"V": 30, "C": 50, "P": 45}[role], shown
