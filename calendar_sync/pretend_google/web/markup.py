"""HTML in pieces: texts are escaped, pieces are joined, and a page is put around them."""

from collections.abc import Iterable
from html import escape


class Html(str):
    """Text that is HTML already."""


def h(text: object) -> Html:
    return text if isinstance(text, Html) else Html(escape(str(text)))


def join(pieces: Iterable[str]) -> Html:
    return Html("\n".join(pieces))


def tag(element: str, /, *inside: object, **attributes: object) -> Html:
    """An element. `class_` is written without its underscore; True stands for an attribute without a value."""
    written = ""
    for key, value in attributes.items():
        key = key.rstrip("_").replace("_", "-")
        if value is True:
            written += f" {key}"
        elif value not in (False, None):
            written += f' {key}="{escape(str(value))}"'
    if element == "input":
        return Html(f"<input{written}>")
    return Html(f"<{element}{written}>{''.join(h(each) for each in inside)}</{element}>")


def hidden(**values: str) -> Html:
    return join(tag("input", type="hidden", name=name, value=value) for name, value in values.items())


def button(text: str, *, kind: str = "primary", **attributes: object) -> Html:
    return tag("button", text, type="submit", class_=f"button {kind}", **attributes)


def field(label: str, name: str, **attributes: object) -> Html:
    return tag("label", tag("span", label), tag("input", name=name, **attributes), class_="field")


def choice(label: str, name: str, options: Iterable[tuple[str, str]], chosen: str = "") -> Html:
    rows = (tag("option", text, value=value, selected=value == chosen) for value, text in options)
    return tag("label", tag("span", label), tag("select", *rows, name=name), class_="field")


def page(title: str, *inside: object) -> Html:
    banner = tag(
        "header",
        tag("strong", "Pretend Google (demo)"),
        tag("span", "Runs on this machine. Nothing here reaches Google."),
        class_="banner",
    )
    return Html(
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="robots" content="noindex">\n'
        f'<title>{h(title)} · Pretend Google (demo)</title>\n<link rel="stylesheet" href="/style.css">\n</head>\n'
        f"<body>\n{banner}\n{tag('main', *inside)}\n</body>\n</html>\n"
    )
