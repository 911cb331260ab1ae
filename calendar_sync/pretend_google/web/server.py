"""The server: a thread for each connection, on 127.0.0.1 and nowhere else, and a courier for push messages."""

import http.client
import sys
import threading
import time
import traceback
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from calendar_sync.pretend_google.channels import Push
from calendar_sync.pretend_google.consent import LOOPBACK
from calendar_sync.pretend_google.faults import Fault
from calendar_sync.pretend_google.google import Call, Google
from calendar_sync.pretend_google.refusals import OAuthRefusal, Refusal, not_found

from . import pages, routes
from .messages import LARGEST_BODY, Answer, Request

HOST = "127.0.0.1"
PUSH_TIMEOUT = 5
MOST_TRIES = 4
FIRST_PAUSE = 0.2  # before a push that failed is tried again; doubled each time


class PretendGoogle:
    """`with PretendGoogle() as server:` answers at `server.address` until the end; the state is `server.google`."""

    def __init__(self, google: Google | None = None, *, port: int = 0) -> None:
        self.google = google or Google()
        self._http = _Server((HOST, port), _Handler)
        self._http.google = self.google
        self.address = f"http://{HOST}:{self._http.server_address[1]}"
        self.google.tokens.issuer = self.address
        self._courier = Courier(self.google)
        self._threads = [
            threading.Thread(target=self._http.serve_forever, args=(0.05,), name="pretend-google", daemon=True),
            threading.Thread(target=self._courier.run, name="pretend-google-courier", daemon=True),
        ]

    def settings(self) -> dict[str, str]:
        """The variables that point the product here."""
        client = next(iter(self.google.consents.clients.values()))
        return {
            "GOOGLE_CLIENT_ID": client.id,
            "GOOGLE_CLIENT_SECRET": client.secret,
            "GOOGLE_AUTH_URI": f"{self.address}/o/oauth2/v2/auth",
            "GOOGLE_TOKEN_URI": f"{self.address}/token",
            "GOOGLE_REVOKE_URI": f"{self.address}/revoke",
            "GOOGLE_USERINFO_URI": f"{self.address}/v1/userinfo",
            "GOOGLE_CERTS_URI": f"{self.address}/oauth2/v1/certs",
            "GOOGLE_ISSUER": self.address,
            "GOOGLE_CALENDAR_ENDPOINT": f"{self.address}/calendar/v3/",
        }

    def start(self) -> "PretendGoogle":
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        self._courier.stopping.set()
        self._http.shutdown()
        for thread in self._threads:
            thread.join()
        self._http.server_close()

    def wait_for_pushes(self, seconds: float = 10) -> None:
        """Return once every message that was on its way has been delivered or given up."""
        ends_at = time.monotonic() + seconds
        while self.google.channels.waiting or self._courier.busy:
            if time.monotonic() > ends_at:
                raise TimeoutError("push messages are still on their way")
            time.sleep(0.01)

    def __enter__(self) -> "PretendGoogle":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # clients keep their connections open
    request_queue_size = 128
    google: Google

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is nobody's mistake; anything else is told on standard error."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "PretendGoogle"
    sys_version = ""
    timeout = 60
    disable_nagle_algorithm = True  # headers and body are two writes
    server: _Server

    def handle_one(self) -> None:
        address = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        self.close_connection |= length > LARGEST_BODY
        request = Request(
            verb=self.command,
            path=address.path,
            query_text=address.query,
            headers={name.lower(): value for name, value in self.headers.items()},
            data=self.rfile.read(min(length, LARGEST_BODY)),
        )
        answer = respond(self.server.google, request)
        if answer is None:
            self.close_connection = True
            return
        data = answer.data()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_one

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: what was asked stands in `google.calls`, and tokens in no log."""


def overridden(request: Request) -> Request:
    """The request as it was meant: Google's library sends a GET with a long address as a POST."""
    verb = request.headers.get("x-http-method-override", request.verb)
    if verb == request.verb:
        return request
    return replace(request, verb=verb, query_text=request.data.decode("ascii", "replace"), data=b"")


def respond(google: Google, request: Request) -> Answer | None:
    """The answer to a request; None is a connection that is closed without one."""
    if not _is_ours(request):
        return Answer({"error": "misdirected_request"}, status=421)
    request = overridden(request)
    found = routes.find(request)
    if not found:
        return _refused(routes.API, not_found())
    route, places = found
    request = replace(request, places=places)
    address = f"{request.path}?{request.query_text}"
    with google.lock:
        fault = google.faults.take(route.name, address) if route.kind in {routes.API, routes.OAUTH} else None
    if fault and not fault.after:
        time.sleep(fault.delay)
        if fault.answers:
            return _noted(google, route, request, _spoilt(fault), spoilt=True)
    with google.lock:
        google.settle()
        try:
            answer = routes.answer(google, route, request)
        except (Refusal, OAuthRefusal) as refusal:
            answer = _refused(route.kind, refusal)
        except Exception:
            # A mistake of ours, or a body of a kind that nobody thought of: said here, and not taken for Google's word.
            traceback.print_exc()
            answer = _refused(route.kind, Refusal(500, "pretendGoogleFailed", "See the pretend Google's log."))
    if fault and fault.after:
        time.sleep(fault.delay)
        if fault.answers:
            return _noted(google, route, request, _spoilt(fault), spoilt=True)
    return _noted(google, route, request, answer)


def _is_ours(request: Request) -> bool:
    """Whether the request was meant for this machine's stand-in, and no page of somebody else's made it."""
    host = urlsplit(f"//{request.headers.get('host', '')}")
    origin = request.headers.get("origin", "")
    return host.hostname in LOOPBACK and (request.verb == "GET" or not origin or urlsplit(origin).netloc == host.netloc)


def _refused(kind: str, refusal: Refusal | OAuthRefusal) -> Answer:
    if kind == routes.PAGE:
        return pages.refused(refusal)
    headers = {"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/"'} if refusal.status == 401 else {}
    return Answer(refusal.body(), status=refusal.status, headers=headers)


def _spoilt(fault: Fault) -> Answer | None:
    if fault.close:
        return None
    headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
    if fault.body is not None:
        return Answer(fault.body.encode(), fault.status or 200, fault.content_type, headers)
    return Answer(fault.told(), fault.status, headers=headers)


def _noted(
    google: Google, route: routes.Route, request: Request, answer: Answer | None, *, spoilt: bool = False
) -> Answer | None:
    if route.kind in {routes.API, routes.OAUTH}:
        with google.lock:
            call = Call(
                method=route.name,
                status=answer.status if answer else 0,
                verb=request.verb,
                path=request.path,
                query=request.query.values,
                email=google.tokens.email_of(request.bearer),
                body=request.json_or_none,
                answer=answer.body if answer and isinstance(answer.body, dict) else None,
                spoilt=spoilt,
            )
            google.calls.append(call)
    return answer


class Courier:
    """Delivers push messages one after another, to addresses on this machine only, and tries failed ones again."""

    def __init__(self, google: Google) -> None:
        self.google = google
        self.stopping = threading.Event()
        self.busy = False

    def run(self) -> None:
        while not self.stopping.is_set():
            self.google.settle()
            if push := self._next():
                self._deliver(push)
                self.busy = False
            else:
                self.stopping.wait(0.02)

    def _next(self) -> Push | None:
        channels = self.google.channels
        with self.google.lock:
            if channels.held or not channels.waiting:
                return None
            self.busy = True
            return channels.waiting.popleft()

    def _deliver(self, push: Push) -> None:
        status = _post(push)
        self.google.channels.delivered.append((push, status))
        if status and status < 500:
            return
        if push.tries + 1 < MOST_TRIES and not self.stopping.wait(FIRST_PAUSE * 2**push.tries):
            with self.google.lock:
                self.google.channels.waiting.append(replace(push, tries=push.tries + 1))


def _post(push: Push) -> int:
    """The status that the address answers; 0 where nobody does, 204 for one that is not on this machine."""
    address = urlsplit(push.address)
    if address.scheme != "http" or address.hostname not in LOOPBACK:
        return 204
    connection = http.client.HTTPConnection(address.hostname, address.port or 80, timeout=PUSH_TIMEOUT)
    try:
        path = address.path + (f"?{address.query}" if address.query else "")
        connection.request("POST", path or "/", headers={"Content-Length": "0", **push.headers})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
