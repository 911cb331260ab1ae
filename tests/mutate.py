"""The program of `bin/mutate`: plants each mutant in a copy of the checkout and runs the tests that must notice it."""

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
# Pytest's exit status -> the result of a mutant. Any other status: its tests have moved, or the code does not run.
PASSED, FAILED = 0, 1
RESULTS = {PASSED: "survived", FAILED: CAUGHT}
CONSTRAINT = "core/constraints.py"
LONGEST = 900  # seconds for the tests of one mutant; one whose tests hang counts as caught


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
    """The copy of the checkout in which mutants are planted, and its databases; made once for all mutants."""

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
        # No bytecode: a file changed twice within a second would be taken for its compiled old version.
        return variables | {"PYTHONPATH": str(self.checkout), "PYTHONDONTWRITEBYTECODE": "1"}


def times_found(mutant: Mutant) -> int:
    path = ROOT / mutant.file
    return path.read_text().count(mutant.old) if path.exists() else 0


def is_found(mutant: Mutant) -> bool:
    return times_found(mutant) == 1


def copy_checkout(copy: Path) -> None:
    """Copy every file that git tracks or does not ignore, with uncommitted changes."""
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
    """Plant the mutant, run its tests, restore the file; the result. Tests that fail without it prove nothing."""
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
    """Pytest's status of the mutant's tests without the mutant; each selection of tests runs once."""
    asked = (mutant.tests, mutant.database)
    if asked not in place.unspoilt:
        place.unspoilt[asked] = status_of_tests(mutant, place)
    return place.unspoilt[asked]


def status_of_tests(mutant: Mutant, place: Place) -> int:
    words = ["-q", "-x", "-p", "no:cacheprovider", "--durations=0", "--durations-min=9999", *mutant.tests]
    # A mutant of the constraint changes the database itself, so that no other mutant may use it.
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
