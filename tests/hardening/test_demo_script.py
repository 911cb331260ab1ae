"""The command that a newcomer types first, as it is typed."""

import os
import re
import signal
import subprocess
import sys
import time
from http.client import HTTPConnection

import pytest
from django.db import connection

from tests.postgres import free_port
from tests.processes import ROOT

PATIENCE = 300  # seconds, for what happens by itself: many times what it takes, for the machine may be busy


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the demo chooses its own database")
def test_the_demo_tells_its_address_and_logins_and_ends_with_ctrl_c(tmp_path):
    port, said, kept = free_port(), tmp_path / "said", {*ROOT.glob("var/pretend-google-*")}
    with said.open("w") as terminal:
        demo = subprocess.Popen(
            ["bin/demo"],
            cwd=ROOT,
            env={
                **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
                "VENV": sys.prefix,
                "PORT": str(port),
                "DATABASE_URL": f"sqlite:///{tmp_path / 'demo.sqlite3'}",
                "EMAIL_URL": "dummymail://",
                "DEBUG": "false",
                # An address that leads nowhere from here, as that of a site behind a proxy: nobody may be asked there.
                "SITE_URL": "http://dayline.test",
            },
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
            # As in a terminal, also where the tests run in the background: a shell cannot trap what it must ignore.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
    try:
        ends_at = time.monotonic() + PATIENCE
        while "Ctrl-C stops it" not in said.read_text():
            assert demo.poll() is None and time.monotonic() < ends_at, said.read_text()
            time.sleep(0.2)
        assert "Dayline is at http://dayline.test\n" in said.read_text()
        assert "maya@example.com     dayline-demo" in said.read_text()
        asked = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        asked.request("GET", "/providers/maya-okafor/", headers={"Host": "dayline.test"})
        answer = asked.getresponse()
        page = answer.read().decode()
        assert (answer.status, "Maya Okafor" in page) == (200, True)
        files = {*re.findall(r'"(/static/[^"]+)"', page)}
        assert files
        for file in files:
            asked.request("GET", file, headers={"Host": "dayline.test"})
            answer = asked.getresponse()
            answer.read()
            assert (file, answer.status) == (file, 200)
        asked.close()
        google = re.search(r"Pretend Google \(demo\) is at http://(127\.0\.0\.1:\d+)", said.read_text())[1]
        asked = HTTPConnection(google, timeout=PATIENCE)
        asked.request("GET", "/calendar/maya@example.com")
        diary = asked.getresponse().read()
        assert (b"Maya Okafor" in diary, b"Dayline" in diary) == (True, True), "her calendar is connected"
        asked.close()

        os.killpg(demo.pid, signal.SIGINT)

        assert demo.wait(PATIENCE) == 0
        assert said.read_text().rstrip().endswith("Stopped.")
        with pytest.raises(OSError):
            HTTPConnection(google, timeout=5).connect()
    finally:
        if demo.poll() is None:
            os.killpg(demo.pid, signal.SIGKILL)
        for file in {*ROOT.glob("var/pretend-google-*")} - kept:
            file.unlink()
