"""A test that is run again gets a lab of its own, and a trail that begins anew."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from pytest_kmslab import Lab, Trail, denied

labs: list[Lab] = []


@pytest.mark.flaky(reruns=1)
def test_the_second_run_finds_nothing_of_the_first(kmslab: Lab, kmslab_trail: Trail) -> None:
    labs.append(kmslab)
    nobody = kmslab.create_user()
    with denied("dynamodb:ListTables"):
        kmslab.as_(nobody).client("dynamodb").list_tables()
    assert len(kmslab_trail.denied("dynamodb:ListTables")) == 1
    assert len(kmslab.inventory()) == 2  # the administrator and nobody
    assert len(labs) == 2, "once on purpose"


def test_it_was_run_twice_in_two_labs(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from pytest_kmslab import denied

        labs = []

        def test_it(kmslab, outsider, kms_key):
            labs.append(kmslab)
            with denied("kms:Encrypt"):
                kmslab.as_(outsider).client("kms").encrypt(KeyId=kms_key.arn, Plaintext=b"x")
            assert len(labs) == 3 and len(set(map(id, labs))) == 3
    """)
    result = pytester.runpytest_inprocess("--reruns=2", "-p", "no:randomly")
    assert result.parseoutcomes() == {"passed": 1, "rerun": 2}
    result.stdout.fnmatch_lines(["kmslab: * decisions, 3 denied"])


@pytest.mark.parametrize("workers", [(), ("-n1",)], ids=["here", "worker"])
def test_a_report_and_junit_tell_the_tries_apart(pytester: pytest.Pytester, workers: tuple[str, ...]) -> None:
    pytester.makepyfile("""
        tries = []

        def test_it(kmslab, kms_key, outsider):
            tries.append(1)
            who = outsider if len(tries) == 1 else kmslab.admin
            kmslab.as_(who).client("kms").encrypt(KeyId=kms_key.arn, Plaintext=b"x")
    """)
    options = ("--reruns=1", "-p", "no:randomly", "--kmslab-report=r.json", "--junitxml=j.xml", *workers)
    assert pytester.runpytest_inprocess(*options).parseoutcomes() == {"passed": 1, "rerun": 1}
    (told,) = (test for test in json.loads((pytester.path / "r.json").read_text())["tests"] if test["id"])
    assert told["outcome"] == "passed"
    assert told["failure"].startswith("It was tried again after this:\n")
    last = list(ElementTree.parse(pytester.path / "j.xml").iter("testcase"))[-1]
    assert [one.get("name") for one in last.iter("property")] == []
