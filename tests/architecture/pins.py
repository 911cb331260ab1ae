"""The check that requirements.txt and requirements-dev.txt still match pyproject.toml; needs no network.

Checked against the packages installed here: every direct dependency is pinned within its range, every pin is needed by
something, everything needed is pinned, each pin has hashes, and production runs the versions that were tested. A newer
release upstream changes nothing. Mend with `bin/lock`.
"""

import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>\S+?)(?: ; (?P<marker>.+?))? \\$")


def problems() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    production = project["project"]["dependencies"]
    extras = [line for extra in project["project"].get("optional-dependencies", {}).values() for line in extra]
    development = production + extras + project["dependency-groups"]["dev"]
    base, dev = pins(ROOT / "requirements.txt"), pins(ROOT / "requirements-dev.txt")
    different = sorted(name for name, pin in base.items() if dev.get(name) != pin)
    return [
        *compare("requirements.txt", base, production),
        *compare("requirements-dev.txt", dev, development),
        *(f"{name} is pinned otherwise in requirements-dev.txt than in requirements.txt" for name in different),
    ]


def pins(path: Path) -> dict[str, str]:
    """The pinned versions by name, of the pins that apply on this system; refuses lines that are no pin and no hash."""
    found: dict[str, str] = {}
    for line in path.read_text().splitlines():
        if match := PIN.match(line):
            if not match["marker"] or Requirement(f"x ; {match['marker']}").marker.evaluate():  # type: ignore[union-attr]
                found[canonicalize_name(match["name"])] = match["version"]
        elif not re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line):
            raise ValueError(f"{path.name}: neither a pin nor a hash: {line}")
    return found


def compare(file: str, pinned: dict[str, str], asked: list[str]) -> list[str]:
    found = []
    for requirement in map(Requirement, asked):
        version = pinned.get(canonicalize_name(requirement.name))
        if version is None:
            found.append(f"{file} does not pin {requirement.name}")
        elif version not in requirement.specifier:
            found.append(
                f"{file} pins {requirement.name} {version}, but pyproject.toml asks for {requirement.specifier}"
            )
    needed = closure(asked)
    found += [f"{file} does not pin {name}" for name in sorted(needed - set(pinned))]
    found += [f"{file} pins {name}, which nothing needs" for name in sorted(set(pinned) - needed)]
    return found


def closure(asked: list[str]) -> set[str]:
    """The names of all packages that these need on this system, directly or not."""
    waiting = [(Requirement(line), "") for line in asked]
    done: set[tuple[str, str]] = set()
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        for wanted in {"", *requirement.extras}:
            if (name, wanted) in done:
                continue
            done.add((name, wanted))
            try:
                requires = distribution(name).requires or []
            except PackageNotFoundError:
                continue
            waiting += [(Requirement(line), wanted) for line in requires]
    return {name for name, _ in done}


if __name__ == "__main__":
    found = problems()
    sys.exit("\n".join([*found, "Mend it with bin/lock."]) if found else 0)
