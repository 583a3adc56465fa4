"""The harness itself: a few of its scenarios in every run of the tests, and that it sees a leak."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[2]

MAKES_ADMIN = 9

PLAY = """
import sys
sys.path.insert(0, {tests!r})
{broken}
from deep.faults.__main__ import main
raise SystemExit(main({arguments!r}))
"""


KILLED, SILENT = "killed after the call", "timeout after the call"


def play(*faults: str, broken: str = "") -> subprocess.CompletedProcess[str]:
    """At the call that makes the administrator, in a process of its own: the harness forks, and so must
    have no threads.
    """
    arguments = ["--jobs", "1", "--only", str(MAKES_ADMIN), *(f"--fault={fault}" for fault in faults)]
    code = PLAY.format(tests=str(TESTS), broken=broken, arguments=arguments)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_a_lab_that_is_struck_leaves_nothing_after_the_sweep() -> None:
    played = play(KILLED, SILENT)
    assert played.stdout.rstrip().endswith("leaks 0"), played.stdout + played.stderr
    assert played.returncode == 0


def test_a_sweep_that_does_nothing_is_seen() -> None:
    broken = "from pytest_kmslab.lab.sweep import sweep; sweep.Sweep.remove = lambda self: self.findings"
    played = play(KILLED, broken=broken)
    assert played.returncode == 1
    assert "leaked: user kmslab-admin-" in played.stdout
    assert not played.stdout.rstrip().endswith("leaks 0")


def test_a_sweep_that_takes_what_is_not_ours_is_seen() -> None:
    broken = "from pytest_kmslab.lab.sweep import sweep; sweep.Sweep._is_dead = lambda self, found: True"
    broken += "; sweep.OLDER_THAN = sweep.timedelta(0)"
    played = play(KILLED, broken=broken)
    assert played.returncode == 1
    assert "not ours, and gone: alarm my_table_kms-0b0b0b0b-main-1" in played.stdout
