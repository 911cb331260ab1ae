"""The fields of a shown form as a browser would send them, with some changed."""

from html.parser import HTMLParser

from django.test import Client


class _Fields(HTMLParser):
    """The names and values of the fields on a page, form by form in the order of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[list[tuple[str, str]]] = []
        self.select = self.textarea = None
        self.text = ""

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        name, value = attrs.get("name"), attrs.get("value", "")
        if tag == "form":
            self.forms.append([])
        elif tag == "input" and name and self.forms:
            kind = attrs.get("type", "text")
            if kind in {"checkbox", "radio"} and "checked" not in attrs:
                return
            if kind != "file":
                self.forms[-1].append((name, value or ("on" if kind == "checkbox" else "")))
        elif tag == "select" and name:
            self.select, self.first = name, None
        elif tag == "option" and self.select:
            if self.first is None or "selected" in attrs:
                self.first = value
        elif tag == "textarea":
            self.textarea, self.text = name, ""

    def handle_endtag(self, tag):
        if tag == "select" and self.select:
            self.forms[-1].append((self.select, self.first or ""))
            self.select = None
        elif tag == "textarea" and self.textarea:
            self.forms[-1].append((self.textarea, self.text.removeprefix("\n")))
            self.textarea = None

    def handle_data(self, data):
        self.text += data


def fields_of(response, having: str) -> dict[str, list[str]]:
    """The fields of the form that has a field named `having`."""
    parser = _Fields()
    parser.feed(response.content.decode())
    form = next(form for form in parser.forms if any(name == having for name, _ in form))
    fields: dict[str, list[str]] = {}
    for name, value in form:
        if name != "csrfmiddlewaretoken":
            fields.setdefault(name, []).append(value)
    return fields


def send(client: Client, address: str, having: str, /, _without: tuple[str, ...] = (), **typed):
    """Open the page, change fields, send the form. A double underscore in a name stands for a hyphen."""
    fields = fields_of(client.get(address), having)
    for name in _without:
        fields.pop(name.replace("__", "-"), None)
    fields |= {name.replace("__", "-"): value for name, value in typed.items()}
    return client.post(address, fields)
