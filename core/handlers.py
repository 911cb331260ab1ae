"""The WSGI handler, whose requests are read as UTF-8 whatever charset they declare.

Django reads address and form in the declared charset: hex and punycode fail before any middleware, and unicode_escape
lets lone surrogates in.
"""

from typing import Any

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.utils.http import parse_header_parameters


class Utf8Request(WSGIRequest):
    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))


class Utf8Handler(WSGIHandler):
    request_class = Utf8Request
