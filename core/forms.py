"""Rendering of forms: any Django form, ours or a package's, gets the markup of the design system.

`{{ form }}` is the error summary and every field; `{% field form.x %}` is one field. The templates are in
`templates/django/forms/`.
"""

from django import forms
from django.core.exceptions import ValidationError
from django.forms.renderers import TemplatesSetting
from django.http import QueryDict

from core import clock, text, unsaved_forms

# Django's own error messages, reworded to say what to do.
WORDS = {
    "Enter a valid email address.": "Enter an email address, like name@example.com.",
    "Enter a valid date.": "Enter a date, like 12 March 2026.",
    "Enter a valid time.": "Enter a time, like 14:20.",
    "Enter a valid date/time.": "Enter a date and a time.",
    "Enter a valid URL.": "Enter an address, like https://example.com.",
    "Select a valid choice. %(value)s is not one of the available choices.": "Choose one from the list.",
    "Select a valid choice. That choice is not one of the available choices.": "Choose one from the list.",
    "The submitted file is empty.": "Choose a file that is not empty.",
}
BOXES = (forms.CheckboxInput, forms.CheckboxSelectMultiple)
FILES = (forms.FileInput,)


class Field(forms.BoundField):
    """A bound field that marks itself as optional, words its errors as what to do, and ties control, error and hint
    together, the error first."""

    def __init__(self, form, field, name) -> None:
        super().__init__(form, field, name)
        if self.is_hidden:  # nobody filled it in, so there is nothing to do better
            return
        messages = field.error_messages
        for code, message in messages.items():
            if code == "required" and message == "This field is required.":
                messages[code] = required_words(field.widget, str(self.label))
            else:
                messages[code] = WORDS.get(str(message), message)
        if isinstance(field, forms.EmailField):
            messages.setdefault("invalid", WORDS["Enter a valid email address."])

    def value(self):
        """The text kept for a person who was signed out while typing (`core.unsaved_forms`); else the usual value."""
        sent = unsaved_forms.returned()
        if sent is None or self.form.is_bound or not self._is_among(sent):
            return super().value()
        widget = self.field.widget
        return self.field.prepare_value(widget.value_from_datadict(sent, {}, self.html_name))

    def _is_among(self, sent: QueryDict) -> bool:
        """Whether `sent` has this field. Unticked boxes are not sent, so for these any field of the form counts."""
        if self.field.disabled or self.is_hidden and self.name != "seen" or isinstance(self.field.widget, FILES):
            return False
        names = (
            {self.html_name} if not isinstance(self.field.widget, BOXES) else {field.html_name for field in self.form}
        )
        return any(name in sent for name in names)

    @property
    def aria_describedby(self) -> str | None:
        if self.field.widget.attrs.get("aria-describedby"):
            return None
        if not self.auto_id or self.is_hidden:
            return ""
        parts = [f"{self.auto_id}_error"] if self.errors else []
        return " ".join([*parts, f"{self.auto_id}_helptext"] if self.help_text else parts)

    @property
    def is_optional(self) -> bool:
        always_answered = self.is_box or isinstance(self.field.widget, forms.RadioSelect)
        always_answered |= getattr(self.field, "has_alternative", False)
        return not self.field.required and not always_answered and not self.field.disabled

    @property
    def is_box(self) -> bool:
        """Whether this is a single checkbox, whose label stands after it."""
        return isinstance(self.field.widget, forms.CheckboxInput)


def required_words(widget, label: str) -> str:
    if isinstance(widget, forms.CheckboxInput):
        return "Tick this box to go on."
    if label.endswith("?"):
        return "Answer this question."
    thing = label[:1].lower() + label[1:] if label[1:2].islower() else label
    if not thing.startswith(("your ", "the ", "a ", "an ", "what ", "how ")):
        thing = f"the {thing}"
    if isinstance(widget, (forms.Select, forms.RadioSelect, forms.CheckboxSelectMultiple, forms.FileInput)):
        return f"Choose {thing}."
    return f"Enter {thing}."


class Renderer(TemplatesSetting):
    bound_field_class = Field


class DateInput(forms.DateInput):
    """The browser's own date picker; its value travels as ISO."""

    input_type = "date"

    def __init__(self, attrs=None):
        super().__init__(attrs, format="%Y-%m-%d")


class TimeInput(forms.TimeInput):
    """The browser's own time picker."""

    input_type = "time"

    def __init__(self, attrs=None):
        super().__init__(attrs, format="%H:%M")


# --- Fields that every form uses for free text and for time zones -----------------------------------------------------


class _CleanedField(forms.CharField):
    """A CharField whose value is cleaned before its length, in characters, is counted.

    A value that is far too long is left to the length validator uncleaned, because cleaning costs time.
    """

    def to_python(self, value):
        value = super().to_python(value)
        if value in self.empty_values or (self.max_length is not None and len(value) > 4 * self.max_length):
            return value
        return self.clean_typed(value) or self.empty_value

    def clean_typed(self, value: str) -> str:
        raise NotImplementedError


class LineField(_CleanedField):
    """A field for one line of text, see `text.clean_line`."""

    def __init__(self, *, max_length: int, **kwargs) -> None:
        super().__init__(max_length=max_length, **kwargs)

    def clean_typed(self, value: str) -> str:
        return text.clean_line(value)


class TextField(_CleanedField):
    """A field for text of several lines, see `text.clean_text`."""

    widget = forms.Textarea

    def __init__(self, *, max_length: int, **kwargs) -> None:
        super().__init__(max_length=max_length, **kwargs)

    def clean_typed(self, value: str) -> str:
        return text.clean_text(value)


class ZoneField(forms.ChoiceField):
    """A field for a time zone; an alias (Europe/Kiev, as some browsers still say) becomes the name we store."""

    default_error_messages = {"invalid_choice": "Choose a time zone from the list."}

    def __init__(self, **kwargs) -> None:
        super().__init__(choices=clock.zone_choices, **kwargs)

    def to_python(self, value) -> str:
        value = super().to_python(value)
        if not value:
            return value
        try:
            return clock.canonical_zone(value)
        except ValueError:
            raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice") from None

    def valid_value(self, value) -> bool:
        return True  # to_python has looked it up; walking the choices would build them all
