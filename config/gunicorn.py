"""Settings of the web server: `gunicorn -c config/gunicorn.py config.wsgi`.

Two processes of four threads by default. It stops within ten seconds of SIGTERM, letting requests finish.
"""

import os
from pathlib import Path

from config.environment import as_number, load_files, read

load_files()
_host = os.environ.get("LISTEN_HOST", "").strip() or "127.0.0.1"
bind = f"{f'[{_host}]' if ':' in _host else _host}:{read('PORT', as_number(1, 65_535), 8000)}"
workers = read("WEB_CONCURRENCY", as_number(1, 64), 2)
threads = read("WEB_THREADS", as_number(1, 64), 4)
worker_class = "gthread"
timeout = 30
graceful_timeout = 8
keepalive = 5
max_requests = 10_000
max_requests_jitter = 1_000
# In memory, where the heartbeat file does not wait for a slow disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() and os.access("/dev/shm", os.W_OK) else None
control_socket_disable = True
accesslog = None  # the product logs a line for each request itself


def post_worker_init(worker):
    """Let gunicorn's own lines take the same form as the product's."""
    import logging

    gunicorn_log = logging.getLogger("gunicorn.error")
    gunicorn_log.handlers.clear()
    gunicorn_log.propagate = True
