"""What runs of pytest cost, from outside: a lab, the suite, collecting, two workers; and one call's path."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from textwrap import dedent

from measure import Row, ratio

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 3
REPORT_ROUNDS = 7
LABS = 80
LAB_TESTS = 1_000
"""Tests that two workers share."""

_PATH_TEST = """
    import sys

    import pytest
    from botocore.exceptions import ClientError


    def test_path(kmslab, encrypted_table, outsider):
        client = kmslab.as_(outsider).client("dynamodb")

        def get():
            with pytest.raises(ClientError, match="kms:Decrypt"):
                client.get_item(TableName=encrypted_table.name, Key={"id": {"S": "1"}})

        for _ in range(20):
            get()
        calls = []

        def profile(frame, event, _):
            code = frame.f_code
            if event == "call" and "/pytest_kmslab/" in code.co_filename and not code.co_name.startswith("<"):
                calls.append(code.co_filename)

        sys.setprofile(profile)
        try:
            get()
        finally:
            sys.setprofile(None)
        print(f"calls={len(calls)} files={len(set(calls))}")
"""
_LAB_TESTS = """
    import pytest


    @pytest.mark.parametrize("n", range({count}))
    def test_lab(kmslab, kms_key, encrypted_table, key_user, outsider, n):
        pass
"""
_PLAIN = """
    import time

    import boto3
    from moto import mock_aws

    with mock_aws():
        session = boto3.Session("AKIAANYBODYATALL0000", "any", region_name="us-east-1")
        db = session.client("dynamodb")
        db.create_table(
            TableName="plain",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        for _ in range(100):
            db.get_item(TableName="plain", Key={"id": {"S": "1"}})
        start = time.process_time()
        for _ in range(600):
            db.get_item(TableName="plain", Key={"id": {"S": "1"}})
        print((time.process_time() - start) / 600)
"""


def rows() -> Iterator[Row]:
    """Each kind of run in turn; CPU time, but for the workers, which are there to save time on the clock."""
    with TemporaryDirectory() as folder:
        yield from _path(Path(folder))
        yield from _labs(Path(folder))
        yield from _reports(Path(folder))
        yield from _collecting(Path(folder))
        yield from _workers(Path(folder))


def _path(folder: Path) -> Iterator[Row]:
    shown = _run(["-s", _file(folder, "path", _PATH_TEST)], folder)
    found = re.search(r"calls=(\d+) files=(\d+)", shown)
    assert found is not None, shown
    yield Row("path of a warm denied GetItem: calls of our functions", int(found[1]), "", 125)
    yield Row("path of a warm denied GetItem: files of ours", int(found[2]), "", 20)


def _labs(folder: Path) -> Iterator[Row]:
    """A lab, in plain GetItems of the same run, and the project's own suite."""
    tests = _file(folder, "labs", _LAB_TESTS.format(count=LABS))
    labs, suite = [], []
    for _ in range(ROUNDS):
        plain = float(_python(["-c", dedent(_PLAIN)], folder))
        one, all_of_them = _cpu([f"{tests}::test_lab[0]"], folder), _cpu([tests], folder)
        labs.append((all_of_them - one) / (LABS - 1) / plain)
        told = re.search(r" in ([\d.]+)s", _run([str(ROOT / "tests" / "e2e")], ROOT))
        assert told is not None
        suite.append(float(told[1]))
    yield Row("a lab of its own for each test, in plain GetItems", median(labs), "×", 22)
    # As pytest tells it: a plain GetItem is no unit of this, as a loop of them is served from caches alone.
    yield Row("tests/e2e on moto, a lab for each test", median(suite), "s", 5)


def _reports(folder: Path) -> Iterator[Row]:
    """What a report adds to a run of the project's own suite, beside the same without one; all take turns."""
    kinds = {
        "none": (),
        "json": (f"--kmslab-report={folder}/r.json",),
        "html": (f"--kmslab-report={folder}/r.html",),
    }
    suite = str(ROOT / "tests" / "e2e")
    measured: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(REPORT_ROUNDS):
        for kind, asked in kinds.items():
            measured[kind].append(_cpu([suite, *asked], ROOT))
    for kind in ("json", "html"):
        yield Row(
            f"tests/e2e with a report as {kind} / without one", ratio(measured, kind, "none"), "×", 1.10
        )


def _collecting(folder: Path) -> Iterator[Row]:
    """What the plugin costs a run that does not use it: 25 ms of 250 at most."""
    tests = _file(folder, "nothing", "def test_nothing():\n    pass\n")
    with_plugin, without = [], []
    for _ in range(5 * ROUNDS):
        with_plugin.append(_cpu(["--collect-only", tests], folder))
        without.append(_cpu(["--collect-only", "-p", "no:kmslab", tests], folder))
    yield Row("pytest --collect-only, installed and unused", median(with_plugin) * 1e3, "ms")
    yield Row("  / without the plugin", median(with_plugin) / median(without), "×", 1.10)


def _workers(folder: Path) -> Iterator[Row]:
    """Two workers beside one; what both take for two tests is taken off, which is their start-up."""
    few = _file(folder, "few", _LAB_TESTS.format(count=2))
    many = _file(folder, "many", _LAB_TESTS.format(count=LAB_TESTS))
    one, two = (
        _wall(["-n", workers, many], folder) - _wall(["-n", workers, few], folder) for workers in ("1", "2")
    )
    yield Row(f"{LAB_TESTS:,} lab tests, one xdist worker / two", one / two, "×", 1.7, at_least=True)


def _file(folder: Path, name: str, text: str) -> str:
    path = folder / f"test_{name}.py"
    path.write_text(dedent(text), encoding="utf-8")
    return str(path)


def _cpu(arguments: Sequence[str], folder: Path) -> float:
    """The CPU seconds of a run of pytest and its children."""
    before = os.times()
    _run(arguments, folder)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def _wall(arguments: Sequence[str], folder: Path) -> float:
    start = time.perf_counter()
    _run(arguments, folder)
    return time.perf_counter() - start


def _run(arguments: Sequence[str], folder: Path) -> str:
    return _python(["-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments], folder)


def _python(arguments: Sequence[str], folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    return done.stdout
