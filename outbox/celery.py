"""The Celery app, used when TASK_BROKER_URL is set.

    celery -A outbox.celery worker        handles what is due, as many as you like
    python manage.py worker --tick-only   keeps the schedule and nudges them, one or more

Redis only carries nudges: the work itself is rows in the database, so an emptied or missing Redis loses nothing.
"""

import os

import django
from celery import Celery
from django.utils.module_loading import import_string

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.apps import apps  # noqa: E402
from django.conf import settings  # noqa: E402

if not apps.apps_ready:
    django.setup()

app = Celery("dayline", broker=settings.TASK_BROKER_URL)
app.conf.update(
    task_default_queue="dayline",
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    # A worker without its broker keeps asking; whoever sends gives up soon, and the next tick sends again.
    task_publish_retry_policy={"max_retries": 1, "interval_start": 0.2},
    broker_transport_options={"socket_connect_timeout": 2, "socket_timeout": 30},
)


@app.task(name="outbox.run_task")
def run_task(path: str, args: list, kwargs: dict) -> None:
    """Run the Django task at `path`; anything else there is refused."""
    from django_tasks.base import Task

    task = import_string(path)
    if not isinstance(task, Task):
        raise TypeError(f"{path} is not a task.")
    task.call(*args, **kwargs)
