"""Staff's page 'Why is this time not offered?', for any provider, service and time, and for one customer."""

from http import HTTPStatus
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from accounts.models import User
from appointments.forms.why_not import WhyNotForm
from appointments.pages.why_not import answer_of, subtitle
from appointments.services.booking import refusals_of_customer
from appointments.services.why_not import why_not
from core import clock
from core.admin import ModelAdmin
from core.forms import LineField
from providers.models import Provider

from .acting import staff_of

# Entries of every kind are named, and a customer's standing is told.
MAY_ASK = ("appointments.view_appointment", "appointments.view_hold", "providers.view_provider", "accounts.view_user")


class ProviderForm(forms.Form):
    """The provider to ask about, by their page's address or their account's."""

    provider = LineField(
        label="Provider",
        max_length=254,
        help_text="The end of the public page’s address, or the account’s email address.",
    )

    def clean_provider(self) -> Provider:
        text = self.cleaned_data["provider"]
        rows = Provider.objects.select_related("user", "policy")
        found = rows.filter(Q(slug=text) | Q(user__email=text.lower())).first()
        if found is None:
            raise ValidationError("No provider has this address.")
        return found


class StaffWhyNotForm(WhyNotForm):
    """The start asked about, and the customer who would book it."""

    customer = forms.EmailField(
        label="Customer", required=False, help_text="The account’s email address, for the limits of one customer."
    )

    def clean_customer(self) -> User | None:
        email = self.cleaned_data["customer"]
        found = User.objects.filter(email=email.lower()).first() if email else None
        if email and found is None:
            raise ValidationError("No account has this address.")
        return found


class AnswersWhyNot(ModelAdmin):
    """A ModelAdmin with the page beside its list, which links to it."""

    change_list_template = "appointments/admin/change_list.html"

    def get_urls(self) -> list[URLPattern]:
        page = path("why-not/", self.admin_site.admin_view(require_safe(self.why_not)), name="why_not")
        return [page, *super().get_urls()]

    def why_not(self, request: HttpRequest) -> HttpResponse:
        """What keeps a service from being offered at a time, and one customer from booking it."""
        if not staff_of(request).has_perms(MAY_ASK):
            raise PermissionDenied
        whom = ProviderForm(request.GET if "provider" in request.GET else None)
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": "Why is a time not offered?",
            "opts": self.opts,
            "whom": whom,
        }
        if not whom.is_valid():
            return self._page(request, context, is_wrong=whom.is_bound)
        provider = whom.cleaned_data["provider"]
        form = StaffWhyNotForm(request.GET, services=list(provider.services.all()), zone=provider.zone)
        context |= {"provider": provider, "zone": provider.time_zone, "form": form}
        if not form.is_valid():
            return self._page(request, context, is_wrong=form.is_bound)
        service, start = form.asked
        service.provider = provider
        customer = form.cleaned_data["customer"]
        found = why_not(service, start, now=clock.now())
        context |= {
            "start": start,
            "asked": subtitle(found.asked, service.name),
            "answer": answer_of(found, twelve=staff_of(request).uses_12h_clock),
            "customer": customer,
            "refusals": refusals_of_customer(customer, service, start) if customer else [],
        }
        return self._page(request, context)

    def _page(self, request: HttpRequest, context: dict[str, Any], *, is_wrong: bool = False) -> HttpResponse:
        status = HTTPStatus.UNPROCESSABLE_ENTITY if is_wrong else HTTPStatus.OK
        return TemplateResponse(request, "appointments/admin/why_not.html", context, status=status)
