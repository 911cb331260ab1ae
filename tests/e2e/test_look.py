"""The component sheet and the small script in a real browser."""

import threading

import pytest
from django.http import HttpResponse
from django.shortcuts import render
from django.template import engines
from django.urls import include, path
from playwright.sync_api import expect

from appointments.mail import preview as mail_preview
from core import styleguide
from tests.e2e.browsers import PATIENCE

FORM = '<form method="post" action="{0}"{1}>{{% csrf_token %}}<button class="btn">{2}</button></form>'
IN_PLACE = ' hx-post="{}" hx-target="#place"'
TRIAL = f"""{{% extends "base.html" %}}{{% block title %}}Trial{{% endblock %}}{{% block content %}}<h1>Trial</h1>
{FORM.format("/trial/conflict/", IN_PLACE.format("/trial/conflict/"), "Book this time")}
{FORM.format("/trial/broken/", IN_PLACE.format("/trial/broken/"), "Break")}
{FORM.format("/trial/slow/", "", "Save hours")}
<form method="get" action="/trial/"><label for="sort">Sort by</label><select id="sort" name="sort" data-auto>
<option value="soonest">Soonest</option><option value="price">Price</option></select>
<button class="btn" data-nojs>Sort</button></form>
<div id="place">Nothing yet</div>{{% endblock %}}"""


def trial(request):
    return HttpResponse(engines["django"].from_string(TRIAL).render({}, request))


def conflict(request):
    return HttpResponse(
        '<h2 tabindex="-1" data-focus data-announce="14:20 was just taken">Taken</h2>',
        status=409,
        content_type="text/html",
    )


def broken(request):
    return HttpResponse("<h2>Inside</h2>", status=500)


may_answer = threading.Event()


def slow(request):
    may_answer.wait(PATIENCE / 1000)
    return render(request, "404.html", status=200)


urlpatterns = [
    path("sheet/", styleguide.sheet),
    path("sheet/<int:code>/", styleguide.error_page),
    path("sheet/mails/", mail_preview.mails),
    path("sheet/mails/<slug:verb>/<slug:side>.<slug:form>", mail_preview.mail, name="styleguide_mail"),
    path("trial/", trial),
    path("trial/conflict/", conflict),
    path("trial/broken/", broken),
    path("trial/slow/", slow),
    path("", include("config.urls")),
]
handler404 = "core.errors.page_not_found"

pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db(transaction=True)]


def test_axe_finds_nothing_on_the_sheet(page, axe):
    page.goto("/sheet/")

    axe(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_a_mail_and_nothing_scrolls_sideways(new_page, axe, scheme):
    page = new_page(color_scheme=scheme, viewport={"width": 320, "height": 640})
    names = [f"{name}/provider" for name in ("accept", "several-accept", "several-changes", "several-request")]
    for name in [*names, "place-opened-sooner/customer", "place-removed/customer"]:
        page.goto(f"/sheet/mails/{name}.html")

        # A mail is no page: its reader has the landmarks. Its schemes are its own.
        axe(page, but=("landmark-one-main", "region"), in_both_schemes=False)
        assert page.evaluate("document.documentElement.scrollWidth") == 320, name


def test_axe_finds_nothing_on_the_pages_of_errors(new_page, axe):
    page = new_page(viewport={"width": 320, "height": 640})
    for code in (400, 403, 404, 409, 410, 413, 419, 429, 500, 503):
        page.goto(f"/sheet/{code}/")
        expect(page.get_by_role("heading", level=1)).to_be_visible()

        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, code


def test_nothing_scrolls_sideways(page, sideways):
    page.goto("/sheet/")

    assert sideways(page, [320, 390, 768, 1280]) == []


def test_small_targets_are_large_enough(phone_page):
    phone_page.goto("/sheet/")

    small = phone_page.evaluate(
        """[...document.querySelectorAll('main a, main button, main summary, main select, main .check, main .slot')]
        .filter(e => e.checkVisibility() && !e.closest('p, .error-summary, .notice, .ev, .visually-hidden'))
        .map(e => [e.textContent.trim().slice(0, 30) || e.ariaLabel, e.getBoundingClientRect()])
        .filter(([name, box]) => box.height < 24 || box.width < 24)
        .map(([name, box]) => `${name} ${box.width}x${box.height}`)"""
    )

    assert small == []


def test_the_month_is_walked_by_arrows_with_one_tab_stop(page):
    page.goto("/sheet/")
    month = page.locator("table.month")

    expect(month).to_have_role("grid")
    assert page.locator("table.month [tabindex='0']").inner_text().startswith("12")
    page.locator("table.month [tabindex='0']").focus()
    steps = []
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp", "Home", "End"):
        page.keyboard.press(key)
        steps.append(int(page.evaluate("parseInt(document.activeElement.textContent)")))

    assert steps == [13, 20, 19, 12, 9, 15]
    expect(page.locator("table.month [tabindex='0']")).to_have_count(1)


def test_a_chosen_time_fills_the_summary_without_leaving(page):
    page.goto("/sheet/")

    page.locator(".slot", has_text="09:50").click()

    expect(page.locator(".chosen__time")).to_have_text("09:50 and 45 min")


def test_dialog_and_menu_close_by_escape_and_give_focus_back(page):
    page.goto("/sheet/")
    opener = page.get_by_role("button", name="Open a dialog")
    opener.click()
    expect(page.locator("#sample-dialog")).to_be_visible()

    page.keyboard.press("Escape")

    expect(page.locator("#sample-dialog")).to_be_hidden()
    expect(opener).to_be_focused()
    summary = page.locator(".menu summary", has_text="Add to calendar")
    summary.click()
    expect(page.locator(".menu[open]")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".menu[open]")).to_have_count(0)


def test_a_password_can_be_shown_and_letters_are_counted(page):
    page.goto("/sheet/")

    page.get_by_role("button", name="Show password").click()
    page.locator("textarea[name=note]").first.fill("abc")

    expect(page.locator("#plain_password")).to_have_attribute("type", "text")
    expect(page.locator(".count", has_text="497 characters left")).to_have_count(1)


def test_a_conflict_is_swapped_in_focused_and_said(page):
    page.watch.expect("409")
    page.goto("/trial/")

    page.get_by_role("button", name="Book this time").click()

    expect(page.locator("#place h2")).to_be_focused()
    expect(page.locator("#live")).to_have_text("14:20 was just taken")
    expect(page.get_by_role("button", name="Book this time")).to_be_enabled()


def test_a_fault_leaves_the_content_and_says_it_did_not_save(page):
    page.watch.expect("500")
    page.goto("/trial/")

    page.get_by_role("button", name="Break").click()

    expect(page.locator(".toast")).to_contain_text("That did not save")
    page.locator(".toast button").click()
    expect(page.locator(".toast")).to_have_count(0)
    expect(page.locator("#place")).to_have_text("Nothing yet")


def test_a_button_rests_while_its_form_is_on_the_way(page):
    may_answer.clear()
    page.goto("/trial/")

    # All of it in the page: Playwright itself would wait for the answer.
    words = page.evaluate(
        """async () => {
            const button = document.querySelector("form[action='/trial/slow/'] button");
            button.click();
            while (!button.disabled) await new Promise((done) => setTimeout(done, 5));
            return button.textContent;
        }"""
    )
    may_answer.set()

    assert words == "Saving…"
    page.wait_for_url("**/trial/slow/")


def test_a_select_acts_by_itself_and_has_a_button_without_scripts(page, plain_page):
    page.goto("/trial/")
    plain_page.goto("/trial/")

    page.select_option("#sort", "price")
    page.wait_for_url("**/trial/?sort=price")

    expect(page.locator("#sort")).to_be_visible()
    expect(page.get_by_role("button", name="Sort")).to_be_hidden()
    expect(plain_page.get_by_role("button", name="Sort")).to_be_visible()


def test_the_device_tells_its_zone(new_page):
    page = new_page(timezone_id="Asia/Kathmandu")
    page.goto("/trial/")

    assert {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}["tz"] in {
        "Asia%2FKathmandu",
        "Asia%2FKatmandu",
    }
