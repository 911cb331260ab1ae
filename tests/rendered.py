"""What the test client remembers of an answer's templates: a quicker `django.test.client.store_rendered_templates`.

Django's own copies the context each time that a template is rendered, some ninety times for a page with a form. This
one copies it the first time for each template, which is what `answer.context` is asked for.
"""

from copy import copy
from typing import Any

from django.template import Context, Template
from django.test import client
from django.test.utils import ContextList


def store(store: dict[str, Any], signal: Any, sender: Any, template: Template, context: Context, **kwargs: Any) -> None:
    templates, contexts = store.setdefault("templates", []), store.setdefault("context", ContextList())
    if all(each.name != template.name for each in templates):
        contexts.append(copy(context))
    templates.append(template)


def install() -> None:
    client.store_rendered_templates = store
