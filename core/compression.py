"""Compression of answers that are text.

`docs/decisions/compressed-pages.md` says why gzip, and what keeps secrets in pages from being guessed.
"""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

# JSON is for programs, which compare ETags of the very bytes; pictures are compressed already.
TEXTS = {"text/html", "text/plain", "text/css", "text/csv", "text/calendar", "image/svg+xml"}


class TextCompressionMiddleware(GZipMiddleware):
    """Django's gzip, with its random padding, for texts alone."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return super().process_response(request, response) if kind in TEXTS else response
