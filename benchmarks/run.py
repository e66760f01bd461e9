"""Run the benchmarks, print their table, and write it into docs/benchmarks.md when asked.

    python -m benchmarks.run [NAME …] [--write docs/benchmarks.md]

Exits with 1 where a figure falls short of what is asked. A benchmark is a module of this folder
with `run() -> list[Result]`; it fails where the two ways do not give one result.
"""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

from benchmarks.measure import Result, machine

BENCHMARKS = ("replay", "quotes", "pricing", "scale")
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def table(results: list[Result]) -> list[str]:
    """The figures as a Markdown table."""
    lines = ["| figure | measured | turns | bound |", "|---|---|---|---|"]
    for found in results:
        short = "" if found.met else ", **missed**"
        cells = (found.name, f"**{found.value:.3g}**", found.spread, found.bound + short)
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def report(names: tuple[str, ...]) -> tuple[str, bool]:
    """What the benchmarks found, and whether all of it is met."""
    results: list[Result] = []
    for name in names:
        print(f"{name} …", flush=True)
        results += importlib.import_module(f"benchmarks.{name}").run()
    lines = [*(f"- {line}" for line in machine()), "", *table(results)]
    return "\n".join(lines), all(found.met for found in results)


def write(page: Path, text: str) -> None:
    """Replace what stands between the marks of the page.

    Raises
    ------
    ValueError : the page has no such marks.
    """
    before, begin, rest = page.read_text("utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{page} has no lines {BEGIN} and {END} to write between")
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", "utf-8")


def main() -> int:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="write the table into this page")
    options = parser.parse_args()
    if unknown := set(options.names) - set(BENCHMARKS):
        parser.error(
            f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}"
        )
    text, met = report(tuple(options.names) or BENCHMARKS)
    print(text)
    if options.write:
        write(options.write, text)
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main())
