"""Does what `bin/mutate` says."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.mutants import MUTANTS, POSTGRES, Mutant
from tests.postgres import TemporaryPostgres

ROOT = Path(__file__).resolve().parent.parent

CAUGHT = "caught"
# Pytest's status, to what it means for a mutant. Any other: its tests have moved, or it is no small defect.
PASSED, FAILED = 0, 1
RESULTS = {PASSED: "survived", FAILED: CAUGHT}
CONSTRAINT = "core/constraints.py"
LONGEST = 900  # seconds for the tests of one mutant: one that hangs them is caught


def main() -> int:
    options = argparse.ArgumentParser(prog="bin/mutate")
    options.add_argument("words", nargs="*", help="only the mutants with one of these in their name")
    options.add_argument("--check", action="store_true", help="only look whether each text is found")
    chosen = options.parse_args()
    mutants = [one for one in MUTANTS if not chosen.words or any(word in one.name for word in chosen.words)]
    lost = [one for one in mutants if not is_found(one)]
    for one in lost:
        print(f"TEXT NOT FOUND  {one.name}: {one.file} has it {times_found(one)} times, not once")
    if lost or chosen.check or not mutants:
        print(f"{len(mutants) - len(lost)} of {len(mutants)} texts found")
        return 1 if lost or not mutants else 0
    with tempfile.TemporaryDirectory(prefix="dayline-mutants-") as folder, TemporaryPostgres() as server:
        place = Place(Path(folder), server)
        copy_checkout(place.checkout)
        results = [run(one, place) for one in mutants]
    counts = {result: results.count(result) for result in sorted(set(results))}
    print(", ".join(f"{count} {result}" for result, count in counts.items()))
    return 0 if set(results) == {CAUGHT} else 1


@dataclass(frozen=True)
class Place:
    """The copy that is spoilt and mended again, and where its databases stand, made once for all mutants."""

    folder: Path
    server: str
    unspoilt: dict[tuple[tuple[str, ...], str], int] = field(default_factory=dict)

    @property
    def checkout(self) -> Path:
        return self.folder / "checkout"

    def environment(self, mutant: Mutant) -> dict[str, str]:
        variables = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        if mutant.database == POSTGRES:
            variables["TEST_DATABASE_URL"] = self.server
        # A file that is changed twice within a second must not be taken for its old self.
        return variables | {"PYTHONPATH": str(self.checkout), "PYTHONDONTWRITEBYTECODE": "1"}


def times_found(mutant: Mutant) -> int:
    path = ROOT / mutant.file
    return path.read_text().count(mutant.old) if path.exists() else 0


def is_found(mutant: Mutant) -> bool:
    return times_found(mutant) == 1


def copy_checkout(copy: Path) -> None:
    """Every file that git knows or could know, as it stands now."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        source, target = ROOT / name, copy / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)


def run(mutant: Mutant, place: Place) -> str:
    """Plant it, run its tests, take it out again; what came of it. Tests that fail without it prove nothing."""
    path = place.checkout / mutant.file
    before = path.read_text()
    began = time.monotonic()
    if status_without(mutant, place) != PASSED:
        result = "its tests fail without it"
    else:
        path.write_text(before.replace(mutant.old, mutant.new))
        try:
            result = RESULTS.get(status_of_tests(mutant, place), "broken")
        finally:
            path.write_text(before)
    mark = result if result == CAUGHT else result.upper()
    print(f"{mark:9} {time.monotonic() - began:4.0f} s  {mutant.database:8}  {mutant.name}", flush=True)
    return result


def status_without(mutant: Mutant, place: Place) -> int:
    """Pytest's status for the mutant's tests as the code is; each choice of tests runs so once."""
    asked = (mutant.tests, mutant.database)
    if asked not in place.unspoilt:
        place.unspoilt[asked] = status_of_tests(mutant, place)
    return place.unspoilt[asked]


def status_of_tests(mutant: Mutant, place: Place) -> int:
    words = ["-q", "-x", "-p", "no:cacheprovider", "--durations=0", "--durations-min=9999", *mutant.tests]
    # The constraint stands in the database, which then is no other mutant's.
    is_fresh = mutant.file == CONSTRAINT or mutant.database == POSTGRES
    words.append("--create-db" if is_fresh else "--reuse-db")
    folder = tempfile.mkdtemp(dir=place.folder) if is_fresh else str(place.folder)
    environment = place.environment(mutant) | {"DAYLINE_TEST_FOLDER": folder}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *words],
            cwd=place.checkout,
            env=environment,
            capture_output=True,
            timeout=LONGEST,
        )
    except subprocess.TimeoutExpired:
        return FAILED
    if done.returncode not in RESULTS:
        print(done.stdout.decode()[-2000:], done.stderr.decode()[-2000:])
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
