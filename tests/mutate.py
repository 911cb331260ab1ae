"""Does what `bin/mutate` says."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.mutants import MUTANTS, POSTGRES, Mutant
from tests.postgres import TemporaryPostgres

ROOT = Path(__file__).resolve().parent.parent

# Pytest's own: some test failed; nothing could be collected, as after a mutant that breaks an import.
FAILED, NOTHING_RAN = 1, {2, 3, 4, 5}
CAUGHT = "caught"
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
    """Plant it, run its tests, take it out again; what came of it."""
    path = place.checkout / mutant.file
    before = path.read_text()
    began = time.monotonic()
    path.write_text(before.replace(mutant.old, mutant.new))
    try:
        result = result_of(mutant, place)
    finally:
        path.write_text(before)
    mark = result if result == CAUGHT else result.upper()
    print(f"{mark:9} {time.monotonic() - began:4.0f} s  {mutant.database:8}  {mutant.name}", flush=True)
    return result


def result_of(mutant: Mutant, place: Place) -> str:
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
        return CAUGHT
    if done.returncode in NOTHING_RAN:
        print(done.stdout.decode()[-2000:], done.stderr.decode()[-2000:])
        return "broken"  # its tests have moved, or it is no small defect
    return CAUGHT if done.returncode == FAILED else "survived"


if __name__ == "__main__":
    sys.exit(main())
