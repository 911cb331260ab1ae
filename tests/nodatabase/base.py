"""A database backend that refuses everything, even its vendor, for tests that touch no database (Django's `dummy`).

Code that depends on the vendor has two results, so its test belongs on both databases.
"""

import os

from django.db.backends.dummy import base


class DatabaseWrapper(base.DatabaseWrapper):
    @property
    def vendor(self):
        if "PYTEST_CURRENT_TEST" in os.environ:
            raise RuntimeError("This test asks which database is used: give it the mark django_db.")
        return "none"
