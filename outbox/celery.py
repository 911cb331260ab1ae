"""The Celery app, used when TASK_BROKER_URL is set.

    celery -A outbox.celery worker        handles what is due, as many as you like
    python manage.py worker --tick-only   keeps the schedule and wakes them, one or more

Redis carries nothing but 'handle what is due': the work itself is rows in the database, so an emptied or missing Redis
loses nothing.
"""

import os

import django
from celery import Celery
from celery.signals import worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.apps import apps  # noqa: E402
from django.conf import settings  # noqa: E402

if not apps.apps_ready:
    django.setup()

from outbox import dispatch, liveness  # noqa: E402

NUDGE_EXPIRES_SECONDS = 300  # long enough for machines whose clocks differ by minutes

app = Celery("dayline", broker=settings.TASK_BROKER_URL)
app.conf.update(
    task_default_queue="dayline",
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    # A worker without its broker keeps trying to connect; a sender gives up soon, and the next tick sends again.
    task_publish_retry_policy={"max_retries": 1, "interval_start": 0.2},
    broker_transport_options={"socket_connect_timeout": 2, "socket_timeout": 30},
)


@app.task(name="outbox.drain")
def drain() -> None:
    """Handle due messages for a few seconds."""
    dispatch.drain()


@worker_process_init.connect
def begin(**kwargs: object) -> None:
    """Make hanging handlers fail, so that they block this process no longer than they would block the worker."""
    liveness.interrupt_what_hangs()
