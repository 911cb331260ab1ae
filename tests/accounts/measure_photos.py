"""A program for a test: prints peak memory and seconds of preparing each named file, as JSON."""

import json
import sys
import time
from pathlib import Path

import django

django.setup()

from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: E402

from accounts import photos  # noqa: E402
from accounts.exceptions import PhotoRefused  # noqa: E402


def highest() -> int:
    """The peak memory of this process in megabytes since the last reset."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) // 1024


def measured(data: bytes) -> dict[str, object]:
    Path("/proc/self/clear_refs").write_text("5")  # resets the peak
    started = time.process_time()
    try:
        photos.prepare(SimpleUploadedFile("x", data))
        verdict = "taken"
    except PhotoRefused:
        verdict = "refused"
    return {"verdict": verdict, "seconds": time.process_time() - started, "megabytes": highest()}


if __name__ == "__main__":
    print(
        json.dumps(
            {
                name: measured(data)
                for name, data in ((Path(path).stem, Path(path).read_bytes()) for path in sys.argv[1:])
            }
        )
    )
