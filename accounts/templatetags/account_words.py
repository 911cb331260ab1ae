"""Template filters of the account pages."""

from allauth.mfa.models import Authenticator
from django import template

from accounts import passkeys

register = template.Library()

BROWSERS = [("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari")]
SYSTEMS = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
]


@register.filter
def device_name(user_agent: str) -> str:
    """The name of a device from its user agent, like "Firefox on Windows"; "Unknown device" for any other."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or "Unknown device"


@register.filter
def passkey_name(passkey: Authenticator) -> str:
    """`{% url "mfa_edit_webauthn" key=passkey|passkey_name %}`: the passkey's name in addresses."""
    return passkeys.name_of(passkey)
