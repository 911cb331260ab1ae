"""The network address a request comes from, for limits by address."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest

UNKNOWN = "0.0.0.0"


def client_ip(request: HttpRequest) -> str:
    """The visitor's address, `0.0.0.0` where it can't be read.

    Of `X-Forwarded-For` only the entries of our own proxies are believed (`TRUSTED_PROXIES`, none by default); entries
    that a visitor sends change nothing.
    """
    trusted = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")] if trusted else []
    told = hops[-trusted] if trusted and len(hops) >= trusted else request.META.get("REMOTE_ADDR", "")
    try:
        return str(ipaddress.ip_address(told))
    except ValueError:
        return UNKNOWN


def network(request: HttpRequest) -> str:
    """The visitor's IPv4 address, or the /64 network of an IPv6 one, since a household has all the addresses in it."""
    address = ipaddress.ip_address(client_ip(request))
    if isinstance(address, ipaddress.IPv6Address):
        return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False))
    return str(address)
