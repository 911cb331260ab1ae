"""One Google account, one address and several browsers at once, in real processes."""

import pytest
from allauth.socialaccount.models import SocialAccount

from accounts import google_accounts
from accounts.google_oauth import Identity
from accounts.models import User
from core import clock
from tests.factories.accounts import UserFactory
from tests.processes import meet

EMAIL = "amara@gmail.com"


@pytest.fixture(autouse=True)
def _tables(transactional_db):
    """Rows that other processes see."""


def identity(subject: str) -> Identity:
    return Identity(subject, EMAIL, "Amara", is_checked=True, is_hosted=True)


def enter(subject, folder, size):
    meet(folder, size)
    try:
        return google_accounts.enter(identity=identity(subject), mailbox_proven=True, zone="", now=clock.now()).pk
    except google_accounts.AddressIsAnothers:
        return "refused"


def connect(user_pk, subject, folder, size):
    user = User.objects.get(pk=user_pk)
    meet(folder, size)
    try:
        return google_accounts.connect(user=user, identity=identity(subject))
    except google_accounts.OthersGoogle:
        return "refused"
    except google_accounts.HasGoogle:
        return "has one"


def values(outcomes):
    assert all(outcome.ok for outcome in outcomes), outcomes
    return [outcome.value for outcome in outcomes]


def test_somebody_new_in_four_tabs_has_one_account(run_calls, tmp_path):
    made = values(run_calls([(enter, "1", str(tmp_path), 4)] * 4))

    assert made == [User.objects.get().pk] * 4
    assert SocialAccount.objects.count() == 1


def test_an_account_is_linked_to_one_of_two_google_accounts_with_its_address(run_calls, tmp_path):
    owner = UserFactory(email=EMAIL)

    came = values(run_calls([(enter, subject, str(tmp_path), 2) for subject in "12"]))

    assert sorted(came, key=str) == sorted([owner.pk, "refused"], key=str)
    assert SocialAccount.objects.get().user == owner


def test_a_google_account_is_connected_to_one_of_two_accounts(run_calls, tmp_path):
    people = [UserFactory(), UserFactory()]

    done = values(run_calls([(connect, person.pk, "1", str(tmp_path), 2) for person in people]))

    assert sorted(done, key=str) == [True, "refused"]
    assert SocialAccount.objects.count() == 1


def test_an_account_gets_one_of_two_google_accounts(run_calls, tmp_path):
    person = UserFactory()

    done = values(run_calls([(connect, person.pk, subject, str(tmp_path), 2) for subject in "12"]))

    assert sorted(done, key=str) == [True, "has one"]
    assert SocialAccount.objects.count() == 1
