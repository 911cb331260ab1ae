"""What a program saw is compared again under the lock, after the answer to If-Match was found."""

import pytest

from accounts import services
from accounts.exceptions import ChangedMeanwhile
from accounts.models import User
from api.calls import Call, Caller
from api.operations import notifications, people
from notifications import preferences


@pytest.fixture
def call(rf, customer):
    return Call(rf.patch("/api/me/"), Caller(customer))


def test_settings_changed_since_they_were_compared_stay(call, customer):
    call.seen = people.read_me(call)
    services.update_settings(user=customer, actor=customer, values={"theme": "dark"})

    with pytest.raises(ChangedMeanwhile):
        people.change_me(call, name="Other")

    assert User.objects.get(pk=customer.pk).name == customer.name


def test_what_is_told_that_changed_since_it_was_compared_stays(call, customer):
    call.seen = notifications.read_settings(call)
    preferences.save_choice(actor=customer, leads=[60])

    with pytest.raises(ChangedMeanwhile):
        notifications.change_settings(call, level="none")

    assert preferences.choice_of(customer).leads == (60,)
