"""A program for a test: prints the memory (beyond that at rest) and the seconds of preparing each named file."""

import json
import sys
import time
from pathlib import Path

import django

django.setup()

from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: E402

from accounts import photos  # noqa: E402
from accounts.exceptions import PhotoRefused  # noqa: E402


def memory(name: str) -> int:
    """The memory of this process in megabytes: now (VmRSS), or the most since the last reset (VmHWM)."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) // 1024


AT_REST = memory("VmRSS")


def measured(data: bytes) -> dict[str, object]:
    Path("/proc/self/clear_refs").write_text("5")  # resets the peak
    started = time.process_time()
    try:
        photos.prepare(SimpleUploadedFile("x", data))
        verdict = "taken"
    except PhotoRefused:
        verdict = "refused"
    return {"verdict": verdict, "seconds": time.process_time() - started, "megabytes": memory("VmHWM") - AT_REST}


if __name__ == "__main__":
    print(
        json.dumps(
            {
                name: measured(data)
                for name, data in ((Path(path).stem, Path(path).read_bytes()) for path in sys.argv[1:])
            }
        )
    )
