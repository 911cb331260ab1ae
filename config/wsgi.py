import os

import django

from core.request_bodies import Utf8Handler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)
application = Utf8Handler()
