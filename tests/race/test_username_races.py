"""Usernames wanted by two people, in real processes: one has it, and the other is asked for another."""

import re

from django.core.cache import cache
from django.test import Client

from accounts import services
from accounts.models import User
from tests.accounts.conftest import PASSWORD, Postbox
from tests.processes import meet


def open_link(link, folder, size):
    browser = Client()
    meet(folder, size)
    return browser.post(link).status_code


def take_alone(username, folder, size):
    meet(folder, size)
    asked = {"password": PASSWORD, "name": "Robot", "zone": "", "asked_from": "203.0.113.9"}
    return services.sign_up(email=None, username=username, **asked).works


def link_of_sign_up(email):
    asked = {"password": PASSWORD, "name": "Maya", "zone": "", "asked_from": "203.0.113.7"}
    services.sign_up(email=email, username="maya", **asked)
    [letter] = Postbox().deliver()
    return re.search(r"http://testserver(/accounts/confirm-email/\S+)", letter.body)[1]


def test_of_two_links_opened_at_once_one_takes_the_username_and_one_asks_for_another(run_calls, tmp_path):
    cache.clear()
    links = [link_of_sign_up(f"{name}@example.com") for name in ("ann", "ben")]

    outcomes = run_calls(
        [(open_link, link, str(tmp_path), 3) for link in links] + [(take_alone, "maya", str(tmp_path), 3)]
    )

    *opened, alone = outcomes
    assert all(each.ok for each in opened), [each.traceback for each in opened]
    assert alone.error in {"", "FieldsRefused"}, alone.traceback
    [owner] = User.objects.filter(username="maya")
    statuses = sorted(each.value for each in opened)
    assert statuses == ([422, 422] if alone.ok else [302, 422])
    assert User.objects.filter(email_confirmed_at__isnull=False).count() == statuses.count(302)
    assert (owner.email is None) == alone.ok
