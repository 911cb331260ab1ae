"""`python -m bench.table figures.json`: the figures of a run with `--json`, as Markdown for docs/performance.md."""

import json
import sys
from pathlib import Path
from statistics import median
from typing import Any


def main(file: str) -> None:
    found = json.loads(Path(file).read_text())
    run, figures = found["run"], found["figures"]
    met = sum(figure["met"] for figure in figures)
    print(
        f"{run['on']}, {run['providers']:,} providers, {run['rounds']} rounds of {run['seconds']:g} s each: "
        f"{met} of {len(figures)} targets met.\n"
    )
    print("| what | target | median | rounds | |\n|---|---|---:|---|---|")
    for figure in figures:
        columns = [figure["name"], figure["target"], f"{figure['median']:.3g}", _spread(figure), _verdict(figure)]
        print(f"| {' | '.join(columns)} |")
    print("\nWhat lies behind them, medians of the rounds:\n")
    print("| request | clients | a second | CPU ms each | p50 ms | p95 ms |\n|---|---:|---:|---:|---:|---:|")
    for (name, clients), samples in _by_scenario(found["samples"]).items():
        columns = [median(sample[key] for sample in samples) for key in ("rate", "cpu_ms", "p50_ms", "p95_ms")]
        print(f"| {name} | {clients} | {' | '.join(f'{value:,.4g}' for value in columns)} |")


def _spread(figure: dict[str, Any]) -> str:
    values = figure["rounds"]
    return f"{min(values):.3g} to {max(values):.3g}" if len(values) > 1 else ""


def _verdict(figure: dict[str, Any]) -> str:
    """Whether the figure met its target; if not, its share of the target."""
    if figure["met"]:
        return "met"
    sign, bound = figure["target"].split()
    share = figure["median"] / float(bound)
    return f"**missed**: {share:.2g} × the target" if sign == "<=" else f"**missed**: {share:.0%} of the target"


def _by_scenario(samples: list[dict[str, Any]]) -> dict[tuple[str, int], list[dict[str, Any]]]:
    found: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for sample in samples:
        found.setdefault((sample["name"], sample["clients"]), []).append(sample)
    return found


if __name__ == "__main__":
    main(sys.argv[1])
