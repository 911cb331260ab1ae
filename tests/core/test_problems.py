"""What refusals are called for programs."""

import importlib
import pkgutil
from http import HTTPStatus

import pytest

import accounts
import appointments
import calendar_sync
import providers
from accounts import exceptions as of_accounts
from accounts.middleware import LEAVING, SUSPENDED
from appointments import exceptions as of_appointments
from core.exceptions import Busy, DomainError
from core.problems import KNOWN
from providers import exceptions as of_providers

# What a program is told of each refusal, while a page keeps its own status.
TOLD = {
    Busy: (503, 503, "busy"),
    of_appointments.SlotTaken: (409, 409, "slot-taken"),
    of_appointments.DatesUnsettled: (409, 409, "slot-taken"),
    of_appointments.PolicyRefused: (409, 409, "policy-refused"),
    of_appointments.AddressNeeded: (409, 409, "address-needed"),
    of_appointments.NotKept: (409, 409, "policy-refused"),
    of_appointments.HoldRefused: (409, 409, "policy-refused"),
    of_appointments.MoveRefused: (409, 409, "move-refused"),
    of_appointments.ChangedSince: (409, 412, "changed-meanwhile"),
    of_appointments.ConflictChanged: (409, 412, "changed-meanwhile"),
    of_appointments.TermsChanged: (409, 409, "terms-changed"),
    of_appointments.CountsForMore: (409, 409, "late-cancellation"),
    of_appointments.InsideChanged: (409, 409, "conflicts"),
    of_appointments.EventRefused: (422, 400, "invalid"),
    of_appointments.EventGone: (409, 404, "not-found"),
    of_appointments.FormSpent: (409, 422, "key-reused"),
    of_appointments.OffersChanged: (409, 412, "changed-meanwhile"),
    of_appointments.OverridesChanged: (409, 412, "changed-meanwhile"),
    of_appointments.OfferClosed: (409, 409, "move-refused"),
    of_appointments.JoinRefused: (409, 409, "policy-refused"),
    of_appointments.OpenNow: (409, 409, "policy-refused"),
    of_appointments.Unreadable: (400, 400, "invalid"),
    of_appointments.StaffRefused: (403, 403, "not-allowed"),
    of_appointments.ReasonMissing: (409, 400, "invalid"),
    of_appointments.AppealAnswered: (409, 409, "move-refused"),
    of_accounts.ChangedMeanwhile: (409, 412, "changed-meanwhile"),
    of_accounts.AddressTaken: (409, 409, ""),
    of_accounts.AddressNotConfirmed: (409, 409, "policy-refused"),
    of_accounts.FieldsRefused: (422, 400, "invalid"),
    of_accounts.UsernameTaken: (409, 400, "invalid"),
    of_accounts.PhotoRefused: (422, 400, "invalid"),
    of_accounts.PhotoTooLarge: (413, 413, "too-large"),
    of_accounts.NotBanned: (409, 409, "move-refused"),
    of_accounts.BadCredentials: (401, 401, "bad-credentials"),
    of_accounts.WrongCode: (401, 401, "bad-credentials"),
    of_accounts.SecondStepNeeded: (401, 401, "second-step-needed"),
    of_accounts.BrowserNeeded: (401, 401, "second-step-needed"),
    of_accounts.Suspended: (403, 403, "suspended"),
    of_accounts.TooManyTries: (429, 429, "too-many"),
    of_providers.ChangedMeanwhile: (409, 412, "changed-meanwhile"),
    of_providers.HoursRefused: (422, 400, "invalid"),
    of_providers.HoursOverlap: (422, 422, "overlaps"),
    of_providers.OverrideRefused: (422, 400, "invalid"),
    of_providers.OverrideOverlaps: (422, 422, "overlaps"),
    of_providers.TimeOffRefused: (422, 400, "invalid"),
    of_providers.NoteRefused: (422, 400, "invalid"),
    of_providers.NoteGone: (409, 404, "not-found"),
    of_providers.NotReady: (409, 409, "policy-refused"),
    of_providers.ChangeRefused: (409, 409, "policy-refused"),
}


@pytest.mark.parametrize("refusal", TOLD, ids=lambda refusal: refusal.__name__)
def test_a_refusal_has_a_name_and_a_status_for_programs(refusal):
    assert (refusal.status, refusal.program_status or refusal.status, refusal.problem) == TOLD[refusal]


def test_no_refusal_has_a_name_of_its_own_making():
    for app in (accounts, appointments, calendar_sync, providers):
        for module in pkgutil.walk_packages(app.__path__, f"{app.__name__}."):
            if "exceptions" in module.name or ".services" in module.name:
                importlib.import_module(module.name)

    found = {each for each in _all_below(DomainError) if not each.__module__.startswith("tests.")}

    assert {each.problem for each in found} - {""} <= KNOWN | {SUSPENDED, LEAVING}
    assert {each.program_status or each.status for each in found} <= {status.value for status in HTTPStatus}
    of_these = {of_accounts.__name__, of_appointments.__name__, of_providers.__name__}
    assert {each for each in found if each.__module__ in of_these} <= TOLD.keys()


def _all_below(kind):
    return {each for one in kind.__subclasses__() for each in (one, *_all_below(one))}
