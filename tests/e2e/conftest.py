"""Fixtures of tests in a real browser.

    page               1280 px wide, light           phone_page    390 px, touch
    plain_page         JavaScript switched off
    new_page(**how)    any other kind: `new_page(viewport={"width": 768, "height": 1024}, color_scheme="dark")`
    axe(page)          fails, saying what and where, unless axe-core finds nothing, in the light and in the dark scheme
    axe.come_along(page)    before a walk that looks at every page: the browser loads axe by itself, for less work
    sideways(page)     the widths, of those of phones and tablets, at which the page scrolls sideways
    sign_in(page, user)    a session for the user without the form
    either             the page with scripts, then the one without: the test runs twice
    looks_fine(page)   axe and sideways together, where the page has the scripts that measure

Addresses are relative: `page.goto("/accounts/login/")`. After a click, await its result by an `expect(...)` before
reading, clicking or querying the database, and then `page.wait_for_load_state()` before measuring. A test fails when
one of its pages logs an error, breaks the content security policy, misses a file or asks another host, unless it called
`page.watch.expect("…")` before.
"""

import os

import pytest
from django.conf import settings as django_settings
from django.test import Client
from playwright.sync_api import expect, sync_playwright

from .browsers import PATIENCE, Watch, find_chromium, launch

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        path = find_chromium(playwright)
        if path is None:
            said = "No Chromium was found: install one, or name it in BROWSER_PATH."
            if os.environ.get("REQUIRE_BROWSER", "") not in {"", "0"}:
                pytest.fail(said)
            pytest.skip(said)
        running = launch(playwright, path)
        yield running
        running.close()


@pytest.fixture
def site(live_server, settings):
    """The address of the running site, to which links in mails lead, too."""
    settings.SITE_URL = live_server.url
    settings.CSRF_TRUSTED_ORIGINS = [live_server.url]
    return live_server.url


@pytest.fixture
def new_page(browser, site):
    contexts, watches = [], []

    def make(**how):
        how = {"viewport": DESKTOP, "color_scheme": "light", "reduced_motion": "reduce", "locale": "en-GB", **how}
        context = browser.new_context(base_url=site, timezone_id=how.pop("timezone_id", "Europe/London"), **how)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        watches.append(Watch(context, site))
        page = context.new_page()
        page.watch = watches[-1]
        return page

    yield make
    for context in contexts:
        context.close()
    problems = [problem for watch in watches for problem in watch.unexpected()]
    assert problems == []


@pytest.fixture
def page(new_page):
    return new_page()


@pytest.fixture
def phone_page(new_page):
    return new_page(viewport=PHONE, has_touch=True, is_mobile=True)


@pytest.fixture
def plain_page(new_page):
    return new_page(java_script_enabled=False)


# The rules that judge colours: nothing else differs between the schemes (static/css/tokens.css).
OF_COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
# Swagger UI, below [data-foreign], draws markup that is not ours to mend: grey on grey, and roles of its own.
# Only what is wrong is sent back: the whole result takes longer on its way than the search. Only where something is
# wrong is the page searched again with the places in it, which cost a tenth of the search.
VIOLATIONS = """async (rules) => {
    document.getAnimations().forEach((transition) => transition.finish());
    const ours = document.querySelector("[data-foreign]") ? { exclude: [["[data-foreign]"]] } : document;
    const search = (how) => axe.run(ours, { resultTypes: ["violations"], preload: false, ...rules, ...how });
    const found = (await search({ selectors: false })).violations;
    return found.length ? (await search({})).violations : found;
}"""


@pytest.fixture
def axe():
    from axe_playwright_python.base import AXE_SCRIPT, AxeResults

    def come_along(page):
        page.add_init_script(AXE_SCRIPT)

    def check(page, *, but=(), in_both_schemes=True):
        page.wait_for_load_state()  # styles, too: contrast is part of it
        if not page.evaluate("'axe' in window"):
            page.evaluate(AXE_SCRIPT)
        found = page.evaluate(VIOLATIONS, {"rules": {rule: {"enabled": False} for rule in but}})
        if in_both_schemes:
            is_dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
            page.emulate_media(color_scheme="light" if is_dark else "dark")
            found += page.evaluate(VIOLATIONS, OF_COLOURS)
            page.emulate_media(color_scheme="dark" if is_dark else "light")
        assert found == [], f"{page.url}\n{AxeResults({'violations': found}).generate_report()}"

    check.come_along = come_along
    return check


# After a frame in which styles that depend on the width, and scripts that follow it, have had their turn.
WIDTH_AT_REST = """() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(
    () => resolve(document.documentElement.scrollWidth))))"""


@pytest.fixture
def sideways():
    def check(page, widths=(320, 390, 768)):
        page.wait_for_load_state()
        found = []
        for width in widths:
            page.set_viewport_size({"width": width, "height": 800})
            page.wait_for_function("width => innerWidth === width", arg=width)
            if page.evaluate(WIDTH_AT_REST) > width:
                found.append(width)
        return found

    return check


@pytest.fixture(params=["page", "plain_page"], ids=["with JavaScript", "without"])
def either(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def looks_fine(request, axe, sideways):
    """A function that checks accessibility and width, which need scripts to be measured."""

    asked = getattr(request.node, "callspec", None)
    has_scripts = asked is None or asked.params.get("either") != "plain_page"

    def check(page):
        if has_scripts:
            axe(page)
            assert sideways(page) == []

    return check


@pytest.fixture
def sign_in(site):
    def enter(page, user, client=None):
        if client is None:
            client = Client()
            client.force_login(user)
        page.context.add_cookies(
            [
                {
                    "name": django_settings.SESSION_COOKIE_NAME,
                    "value": client.cookies[django_settings.SESSION_COOKIE_NAME].value,
                    "url": site,
                    "httpOnly": True,
                    "sameSite": "Lax",
                }
            ]
        )

    return enter
