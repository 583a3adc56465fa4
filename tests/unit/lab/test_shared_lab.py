"""What one worker made, another has: the same ARNs, credentials that work, and no second create call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_kmslab import DynamoDBTable, IamUser, KmsKey, Lab
from pytest_kmslab.lab.context import LabContext
from pytest_kmslab.lab.naming import Naming
from pytest_kmslab.lab.opening import open_lab
from pytest_kmslab.lab.shared_lab import SharedLab
from pytest_kmslab.lab.shared_state import SharedFolder

FULL_ACCESS = "AmazonDynamoDBFullAccess"


class Worker:
    """A worker's part, and its own lab; all workers are in this process here."""

    def __init__(self, folder: Path, name: str, site: LabContext, lab: Lab) -> None:
        self.secrets: list[str] = []
        named = replace(site, naming=Naming("1a2b3c4d", name))
        self.shared = SharedLab(SharedFolder(folder, name), named, self.secrets.append)
        self.lab = lab

    def key(self) -> KmsKey:
        return self.shared.once("kms_key", self.lab, lambda lab: lab.create_key())

    def table(self) -> DynamoDBTable:
        return self.shared.once("encrypted_table", self.lab, lambda lab: lab.create_table(key=self.key()))

    def user(self) -> IamUser:
        return self.shared.once("outsider", self.lab, lambda lab: lab.create_user(policies=[FULL_ACCESS]))


@pytest.fixture
def workers(tmp_path: Path, site: LabContext) -> Iterator[tuple[Worker, Worker]]:
    with open_lab(site) as lab:
        yield Worker(tmp_path, "sgw0", site, lab), Worker(tmp_path, "sgw1", site, lab)


def test_a_key_is_one_key(workers: tuple[Worker, Worker]) -> None:
    made, found = (worker.key() for worker in workers)
    assert (made.arn, made.id, made.alias) == (found.arn, found.id, found.alias)
    assert "-sgw0-" in found.alias
    assert found.state() == "Enabled"
    assert found.users() == [workers[0].lab.admin.arn]


def test_a_table_is_one_table(workers: tuple[Worker, Worker]) -> None:
    made, found = (worker.table() for worker in workers)
    assert (made.arn, made.name) == (found.arn, found.name)
    assert found.encryption()["KMSMasterKeyArn"] == workers[1].key().arn


def test_a_user_is_one_user_whose_secret_is_learnt(workers: tuple[Worker, Worker]) -> None:
    made, found = (worker.user() for worker in workers)
    assert made == found
    assert made.credentials == found.credentials
    assert [worker.secrets for worker in workers] == [[], [found.credentials.secret_access_key]]
    workers[1].lab.as_(found).client("dynamodb").list_tables()


def test_what_could_not_be_made_is_tried_again(workers: tuple[Worker, Worker]) -> None:
    one, other = workers
    with pytest.raises(ZeroDivisionError):
        one.shared.once("kms_key", one.lab, lambda _: 1 / 0)  # type: ignore[arg-type,return-value]
    assert other.key().state() == "Enabled"


def test_only_what_is_shared_is_known_as_such(workers: tuple[Worker, Worker]) -> None:
    one, other = workers
    assert one.shared.has(one.key().arn)
    assert not other.shared.has(one.key().arn)
    other.key()
    assert other.shared.has(one.key().arn)
