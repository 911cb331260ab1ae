"""The base of admin pages of appointments and of what belongs to them, whose actions both sides can read about."""

from django import forms
from django.http import HttpRequest

from accounts.models import User
from appointments.forms.reasons import REASON_LENGTH
from core.admin import acts
from core.admin.acts import Act, Acts, Answer, ReasonForAudit, ReasonForPerson
from core.forms import TextField

__all__ = ["Act", "Acting", "Acts", "Answer", "ReasonForAudit", "ReasonForPerson", "StaffReason", "staff_of"]


class StaffReason(forms.Form):
    """The reason that staff must give for a change to somebody else's appointment."""

    reason = TextField(
        label="Reason", max_length=REASON_LENGTH, help_text="It is kept in the history, and both sides can read it."
    )


class Acting(acts.Acting):
    """A ModelAdmin of rows that change through actions alone, each for a reason that both sides read."""

    asking_form: type[forms.Form] = StaffReason


def staff_of(request: HttpRequest) -> User:
    """The member of staff who acts."""
    assert isinstance(request.user, User)
    return request.user
