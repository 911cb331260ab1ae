"""Run by a test in a process of its own: memory at its highest and seconds for each file named, as JSON."""

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
    """Megabytes this process held at most since the mark was set back."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) // 1024


def measured(data: bytes) -> dict[str, object]:
    Path("/proc/self/clear_refs").write_text("5")  # sets the mark back
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
