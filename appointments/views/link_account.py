"""The page behind a mailed link on which somebody invited makes the appointments entered for them their own."""

from http import HTTPStatus
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts import services as accounts
from accounts.exceptions import AddressTaken, FieldsRefused
from accounts.forms import PASSWORD_HINT
from accounts.limits import limited
from accounts.models import LONGEST_NAME
from appointments.exceptions import PolicyRefused
from appointments.links import Link
from appointments.services.inviting import take_over
from core import clock
from core.forms import LineField

from .link import with_link


class AccountForm(forms.Form):
    """The name and the password of the account."""

    name = LineField(label="Your name", max_length=LONGEST_NAME)
    password = forms.CharField(
        label="Password", max_length=128, strip=False, widget=forms.PasswordInput, help_text=PASSWORD_HINT
    )


@require_http_methods(["GET", "HEAD", "POST"])
@limited("new_link")
@with_link
def account(request: HttpRequest, link: Link) -> HttpResponse:
    """Make an account of the invitation, or give its appointments to the one that has the address already."""
    guest = link.reader
    if not (link.is_of_customer and guest.is_invited):
        return redirect("link", link.token)
    if accounts.is_known(guest):
        return _take_over(request, link)
    if request.method != "POST":
        return _page(request, link, form=AccountForm(initial={"name": guest.name}))
    form = AccountForm(request.POST)
    if form.is_valid():
        try:
            accounts.open_invited(user=guest, now=clock.now(), **form.cleaned_data)
        except FieldsRefused as refusal:
            for field, errors in refusal.errors.items():
                form.add_error(field, errors)
        except AddressTaken:
            return redirect("link_account", link.token)
    if not form.is_valid():
        return _page(request, link, form=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    messages.success(request, "Your account is made. Sign in, and your appointments are there.")
    return redirect(f"{reverse('account_login')}?{urlencode({'next': _own_page(link)})}")


def _take_over(request: HttpRequest, link: Link) -> HttpResponse:
    """Ask whoever has the address to sign in, then give them the appointments."""
    guest, user = link.reader, request.user
    if not user.is_authenticated or user.email != guest.invited_email:
        return _page(request, link, is_known=True)
    if request.method != "POST":
        return _page(request, link, is_known=True, is_theirs=True)
    try:
        take_over(invited=guest, account=user)
    except PolicyRefused as refusal:
        return _page(request, link, is_known=True, refusal=str(refusal), status=HTTPStatus.CONFLICT)
    messages.success(request, "The appointment is among yours now.")
    return redirect(_own_page(link))


def _own_page(link: Link) -> str:
    return reverse("my_appointment", args=[link.appointment.reference])


def _page(request: HttpRequest, link: Link, *, status: int = HTTPStatus.OK, **said: object) -> HttpResponse:
    context = {
        "link": link,
        "guest": link.reader,
        "appointment": link.appointment,
        "service": link.appointment.service,
        "provider": link.appointment.provider,
        "zone": link.zone.key,
        "way_back": urlencode({"next": reverse("link_account", args=[link.token])}),
        **said,
    }
    return render(request, "appointments/link/account.html", context, status=status)
