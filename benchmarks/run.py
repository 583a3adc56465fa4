"""Measures what the project promises, and fails where a bar is missed.

    PYTHONPATH=tests python benchmarks/run.py [--only decisions] [--work folder]

Everything is a ratio or a time of this one run, on this machine, with the candidates taking turns. Needs
node, npm and pip for the engines that are compared with. Exit 0 if every bar is kept, 1 if not.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import calls
import decisions
import lab
import runs
import scale
from measure import Row

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: Sequence[str]) -> int:
    """Run the command; the exit code."""
    parser = argparse.ArgumentParser(description="measure what the project promises")
    parser.add_argument("--only", help="one of the parts, by name")
    parser.add_argument(
        "--work", type=Path, default=ROOT / "build" / "peers", help="where peers are installed"
    )
    options = parser.parse_args(arguments)
    parts: dict[str, Callable[[], Iterator[Row]]] = {
        "decisions": lambda: decisions.rows(options.work),
        "calls": calls.rows,
        "scale": scale.rows,
        "lab": lab.rows,
        "runs": runs.rows,
    }
    if options.only and options.only not in parts:
        parser.error(f"no part `{options.only}`: choose one of {', '.join(parts)}")
    missed = 0
    for name, part in parts.items():
        if options.only in (None, name):
            for row in part():
                sys.stdout.write(f"{row}\n")
                sys.stdout.flush()
                missed += not row.kept
    sys.stdout.write(f"{missed} bars missed\n" if missed else "every bar kept\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
