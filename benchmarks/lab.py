"""A whole lab on moto, set up and torn down: key, alias, table, item and two users."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from measure import Row, loop

from pytest_kmslab.config.options import Settings
from pytest_kmslab.lab.context import LabContext
from pytest_kmslab.lab.naming import Naming, run_id, worker_id
from pytest_kmslab.lab.opening import open_lab
from pytest_kmslab.session.run import Run

ROUNDS = 21


def rows() -> Iterator[Row]:
    """The time of one lab, whose bar is in plain GetItems (runs.py): with every call decided."""
    run = Run(Settings())
    run.install()
    with TemporaryDirectory() as folder:
        naming = Naming(run_id(None), worker_id(None))
        site = LabContext.of(run.backend, run.settings, run.trail, naming, Path(folder))
        measure = loop(lambda: _whole(site), 1)
        measure()
        seconds = median(measure() for _ in range(ROUNDS))
    run.close()
    yield Row("a lab set up and torn down", seconds * 1e3, "ms")


def _whole(site: LabContext) -> None:
    site.backend.start()
    try:
        with open_lab(site, discards_account=site.backend.discards_account) as lab:
            key = lab.create_key()
            table = lab.create_table()
            table.encrypt(key)
            lab.as_(lab.admin).client("dynamodb").put_item(TableName=table.name, Item={"id": {"S": "1"}})
            key.add_user(lab.create_user("kmslab-key-user", policies=["AmazonDynamoDBFullAccess"]))
            lab.create_user(policies=["AmazonDynamoDBFullAccess"])
    finally:
        site.backend.stop()
