"""Bodies without an end, sent to a real gunicorn through a bare socket."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from tests.postgres import free_port

ROOT = Path(__file__).resolve().parents[2]
FORM = "/accounts/login/"
LIMIT = 1_000_000
IN_FLIGHT = 8_000_000  # what the buffers of both ends may hold that nobody has read
HEAD = "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\n{more}\r\n"
URLENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Where gunicorn listens, as an operator starts it, and the folder that it has for temporary files."""
    folder = tmp_path_factory.mktemp("gunicorn")
    spool = folder / "spool"
    spool.mkdir()
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py", "config.wsgi"],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "ENV_FILE": "",
            "DEBUG": "true",  # plain http, and static files without collecting them
            "DATABASE_URL": f"sqlite:///{folder}/none.sqlite3",
            "PORT": str(port),
            "WEB_CONCURRENCY": "1",
            "WEB_THREADS": "2",
            "TMPDIR": str(spool),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        wait_for(port, process)
        yield port, spool
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def wait_for(port, process):
    for _attempt in range(300):
        assert process.poll() is None, process.stdout.read().decode()
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=120)
            connection.request("GET", "/health/")
            return connection.getresponse().read()
        except ConnectionRefusedError:
            time.sleep(0.1)
    raise TimeoutError("gunicorn did not start")


def opened(port, *, path=FORM, kind=URLENCODED, more=""):
    """A connection on which the head of a form was sent, and nothing of its body."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=20)
    connection.sendall(HEAD.format(path=path, kind=kind, more=more).encode())
    return connection


def chunk(text: bytes) -> bytes:
    return f"{len(text):x}\r\n".encode() + text + b"\r\n"


def answered(connection):
    response = HTTPResponse(connection)
    response.begin()
    return response.status, response.read().decode()


@pytest.mark.parametrize("kind", [URLENCODED, MULTIPART])
@pytest.mark.parametrize("path", [FORM, "/admin/login/", "/health/"])
def test_a_length_far_too_large_is_refused_before_the_body_is_sent(server, path, kind):
    port, spool = server

    with opened(port, path=path, kind=kind, more="Content-Length: 200000000\r\n") as connection:
        status, _body = answered(connection)

    assert status == 413
    assert list(spool.iterdir()) == []


@pytest.mark.parametrize("kind", [URLENCODED, MULTIPART])
def test_a_body_in_chunks_that_never_ends_is_cut_at_the_limit(server, kind):
    port, spool = server
    start = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n' if kind == MULTIPART else b"a="
    sent = 0

    with opened(port, kind=kind, more="Transfer-Encoding: chunked\r\n") as connection:
        connection.sendall(chunk(start))
        try:
            while sent < 20 * LIMIT:
                connection.sendall(chunk(b"x" * 50_000))
                sent += 50_000
        except (BrokenPipeError, ConnectionResetError):
            pass

    assert LIMIT <= sent < LIMIT + IN_FLIGHT
    assert list(spool.iterdir()) == []


def test_a_body_in_chunks_one_byte_too_long_is_refused_though_it_goes_on(server):
    port, _spool = server

    with opened(port, more="Transfer-Encoding: chunked\r\n") as connection:
        connection.sendall(chunk(b"a=" + b"x" * (LIMIT - 1)))  # and no last chunk
        status, body = answered(connection)

    assert status == 413
    assert "That was too much at once" in body


def test_a_form_in_chunks_is_read_like_any_other(server):
    port, _spool = server
    connection = HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("GET", FORM)
    page = connection.getresponse()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.read().decode())[1]
    cookie = page.headers["Set-Cookie"].partition(";")[0]
    head = f"Transfer-Encoding: chunked\r\nCookie: {cookie}\r\nOrigin: http://127.0.0.1\r\nConnection: close\r\n"

    answers = []
    for key in (token, "k" * 64):
        body = f"csrfmiddlewaretoken={key}&login=nobody".encode()
        with opened(port, more=head) as connection:
            connection.sendall(chunk(body[:30]) + chunk(body[30:]) + b"0\r\n\r\n")
            answers.append(answered(connection)[0])

    assert answers == [422, 403]


@pytest.mark.parametrize(
    "broken", [b"nonsense\r\n", b"5\r\nabcdefgh\r\n", b"-1\r\n", b"5\r\nabcde\r\n0\r\nA\x00: b\r\n\r\n"]
)
def test_chunks_that_are_none_are_refused(server, broken):
    port, _spool = server

    with opened(port, more="Transfer-Encoding: chunked\r\n") as connection:
        connection.sendall(broken)
        status, body = answered(connection)

    assert status == 400
    assert "We could not read that form" in body


def test_the_server_goes_on_after_all_that(server):
    port, spool = server
    for _time in range(3):
        opened(port, more="Content-Length: 200000000\r\n").close()
        opened(port, more="Transfer-Encoding: chunked\r\n").close()

    connection = HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("GET", "/health/")

    assert connection.getresponse().read() == b"ok\n"
    assert list(spool.iterdir()) == []
