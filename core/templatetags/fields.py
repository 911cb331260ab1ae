"""Tags of forms: a field with its label, the summary of errors, and the mark of the person a form is drawn for."""

from django import template
from django.template.loader import render_to_string
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from core import unsaved_forms
from core.page_reader import account_of

register = template.Library()


@register.simple_tag
def field(bound, label=None, hint=None, counter=False, **attributes) -> SafeString:
    """`{% field form.note hint="Only Maya sees this." counter=True %}`: label, error, hint and control, tied together.

    Other arguments become attributes of the control: `{% field form.email autocomplete="email" data_width="m" %}`.
    """
    if label is not None:
        bound.label = label
    if hint is not None:
        # Hints are shown as markup, and some have a person's name in them.
        bound.help_text = conditional_escape(hint)
    attrs = bound.field.widget.attrs
    if counter:
        attrs["data-counter"] = True
    attrs.update({name.replace("_", "-"): value for name, value in attributes.items()})
    return bound.as_field_group()


@register.simple_tag
def error_summary(*forms, level: int = 2) -> SafeString:
    """`{% error_summary form formset %}`: the errors, each a link to its field; empty without errors."""
    problems = list(_problems(forms))
    if not problems:
        return mark_safe("")
    return mark_safe(render_to_string("components/error_summary.html", {"problems": problems, "level": level}))


def _problems(forms):
    for form in forms:
        if hasattr(form, "forms"):
            yield from (("", error) for error in form.non_form_errors())
            yield from _problems(form.forms)
        elif form is not None and form != "" and form.is_bound:
            yield from (("", error) for error in form.non_field_errors())
            for bound in form:
                target = "" if bound.is_hidden else bound.id_for_label or f"{bound.auto_id}_0"
                yield from ((target, error) for error in bound.errors)


@register.simple_tag(takes_context=True)
def whose(context) -> str:
    """`{% whose %}` in a form: the mark of the person it is drawn for, see `core.unsaved_forms`."""
    account = account_of(context)
    if account is None:
        return ""
    return format_html(
        '<input type="hidden" name="{}" value="{}">', unsaved_forms.WHOSE, unsaved_forms.mark_of(account)
    )
