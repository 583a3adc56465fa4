from __future__ import annotations

import re
from datetime import datetime, timezone

import pytest

from pytest_kmslab.lab.naming import LIFETIME, Naming, run_id, worker_id

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=timezone.utc)


def test_a_base_name_is_made_unique() -> None:
    naming = Naming("1a2b3c4d", "gw0")
    assert naming.name("my_table_kms") == "my_table_kms-1a2b3c4d-gw0-1"
    assert naming.name("my_table_kms") == "my_table_kms-1a2b3c4d-gw0-2"


def test_names_of_other_runs_and_workers_are_other_names() -> None:
    names = {Naming(run, worker).name("k") for run in ("aaaaaaaa", "bbbbbbbb") for worker in ("gw0", "gw1")}
    assert len(names) == 4


@pytest.mark.parametrize("worker", [None, "gw0", "gw11", "a worker/with an odd name", "averylongworkername"])
def test_the_suffix_is_valid_everywhere_and_short(worker: str | None) -> None:
    naming = Naming(run_id(), worker_id(worker))
    suffix = [naming.name("") for _ in range(1000)][-1]
    assert len(suffix) <= 24
    # what is common to alias, table and user names
    assert re.fullmatch(r"[A-Za-z0-9_-]+", suffix)


def test_a_run_id_is_random_unless_workers_share_one() -> None:
    assert run_id() != run_id()
    assert run_id("the controller's") == run_id("the controller's") != run_id("another's")


def test_workers_with_long_names_keep_apart() -> None:
    assert worker_id("machine-number-1") != worker_id("machine-number-2")


def test_tags_say_whose_it_is_and_until_when() -> None:
    assert Naming("1a2b3c4d", "gw0", now=lambda: NOON).tags("orders-1") == {
        "kmslab:run": "1a2b3c4d",
        "kmslab:worker": "gw0",
        "kmslab:name": "orders-1",
        "kmslab:expires": (NOON + LIFETIME).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


@pytest.mark.parametrize(
    ("tags", "ours"),
    [
        ({"kmslab:run": "1a2b3c4d", "kmslab:worker": "gw0", "more": "tags"}, True),
        ({"kmslab:run": "1a2b3c4d", "kmslab:worker": "gw1"}, False),
        ({"kmslab:run": "ffffffff", "kmslab:worker": "gw0"}, False),
        ({"kmslab:run": "1a2b3c4d"}, False),
        ({}, False),
    ],
)
def test_only_the_tags_of_this_run_and_worker_are_ours(tags: dict[str, str], ours: bool) -> None:
    assert Naming("1a2b3c4d", "gw0").owns(tags) is ours
