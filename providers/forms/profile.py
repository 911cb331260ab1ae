"""The form of a provider's public profile."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts import photos
from accounts.exceptions import PhotoRefused
from core.forms import LineField, TextField
from providers import edit_stamps
from providers.models import Category, Provider

from .base import SeenForm

IN_PERSON, ONLINE = "in_person", "online"


class ProfileForm(SeenForm):
    name = LineField(label="Name", max_length=120, help_text="As customers read it: your own or your practice’s.")
    trade = LineField(label="What you do", max_length=80, help_text="In a word or two, like Physiotherapist.")
    category = forms.ModelChoiceField(
        label="Category", queryset=Category.objects.all(), to_field_name="slug", empty_label="Choose one"
    )
    where = forms.MultipleChoiceField(
        label="Where do you meet people?",
        choices=[(IN_PERSON, "In person"), (ONLINE, "Online")],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose in person, online, or both."},
    )
    place = LineField(
        label="District or town",
        max_length=80,
        required=False,
        help_text="Shown to everybody, like Camden, London. Needed when you meet people in person.",
    )
    address = LineField(
        label="Address",
        max_length=200,
        required=False,
        help_text="Only customers who have an appointment with you see it.",
    )
    languages = LineField(
        label="Languages you speak", max_length=120, required=False, help_text="Like English and Portuguese."
    )
    about = TextField(
        label="About you",
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "data-counter": True}),
        help_text="What you help with, and what to expect.",
    )
    photo = forms.FileField(
        label="Photo",
        required=False,
        help_text="PNG, JPEG or WebP, up to 5 MB. It is cut to a square.",
        widget=forms.ClearableFileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
    )

    def clean_photo(self) -> Any:
        """The photo: a new one, checked before anything is saved, or False to remove the present one."""
        photo = self.cleaned_data["photo"]
        if photo and "photo" in self.files:
            try:
                photos.prepare(photo)
            except PhotoRefused as refusal:
                raise ValidationError(str(refusal), code="photo") from None
        return photo

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if IN_PERSON in cleaned.get("where", ()) and not cleaned.get("place") and "place" not in self.errors:
            self.add_error("place", "Enter the district or town where you meet people.")
        return cleaned

    def values(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        texts = ("name", "trade", "place", "address", "languages", "about")
        return {
            **{name: cleaned[name] for name in texts},
            "category_id": cleaned["category"].pk,
            "is_in_person": IN_PERSON in cleaned["where"],
            "is_online": ONLINE in cleaned["where"],
        }

    @staticmethod
    def initial_of(provider: Provider) -> dict[str, Any]:
        where = [IN_PERSON] * provider.is_in_person + [ONLINE] * provider.is_online
        texts = ("name", "trade", "place", "address", "languages", "about")
        return {
            **{name: getattr(provider, name) for name in texts},
            "category": provider.category,
            "where": where,
            "photo": provider.user.photo or None,
            "seen": edit_stamps.of_profile(provider),
        }

    def ask_again(self, saved: dict[str, Any]) -> list[tuple[str, str]]:  # type: ignore[override]
        return super().ask_again({name: value for name, value in saved.items() if name != "photo"})
