"""The tag that reminds a person of the draft of their page."""

from typing import Any

from django import template

from providers import queries

register = template.Library()


@register.inclusion_tag("providers/_draft.html", takes_context=True)
def draft_reminder(context: template.Context) -> dict[str, Any]:
    """`{% draft_reminder %}`: "Your page is a draft, 2 steps left" with a link to go on, or nothing. One query."""
    user = context["request"].user
    provider = queries.provider_of(user) if user.is_authenticated else None
    return {"left": queries.steps_left(provider) if provider is not None and provider.is_draft else 0}
