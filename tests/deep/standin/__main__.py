"""Runs a suite against the stand-in, once for each seed: `python -m deep.standin --seeds 1,2 -- tests/e2e`.

The seeds run side by side, for most of the time is waited. The first one observes too (docs/aws.md), which
reads what each decision rests on and takes as long again; a disagreement fails it. Beside them the document's
story is run without any wait, and must fail: a stand-in that minds nothing proves nothing.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from deep.standin.plugin import SEED, WITHOUT_WAITS

ACCOUNT = "123456789012"
PLUGIN = ("-p", "deep.standin.plugin")
REAL_AWS = (*PLUGIN, "--real-aws", f"--kmslab-account={ACCOUNT}", "--kmslab-region=us-east-1")
SEEDS = "1,2"
STORY = "tests/e2e/test_walkthrough.py"


@dataclass(frozen=True)
class Seeded:
    """The run of one seed, and what it says."""

    seed: int
    process: subprocess.Popen[bytes]
    output: IO[bytes]

    @classmethod
    def start(cls, seed: int, arguments: list[str], ledger: Path, **more: str) -> Seeded:
        output = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the process
        command = [sys.executable, "-m", "pytest", *REAL_AWS, *arguments]
        environment = {**os.environ, SEED: str(seed), "XDG_STATE_HOME": str(ledger / str(seed)), **more}
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
        return cls(seed, process, output)

    def end(self) -> int:
        """Wait, and show what it said."""
        status = self.process.wait()
        self.output.seek(0)
        sys.stdout.write(f"\n--- seed {self.seed} ---\n{self.output.read().decode()}")
        return status


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default=SEEDS, help="separated by commas (default: %(default)s)")
    parser.add_argument("arguments", nargs="*", default=["tests/e2e"], help="pytest's (default: tests/e2e)")
    given = parser.parse_args()
    seeds = [int(seed) for seed in given.seeds.split(",")]
    sys.stdout.write(f"standin: seeds {given.seeds}; one alone: python -m deep.standin --seeds {seeds[0]}\n")
    sys.stdout.flush()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        failed = run_all(seeds, given.arguments, Path(directory))
    told = f"failed: {', '.join(failed)}" if failed else "all passed"
    sys.stdout.write(f"\nstandin: seeds {given.seeds}: {told}, {time.monotonic() - begun:.0f} s\n")
    return 1 if failed else 0


def run_all(seeds: list[int], arguments: list[str], ledgers: Path) -> list[str]:
    """The runs that did not end as they must."""
    runs = [
        Seeded.start(
            seed, [f"--kmslab-observe={'strict' if seed == seeds[0] else 'off'}", *arguments], ledgers
        )
        for seed in seeds
    ]
    hasty = Seeded.start(0, ["-q", "--tb=line", STORY], ledgers, **{WITHOUT_WAITS: "1"})
    failed = [f"seed {run.seed}" for run in runs if run.end() != 0]
    return failed if hasty.process.wait() == 1 else [*failed, "without waits it passed"]


if __name__ == "__main__":
    raise SystemExit(main())
