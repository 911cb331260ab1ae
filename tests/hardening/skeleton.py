"""The structure of a page, mail or calendar file without its words, which hostile text must not change."""

from html.parser import HTMLParser

# A longer text may come in more paragraphs and lines.
LINES = {"p", "br", "wbr", "bdi"}


class _Parts(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.tags, self.text, self.links = [], [], []

    def handle_starttag(self, tag, attrs):
        if tag not in LINES:
            self.tags.append((tag, tuple(sorted(name for name, _ in attrs))))
        self.text += [value for _, value in attrs if value]
        self.links += [value for name, value in attrs if name in {"href", "src", "action", "formaction"} and value]

    def handle_comment(self, data):
        self.tags.append(("comment",))

    def handle_decl(self, data):
        self.tags.append(("declaration",))

    def handle_data(self, data):
        self.text.append(data)


def parts_of(html):
    parser = _Parts()
    parser.feed(html)
    parser.close()
    return parser


def squeezed(text):
    return " ".join(text.split())
