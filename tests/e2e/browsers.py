"""The search for a Chromium, and the watch over a page's errors and requests."""

import os
import shutil
from pathlib import Path
from urllib.parse import urlsplit

# The first is Chromium without windows: the same pages for two thirds of the work.
NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
)
ELSEWHERE = (
    "/usr/bin/chromium",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
# The longest time of a step in ms: many times what it takes, as the machine may be busy.
PATIENCE = 30_000
# Chromium's options against requests to other hosts.
QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-pings",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]


def find_chromium(playwright) -> str | None:
    """The path of a Chromium: BROWSER_PATH, the system's, or Playwright's own download; None if there is none."""
    candidates = [os.environ.get("BROWSER_PATH"), *map(shutil.which, NAMES), *ELSEWHERE]
    candidates.append(playwright.chromium.executable_path)
    return next((path for path in candidates if path and Path(path).is_file()), None)


def launch(playwright, path):
    sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    return playwright.chromium.launch(executable_path=path, args=[*QUIET, *sandbox])


class Watch:
    """Collects faults of a page: errors on the console, broken files, requests to another host.

    An answer of 4xx to a page or to htmx is for the test to judge; to a stylesheet, script, font or picture it is a
    fault, and so is 5xx to anything. A test that provokes a fault calls `watch.expect("500")` before.
    """

    def __init__(self, context, home: str) -> None:
        self.home = urlsplit(home).netloc
        self.problems: list[str] = []
        self.expected: list[str] = []
        context.on("request", self._request)
        context.on("response", self._response)
        context.on("console", self._console)
        context.on("weberror", lambda error: self._add(f"script error: {error.error}"))

    def expect(self, text: str) -> None:
        """Ignore faults that contain this text."""
        self.expected.append(text)

    def unexpected(self) -> list[str]:
        return [problem for problem in self.problems if not any(text in problem for text in self.expected)]

    def _add(self, problem: str) -> None:
        self.problems.append(problem)

    def _request(self, request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != self.home:
            self._add(f"request to another host: {request.url}")

    def _response(self, response) -> None:
        conversation = response.request.resource_type in {"document", "xhr", "fetch"}
        if response.status >= 500 or (response.status >= 400 and not conversation):
            self._add(f"answer {response.status}: {response.url}")

    def _console(self, message) -> None:
        # "Failed to load resource" repeats what _response judges with more knowledge.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self._add(f"console: {message.text}")


if __name__ == "__main__":  # python -m tests.e2e.browsers: which one the tests would use
    import sys

    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = find_chromium(playwright)
    print(path or "No Chromium was found.")
    sys.exit(path is None)
