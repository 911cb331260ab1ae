"""The reference in a browser: drawn from our own schema, in both themes, with nothing from another host."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_reference_is_drawn_in_the_theme_of_the_page(new_page, axe, sideways, scheme):
    page = new_page(color_scheme=scheme)

    page.goto("/api/docs/")
    address = page.locator("[id='operations-providers-get_providers_available_slots']")
    address.get_by_role("button").first.click()

    expect(address.get_by_text("List the open starts of a service").first).to_be_visible()
    expect(address.get_by_text("next_opening").first).to_be_visible()
    is_dark = page.evaluate("document.documentElement.classList.contains('dark-mode')")
    assert is_dark == (scheme == "dark")
    if not is_dark:  # what is ours there wears the same colours as on every page
        axe(page, in_both_schemes=False)
    assert sideways(page, [320, 768]) == []


def test_each_request_of_the_steps_is_copied_as_it_stands(new_page, axe, sideways, site):
    page = new_page(permissions=["clipboard-read", "clipboard-write"])

    page.goto("/developers/")
    page.get_by_role("button", name="Copy request 1", exact=True).click()

    expect(page.get_by_text("Copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").startswith(f"API={site}/api\ncurl ")
    page.get_by_role("button", name="Copy request 11").click()
    page.wait_for_function("navigator.clipboard.readText().then(text => text.startsWith('curl $API/me/export/ '))")
    axe(page)
    assert sideways(page, [320, 768]) == []
