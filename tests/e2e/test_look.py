"""The component sheet and the small script in a real browser."""

import pytest
from django.http import HttpResponse
from django.shortcuts import render
from django.template import engines
from django.urls import include, path
from playwright.sync_api import expect

from core import styleguide

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


def slow(request):
    import time

    time.sleep(0.3)
    return render(request, "404.html", status=200)


urlpatterns = [
    path("sheet/", styleguide.sheet),
    path("trial/", trial),
    path("trial/conflict/", conflict),
    path("trial/broken/", broken),
    path("trial/slow/", slow),
    path("", include("config.urls")),
]
handler404 = "core.errors.page_not_found"

pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_sheet(new_page, axe, scheme):
    page = new_page(color_scheme=scheme)
    page.goto("/sheet/")

    axe(page)


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_scrolls_sideways(new_page, width):
    page = new_page(viewport={"width": width, "height": 800})
    page.goto("/sheet/")

    assert page.evaluate("document.documentElement.scrollWidth") <= width


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

    assert month.get_attribute("role") == "grid"
    assert page.locator("table.month [tabindex='0']").inner_text().startswith("12")
    page.locator("table.month [tabindex='0']").focus()
    steps = []
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp", "Home", "End"):
        page.keyboard.press(key)
        steps.append(int(page.evaluate("parseInt(document.activeElement.textContent)")))

    assert steps == [13, 20, 19, 12, 9, 15]
    assert page.locator("table.month [tabindex='0']").count() == 1


def test_a_chosen_time_fills_the_summary_without_leaving(page):
    page.goto("/sheet/")

    page.locator(".slot", has_text="09:50").click()

    assert page.locator(".chosen__time").inner_text() == "09:50 and 45 min"


def test_dialog_and_menu_close_by_escape_and_give_focus_back(page):
    page.goto("/sheet/")
    opener = page.get_by_role("button", name="Open a dialog")
    opener.click()
    assert page.locator("#sample-dialog").is_visible()

    page.keyboard.press("Escape")

    assert not page.locator("#sample-dialog").is_visible()
    assert page.evaluate("document.activeElement.textContent") == "Open a dialog"
    summary = page.locator(".menu summary", has_text="Add to calendar")
    summary.click()
    page.keyboard.press("Escape")
    assert page.locator(".menu[open]").count() == 0


def test_a_password_can_be_shown_and_letters_are_counted(page):
    page.goto("/sheet/")

    page.get_by_role("button", name="Show password").click()
    page.locator("textarea[name=note]").first.fill("abc")

    assert page.locator("#plain_password").get_attribute("type") == "text"
    assert page.locator(".count", has_text="497 characters left").count() == 1


def test_a_conflict_is_swapped_in_focused_and_said(page):
    page.watch.expect("409")
    page.goto("/trial/")

    page.get_by_role("button", name="Book this time").click()
    page.locator("#place h2").wait_for()

    expect(page.locator("#place h2")).to_be_focused()
    expect(page.locator("#live")).to_have_text("14:20 was just taken")
    assert page.get_by_role("button", name="Book this time").is_enabled()


def test_a_fault_leaves_the_content_and_says_it_did_not_save(page):
    page.watch.expect("500")
    page.goto("/trial/")

    page.get_by_role("button", name="Break").click()
    page.locator(".toast").wait_for()

    assert "That did not save" in page.locator(".toast").inner_text()
    assert page.locator("#place").inner_text() == "Nothing yet"
    page.locator(".toast button").click()
    assert page.locator(".toast").count() == 0


def test_a_button_rests_while_its_form_is_on_the_way(page):
    page.goto("/trial/")

    state = page.evaluate(
        """async () => {
            const button = document.querySelector("form[action='/trial/slow/'] button");
            button.click();
            await new Promise((done) => setTimeout(done, 50));
            return [button.disabled, button.textContent];
        }"""
    )

    assert state == [True, "Saving…"]
    page.wait_for_url("**/trial/slow/")


def test_a_select_acts_by_itself_and_has_a_button_without_scripts(page, plain_page):
    page.goto("/trial/")
    plain_page.goto("/trial/")

    page.select_option("#sort", "price")
    page.wait_for_url("**/trial/?sort=price")

    assert not page.get_by_role("button", name="Sort").is_visible()
    assert plain_page.get_by_role("button", name="Sort").is_visible()


def test_the_device_tells_its_zone(new_page):
    page = new_page(timezone_id="Asia/Kathmandu")
    page.goto("/trial/")

    assert {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}["tz"] in {
        "Asia%2FKathmandu",
        "Asia%2FKatmandu",
    }
