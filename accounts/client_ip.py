"""Where a request comes from, for limits by address."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest

UNKNOWN = "0.0.0.0"


def client_ip(request: HttpRequest) -> str:
    """The address of whoever asks.

    `X-Forwarded-For` counts only as far as our own proxies wrote it (`TRUSTED_PROXY_COUNT`, none by default): what a
    visitor puts there changes nothing.
    """
    trusted = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")] if trusted else []
    told = hops[-trusted] if trusted and len(hops) >= trusted else request.META.get("REMOTE_ADDR", "")
    try:
        return str(ipaddress.ip_address(told))
    except ValueError:
        return UNKNOWN


def network(request: HttpRequest) -> str:
    """What limits count by: the address, of IPv6 the /64 network, in which one household has all the addresses."""
    address = ipaddress.ip_address(client_ip(request))
    if isinstance(address, ipaddress.IPv6Address):
        return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False))
    return str(address)
