"""The browser fixtures tell the truth: the site answers, and what a page must not do is noticed."""

import time

import pytest

from tests.e2e.browsers import PATIENCE, Watch


def test_the_sign_in_page_loads_with_its_form(page):
    page.goto("/accounts/login/")

    assert page.locator("form input[name=login]").count() == 1
    assert page.locator("form input[name=password]").count() == 1


def test_the_sign_in_page_has_its_form_without_javascript(plain_page):
    plain_page.goto("/accounts/login/")

    assert plain_page.locator("form input[name=password]").count() == 1


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        (
            "document.head.append(Object.assign(document.createElement('script'), {text: 'window.ran = 1'}))",
            "console: ",
        ),
        ("console.error('something broke')", "console: something broke"),
        ("setTimeout(() => { throw new Error('uncaught') })", "script error: uncaught"),
        ("location.href = 'http://elsewhere.example/x'", "request to another host: http://elsewhere.example/x"),
        ("document.body.append(Object.assign(new Image(), {src: '/missing.png'}))", "answer 404: "),
    ],
)
def test_what_a_page_must_not_do_is_noticed(browser, site, script, problem):
    context = browser.new_context(base_url=site)
    watch = Watch(context, site)
    page = context.new_page()
    page.goto("/health/")
    page.goto("/accounts/login/")
    before = watch.unexpected()

    def is_noticed():
        return any(found.startswith(problem) for found in watch.unexpected())

    page.evaluate(script)
    ends_at = time.monotonic() + PATIENCE / 1000
    while not is_noticed() and time.monotonic() < ends_at:
        page.wait_for_timeout(20)
    context.close()

    assert before == []
    assert is_noticed(), watch.problems
