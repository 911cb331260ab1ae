from http import HTTPStatus

from django.http import HttpRequest, HttpResponse


class InvalidFormsAnswer422:
    """Middleware that answers 422 instead of 200 for a form of allauth with errors, for programs and htmx."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_template_response(self, request: HttpRequest, response):
        form = (response.context_data or {}).get("form")
        if request.method == "POST" and response.status_code == HTTPStatus.OK and getattr(form, "errors", None):
            response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
        return response
