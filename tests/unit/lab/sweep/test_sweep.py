"""What `kmslab sweep` takes for left, and what it does not touch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pytest_kmslab.lab.context import LabContext
from pytest_kmslab.lab.kinds.iam.user import IamUser
from pytest_kmslab.lab.kinds.kms.key import KmsKey
from pytest_kmslab.lab.kinds.registry import IN_ACCOUNT
from pytest_kmslab.lab.kinds.table import DynamoDBTable
from pytest_kmslab.lab.naming import Naming
from pytest_kmslab.lab.opening import make_administrator, start_lab
from pytest_kmslab.lab.resource_kind import ResourceRef
from pytest_kmslab.lab.sweep.leftovers import Findings
from pytest_kmslab.lab.sweep.sweep import sweeping
from pytest_kmslab.lab.sweep.target import Target
from pytest_kmslab.lab.teardown.ledger import Account, FileLedger
from pytest_kmslab.lab.teardown.stack import Remove, TeardownStack, TeardownStep

HERE = Account("localstack", "123456789012", "http://localhost:4566")


def now() -> datetime:
    return datetime.now(timezone.utc)


class Killed(TeardownStack):
    """Removes nothing of the account, and gives the environment back as the end of a process does: the
    garbage collector would do that in the middle of another test."""

    def __init__(self, ledger: FileLedger) -> None:
        super().__init__(ledger)
        self._of_the_process: list[Remove] = []

    def intend(
        self, what: ResourceRef | str, remove: Remove | None = None, *, after: TeardownStep | None = None
    ) -> TeardownStep:
        if isinstance(what, str) and remove is not None:
            self._of_the_process.append(remove)
        return super().intend(what, remove, after=after)

    def end_process(self) -> None:
        while self._of_the_process:
            self._of_the_process.pop()()


class Crashed:
    """A lab whose process was killed: made under a run of its own, with a ledger, and never closed."""

    def __init__(
        self, site: LabContext, folder: Path, run: str, worker: str = "main", account: Account = HERE
    ) -> None:
        self.ledger = FileLedger(folder, account, run, worker, "us-east-1")
        naming = Naming(run, worker)
        own = replace(site, naming=naming, ledger=self.ledger)
        self.site = own
        self.teardown = Killed(self.ledger)
        self.lab = start_lab(own, self.teardown, make_administrator)
        self.key: KmsKey = self.lab.create_key()
        self.table: DynamoDBTable = self.lab.create_table(key=self.key)
        self.alarm = self.lab.create_alarm(self.table)
        self.user: IamUser = self.lab.create_user(console=True, policies=["AmazonDynamoDBFullAccess"])

    def die(self) -> None:
        """Let the lock go, as the kernel does."""
        self.ledger.close()

    @property
    def there(self) -> int:
        """How many of its things are in the account."""
        return len(self.lab.inventory())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


@pytest.fixture
def crash(site: LabContext, folder: Path) -> Iterator[Callable[..., Crashed]]:
    crashes: list[Crashed] = []

    def crash(run: str = "dddddddd", **more: Any) -> Crashed:
        crashes.append(Crashed(site, folder, run, **more))
        return crashes[-1]

    yield crash
    for crashed in reversed(crashes):
        crashed.teardown.end_process()


@pytest.fixture
def sweep(site: LabContext, folder: Path) -> Callable[..., Findings]:
    class Root:
        def of(self, service: str, region: str = "") -> Any:
            return site.sessions.lasting("root", site.backend.root).client(service)

    target = Target(HERE, Root().of, ("us-east-1",))

    def sweep(yes: bool = True, **more: Any) -> Findings:
        with sweeping(target, folder, **more) as sweep:
            findings = sweep.look()
            return sweep.remove() if yes else findings

    return sweep


def removed(findings: Findings) -> list[str]:
    return sorted(one.ref.kind.name for one in findings.removed)


EVERYTHING = ["cloudwatch-alarm", "credentials-file", "dynamodb-table", "iam-user", "iam-user", "kms-key"]


def test_what_a_dead_run_left_goes_whatever_its_age(
    crash: Callable[..., Crashed], sweep: Callable[..., Findings], folder: Path
) -> None:
    crashed = crash()
    crashed.die()
    root_sees = crashed.user.console
    assert root_sees is not None
    assert root_sees.csv_path.exists()
    findings = sweep()
    assert removed(findings) == EVERYTHING
    assert not findings.is_left
    assert list(folder.iterdir()) == []
    assert not root_sees.csv_path.exists()
    assert sweep().leftovers == [], "a second one finds nothing"


def test_without_yes_nothing_is_changed(
    crash: Callable[..., Crashed], sweep: Callable[..., Findings]
) -> None:
    crashed = crash()
    crashed.die()
    findings = sweep(yes=False)
    assert sorted(one.ref.kind.name for one in findings.to_remove) == EVERYTHING
    assert findings.is_left
    assert crashed.there == 5
    assert all("its run is dead: process" in one.why for one in findings.leftovers)


def test_a_run_that_lives_is_left_alone_whatever_its_age(
    crash: Callable[..., Crashed], sweep: Callable[..., Findings]
) -> None:
    crashed = crash()
    assert sweep(older_than=timedelta(0)).leftovers == []
    assert sweep(now=now() + timedelta(days=30)).leftovers == []
    assert crashed.there == 5


def test_a_worker_that_died_waits_for_the_others_of_its_run(
    crash: Callable[..., Crashed], sweep: Callable[..., Findings]
) -> None:
    first, second = crash(worker="gw0"), crash(worker="gw1")
    first.die()
    assert sweep().leftovers == []
    second.die()
    assert len(removed(sweep())) == 2 * len(EVERYTHING)


@pytest.mark.parametrize(("minutes", "goes"), [(50, False), (70, True)])
def test_of_another_machine_only_what_is_older_than_an_hour_goes(
    crash: Callable[..., Crashed], sweep: Callable[..., Findings], folder: Path, minutes: int, goes: bool
) -> None:
    crash().die()
    for file in folder.iterdir():
        file.unlink()
    findings = sweep(now=now() + timedelta(minutes=minutes))
    assert removed(findings) == ([one for one in EVERYTHING if one != "credentials-file"] if goes else [])
    assert {one.why for one in findings.leftovers} == {f"{'' if goes else 'not '}older than 1 h"}
    assert not findings.is_left, "what is to stay is not left"


def test_an_age_that_is_given_counts_for_dead_runs_too(
    crash: Callable[..., Crashed], sweep: Callable[..., Findings]
) -> None:
    crash().die()
    assert removed(sweep(older_than=timedelta(minutes=30))) == []
    assert removed(sweep(older_than=timedelta(minutes=30), now=now() + timedelta(minutes=31))) == EVERYTHING


def test_only_this_machines_are_swept_where_that_is_asked(
    crash: Callable[..., Crashed], sweep: Callable[..., Findings], folder: Path
) -> None:
    crash("aaaaaaaa").die()
    for file in folder.iterdir():
        file.unlink()
    crash("bbbbbbbb").die()
    findings = sweep(strangers=False, now=now() + timedelta(days=1))
    assert {one.run for one in findings.leftovers} == {"bbbbbbbb"}


def test_what_carries_no_tag_of_a_run_stays_whatever_its_name(
    crash: Callable[..., Crashed], sweep: Callable[..., Findings]
) -> None:
    crashed = crash()
    crashed.die()
    root = crashed.site.sessions.lasting("root", crashed.site.backend.root)
    iam, kms = root.client("iam"), root.client("kms")
    iam.create_user(UserName="mounika-dddddddd-main-9", Tags=[{"Key": "team", "Value": "red"}])
    key = kms.create_key(Tags=[{"TagKey": "kmslab:name", "TagValue": "x"}])["KeyMetadata"]["Arn"]
    assert removed(sweep()) == EVERYTHING
    assert iam.get_user(UserName="mounika-dddddddd-main-9")
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"


def test_what_is_kept_stays_until_its_time(
    crash: Callable[..., Crashed], sweep: Callable[..., Findings], folder: Path
) -> None:
    crashed = crash()
    said = crashed.lab.keep(3600)
    assert len(said) == 6
    crashed.lab.close()
    crashed.die()
    findings = sweep()
    assert removed(findings) == []
    assert {one.why[:10] for one in findings.leftovers} == {"kept until"}
    for file in folder.iterdir():
        file.unlink()
    assert removed(sweep(older_than=timedelta(0))) == [], "another machine knows it by the tag"
    assert len(removed(sweep(now=now() + timedelta(hours=2)))) == 5


def test_an_alias_that_a_scheduled_key_still_has_goes(
    crash: Callable[..., Crashed], sweep: Callable[..., Findings]
) -> None:
    crashed = crash()
    crashed.key.schedule_deletion()
    crashed.die()
    assert "kms-key" in removed(sweep())
    kms = crashed.site.sessions.lasting("root", crashed.site.backend.root).client("kms")
    assert [one for one in kms.list_aliases()["Aliases"] if "dddddddd" in one["AliasName"]] == []


def test_a_ledger_of_another_endpoint_is_not_taken_for_done(
    crash: Callable[..., Crashed], sweep: Callable[..., Findings], folder: Path
) -> None:
    elsewhere = Account("localstack", "123456789012", "http://elsewhere:4566")
    crashed = crash(account=elsewhere)
    crashed.die()
    assert len(removed(sweep())) == 5, "its tags say that its run is dead"
    assert crashed.ledger.path.exists()


def test_it_goes_on_past_what_is_denied_and_tells_it(
    crash: Callable[..., Crashed],
    sweep: Callable[..., Findings],
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
) -> None:
    crashed = crash()
    crashed.die()
    deny(monkeypatch, crashed, "dynamodb", "delete_table")
    findings = sweep()
    assert removed(findings) == [one for one in EVERYTHING if one != "dynamodb-table"]
    assert next(iter(findings.failures.values())).startswith("ClientError: An error occurred (AccessDenied")
    assert findings.is_left
    assert list(folder.glob("*.jsonl")) == [crashed.ledger.path]
    monkeypatch.undo()
    assert removed(sweep()) == ["dynamodb-table"]


def test_users_wait_for_a_key_that_could_not_be_removed(
    crash: Callable[..., Crashed], sweep: Callable[..., Findings], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its policy may let nobody else manage it, and without them nobody could ever again."""
    crashed = crash()
    crashed.die()
    deny(monkeypatch, crashed, "kms", "schedule_key_deletion")
    assert "iam-user" not in removed(sweep())
    monkeypatch.undo()
    assert removed(sweep()) == ["iam-user", "iam-user", "kms-key"]


@pytest.mark.parametrize(
    ("service", "operation", "kind"),
    [("kms", "list_resource_tags", "KMS key"), ("iam", "list_user_tags", "IAM user")],
)
def test_what_may_not_be_looked_at_is_told(
    crash: Callable[..., Crashed],
    sweep: Callable[..., Findings],
    monkeypatch: pytest.MonkeyPatch,
    service: str,
    operation: str,
    kind: str,
) -> None:
    crashed = crash()
    crashed.die()
    deny(monkeypatch, crashed, service, operation)
    findings = sweep()
    assert findings.is_left
    assert any(kind in line and "AccessDenied" in line for line in findings.problems)
    assert crashed.ledger.path.exists(), "who saw not all forgets nothing"


def test_a_line_that_is_not_understood_keeps_its_ledger(
    crash: Callable[..., Crashed], sweep: Callable[..., Findings]
) -> None:
    crashed = crash()
    crashed.die()
    with crashed.ledger.path.open("a") as file:
        file.write('{"event": "of a later version"}\n')
    findings = sweep()
    assert removed(findings) == EVERYTHING
    assert findings.is_left
    assert crashed.ledger.path.exists()


def deny(patch: pytest.MonkeyPatch, crashed: Crashed, service: str, operation: str) -> None:
    site = crashed.site
    client = site.sessions.lasting("root", site.backend.root).client(service)
    answer: Any = {"Error": {"Code": "AccessDenied", "Message": "no"}}

    def denied(**_: Any) -> Any:
        raise ClientError(answer, operation)

    patch.setattr(client, operation, denied)


RETAINED = {"Type": "AWS::KMS::Key", "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}


def make_others(client: Callable[[str], Any]) -> list[str]:
    """A key, a table, a group and a user, under names of their own."""
    table = client("dynamodb").create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return [
        client("kms").create_key()["KeyMetadata"]["Arn"],
        table["TableDescription"]["TableArn"],
        client("iam").create_group(GroupName="clerks")["Group"]["Arn"],
        client("iam").create_user(UserName="ana")["User"]["Arn"],
    ]


@pytest.mark.parametrize("tagged", [True, False])
def test_what_a_dead_run_adopted_goes_even_if_it_was_killed_before_the_tags(
    crash: Callable[..., Crashed], sweep: Callable[..., Findings], tagged: bool
) -> None:
    crashed = crash()
    arns = make_others(crashed.lab.as_(crashed.lab.admin).client)
    with pytest.MonkeyPatch.context() as untagged:
        for kind in () if tagged else IN_ACCOUNT:
            untagged.setattr(kind, "tag", lambda *_: None, raising=False)
        for arn in arns:
            crashed.lab.adopt(arn)
    crashed.die()
    findings = sweep()
    assert removed(findings) == sorted([*EVERYTHING, "dynamodb-table", "iam-group", "iam-user", "kms-key"])
    assert set(arns) <= {one.ref.arn for one in findings.removed}
    assert sweep().leftovers == []


def test_a_later_one_of_the_same_name_is_not_what_was_adopted(
    site: LabContext, crash: Callable[..., Crashed], sweep: Callable[..., Findings]
) -> None:
    crashed = crash()
    for arn in make_others(crashed.lab.as_(crashed.lab.admin).client):
        crashed.lab.adopt(arn)
    iam = site.sessions.lasting("root", site.backend.root).client("iam")
    iam.delete_group(GroupName="clerks")
    iam.create_group(GroupName="clerks")
    iam.delete_user(UserName="ana")
    iam.create_user(UserName="ana")
    crashed.die()
    assert removed(sweep()) == sorted([*EVERYTHING, "dynamodb-table", "kms-key"])
    assert iam.get_group(GroupName="clerks")["Group"]
    assert iam.get_user(UserName="ana")["User"]


@pytest.mark.parametrize("recorded", [True, False])
def test_the_stack_of_a_dead_run_goes_with_what_it_retains(
    crash: Callable[..., Crashed], sweep: Callable[..., Findings], recorded: bool
) -> None:
    """Not recorded: it was killed while the stack was being made."""
    crashed = crash()
    with pytest.MonkeyPatch.context() as killed:
        if not recorded:
            killed.setattr("pytest_kmslab.lab.kinds.stacks.stack.record_retained", lambda *_: None)
        stack = crashed.lab.deploy({"Resources": {"Key": RETAINED, "Clerk": {"Type": "AWS::IAM::User"}}})
    key, clerk = stack.resources["Key"], stack.resources["Clerk"]
    assert clerk.credentials
    crashed.die()
    findings = sweep()
    assert not findings.is_left
    assert {stack.arn, key.arn} <= {one.ref.arn for one in findings.removed}
    assert sweep().leftovers == []
