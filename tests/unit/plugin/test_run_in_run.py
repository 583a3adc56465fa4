"""A pytest run inside a pytest run whose lab is open: each decides its own calls, and has a trail of its own.

The outer run is the one of these tests.
"""

from __future__ import annotations

import importlib
import textwrap
import threading
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from pytest_kmslab import DynamoDBTable, IamUser, Lab, ResourceError, Trail, allowed, denied

INNER = """
    import boto3
    import pytest
    from pytest_kmslab import allowed, denied

    def read(table):
        boto3.client("dynamodb").get_item(TableName=table.name, Key={"id": {"S": "1"}})

    def test_decides(kmslab, kmslab_trail, kms_key, encrypted_table, key_user, outsider):
        assert boto3.client("sts").get_caller_identity()["Arn"] == kmslab.admin.arn
        with kmslab.environ(outsider), denied("kms:Decrypt", by=outsider, on=kms_key):
            read(encrypted_table)
        with kmslab.environ(key_user), allowed("kms:Decrypt", by=key_user):
            read(encrypted_table)
        asked = {entry.request.principal for entry in kmslab_trail.for_(outsider)}
        assert asked == {outsider.arn}

    def test_makes_and_removes(kmslab):
        role = kmslab.create_role(policies="AmazonDynamoDBReadOnlyAccess")
        with kmslab.environ(role), allowed("dynamodb:ListTables"):
            boto3.client("dynamodb").list_tables()
        key = kmslab.create_key(users=role)
        with kmslab.environ(role), allowed("kms:Encrypt"):
            boto3.client("kms").encrypt(KeyId=key.arn, Plaintext=b"x")
"""

Read = Callable[[], Any]


@pytest.fixture
def read(encrypted_table: DynamoDBTable) -> Read:
    """Read an item of the outer lab with a client that was made before the inner run."""
    client = boto3.client("dynamodb")
    return lambda: client.get_item(TableName=encrypted_table.name, Key={"id": {"S": "1"}})


def outer_lab_works(kmslab: Lab, read: Read, key_user: IamUser, outsider: IamUser) -> None:
    with kmslab.environ(outsider), denied("kms:Decrypt", by=outsider):
        read()
    with kmslab.environ(key_user), allowed("kms:Decrypt", by=key_user):
        read()
    assert boto3.client("sts").get_caller_identity()["Arn"] == kmslab.admin.arn
    late = boto3.client("kms")
    with kmslab.environ(outsider), denied("kms:ListKeys"):
        late.list_keys()
    assert kmslab.create_user().arn in kmslab.inventory()


@pytest.fixture(autouse=True)
def no_names_left(kmslab: Lab) -> Any:
    """What the inner labs made is gone."""
    iam = kmslab.as_(kmslab.admin).client("iam")
    before = {one["UserName"] for one in iam.list_users()["Users"]}
    yield
    made = {name for arn in kmslab.inventory() for name in [arn.rpartition("/")[2]]}
    assert {one["UserName"] for one in iam.list_users()["Users"]} <= before | made


def run_in_thread(run: Callable[[], Any]) -> Any:
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(run()))
    thread.start()
    thread.join()
    return results[0]


@pytest.mark.parametrize(
    ("start", "scope"),
    [(lambda run: run(), "session"), (run_in_thread, "function")],
    ids=["here", "in a thread"],
)
def test_the_inner_lab_works_and_the_outer_one_after_it(
    pytester: pytest.Pytester,
    kmslab: Lab,
    kmslab_trail: Trail,
    read: Read,
    key_user: IamUser,
    outsider: IamUser,
    start: Callable[[Callable[[], Any]], Any],
    scope: str,
) -> None:
    pytester.makepyfile(INNER)
    entries, calls = kmslab_trail.mark(), kmslab_trail.calls.copy()
    result = start(lambda: pytester.runpytest_inprocess(f"--kmslab-scope={scope}"))
    result.assert_outcomes(passed=2)
    assert (kmslab_trail.mark(), kmslab_trail.calls) == (entries, calls)
    outer_lab_works(kmslab, read, key_user, outsider)


BESIDE = """
    import boto3
    import pytest
    from moto import mock_aws
    from pytest_kmslab import denied

    @mock_aws
    def test_mocked(kmslab, kmslab_trail, outsider):
        boto3.client("s3").list_buckets()
        with kmslab.environ(outsider), denied("kms:ListKeys", by=outsider):
            boto3.client("kms").list_keys()
        assert [entry.origin.value for entry in kmslab_trail.denied("kms:ListKeys")] == ["test"]
        assert kmslab.account == ACCOUNT

    def test_without_a_lab():
        with mock_aws():
            boto3.client("kms").create_key()
"""


@pytest.fixture(params=["123456789012", "999988887777"])
def ran_in_a_fixture(
    request: pytest.FixtureRequest, pytester: pytest.Pytester, kmslab: Lab, kmslab_trail: Trail, read: Read
) -> pytest.RunResult:
    pytester.makepyfile(BESIDE.replace("ACCOUNT", repr(request.param)))
    counted = kmslab_trail.undecided["s3"]
    result = pytester.runpytest_inprocess(f"--kmslab-account={request.param}")
    assert kmslab_trail.undecided["s3"] == counted
    return result


def test_a_run_in_a_fixture_beside_moto_and_in_another_account(
    ran_in_a_fixture: pytest.RunResult,
    kmslab: Lab,
    read: Read,
    key_user: IamUser,
    outsider: IamUser,
) -> None:
    ran_in_a_fixture.assert_outcomes(passed=2)
    ran_in_a_fixture.stdout.fnmatch_lines(["*1 call to s3*not decided*"])
    outer_lab_works(kmslab, read, key_user, outsider)


LEVELS = """
    pytest_plugins = ["pytester"]
"""

WITH_ONE_INSIDE = """
    from pathlib import Path
    import boto3
    from pytest_kmslab import denied

    def test_around(kmslab, kmslab_trail, outsider, pytester):
        client = boto3.client("kms")
        pytester.makepyfile(Path({inner!r}).read_text())
        entries = kmslab_trail.mark()
        pytester.runpytest_inprocess("-p", "no:pytester").assert_outcomes(passed=2)
        assert kmslab_trail.mark() == entries
        with kmslab.environ(outsider), denied("kms:ListKeys", by=outsider):
            client.list_keys()

    def test_after(kmslab, outsider):
        with kmslab.environ(outsider), denied("kms:ListKeys", by=outsider):
            boto3.client("kms").list_keys()
"""


def test_three_runs_one_in_another_the_middle_one_with_a_lab_for_its_session(
    pytester: pytest.Pytester,
    kmslab: Lab,
    kmslab_trail: Trail,
    read: Read,
    key_user: IamUser,
    outsider: IamUser,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    inner = tmp_path_factory.mktemp("inner") / "inner.py"
    inner.write_text(textwrap.dedent(INNER))
    pytester.makeconftest(LEVELS)
    pytester.makepyfile(WITH_ONE_INSIDE.replace("{inner!r}", repr(str(inner))))
    entries = kmslab_trail.mark()
    pytester.runpytest_inprocess("--kmslab-scope=session").assert_outcomes(passed=2)
    assert kmslab_trail.mark() == entries
    outer_lab_works(kmslab, read, key_user, outsider)


BROKEN = """
    import boto3
    import pytest

    def test_leaves_a_block_open(kmslab, outsider):
        block = kmslab.environ(outsider)
        block.__enter__()
        assert boto3.client("sts").get_caller_identity()["Arn"] == outsider.arn

    @pytest.fixture
    def broken(kmslab, outsider):
        kmslab.create_key()
        raise ValueError("broken")

    def test_breaks_off(broken):
        pass

    def test_interrupts(kmslab):
        kmslab.create_key()
        raise KeyboardInterrupt
"""


def test_an_inner_run_that_fails(
    pytester: pytest.Pytester, kmslab: Lab, read: Read, key_user: IamUser, outsider: IamUser
) -> None:
    pytester.makepyfile(BROKEN)
    pytester.runpytest_inprocess("-k", "not interrupts").assert_outcomes(passed=1, errors=1)
    with pytest.raises(KeyboardInterrupt):
        pytester.runpytest_inprocess("-k", "interrupts")
    outer_lab_works(kmslab, read, key_user, outsider)


OFF = """
    import boto3
    import requests
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from pytest_kmslab import allowed

    def test_nobody_is_denied(kmslab, outsider, kms_key):
        with kmslab.environ(outsider), allowed():
            boto3.client("kms").encrypt(KeyId=kms_key.arn, Plaintext=b"x")
            keys = boto3.Session().get_credentials()
        request = AWSRequest("POST", "https://kms.us-east-1.amazonaws.com/", {
            "X-Amz-Target": "TrentService.ListKeys", "Content-Type": "application/x-amz-json-1.1"}, b"{}")
        SigV4Auth(keys, "kms", "us-east-1").add_auth(request)
        assert requests.post(request.url, b"{}", headers=dict(request.headers)).status_code == 200
"""


def test_an_inner_run_that_enforces_nothing(
    pytester: pytest.Pytester,
    kmslab: Lab,
    kmslab_trail: Trail,
    read: Read,
    key_user: IamUser,
    outsider: IamUser,
) -> None:
    pytester.makepyfile(OFF)
    entries = kmslab_trail.mark()
    pytester.runpytest_inprocess("--kmslab-enforcement=off").assert_outcomes(passed=1)
    assert kmslab_trail.mark() == entries
    outer_lab_works(kmslab, read, key_user, outsider)


APP = """
    import boto3
    KMS = boto3.client("kms", region_name="us-east-1")
"""

USES_THE_APP = """
    import app
    import pytest
    from pytest_kmslab import denied

    @pytest.mark.parametrize("turn", [1, 2])
    def test_handler(kmslab, outsider, turn):
        with kmslab.environ(outsider), denied("kms:ListKeys", by=outsider):
            app.KMS.list_keys()
        assert app.KMS.list_keys()["Keys"] == []
"""


def test_a_client_of_an_import_that_both_runs_use(
    pytester: pytest.Pytester, kmslab: Lab, kmslab_trail: Trail, outsider: IamUser
) -> None:
    pytester.syspathinsert()
    pytester.makepyfile(app=APP)
    handler = importlib.import_module("app").KMS
    with kmslab.environ(outsider), denied("kms:ListKeys", by=outsider):
        handler.list_keys()
    pytester.makepyfile(USES_THE_APP)
    entries = kmslab_trail.mark()
    pytester.runpytest_inprocess("--kmslab-scope=session").assert_outcomes(passed=2)
    assert kmslab_trail.mark() == entries
    with kmslab.environ(outsider), denied("kms:ListKeys", by=outsider):
        handler.list_keys()
    with allowed("kms:ListKeys", by=kmslab.admin):
        handler.list_keys()


ADOPTING = """
    import boto3
    import pytest
    from pathlib import Path

    def test_adopt(kmslab):
        table = boto3.client("dynamodb").create_table(
            TableName="mine", BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )["TableDescription"]["TableArn"]
        kmslab.adopt(table)
        Path("left").write_text(boto3.client("kms").create_key()["KeyMetadata"]["Arn"])
        with pytest.raises(Exception, match="was not made by this run|not seen"):
            kmslab.adopt(Path("key").read_text())
"""


def test_what_one_run_made_the_other_cannot_adopt(pytester: pytest.Pytester, kmslab: Lab) -> None:
    key = boto3.client("kms").create_key()["KeyMetadata"]["Arn"]
    (pytester.path / "key").write_text(key)
    pytester.makepyfile(ADOPTING)
    pytester.runpytest_inprocess().assert_outcomes(passed=1)
    assert boto3.client("dynamodb").list_tables()["TableNames"] == []
    with pytest.raises(ResourceError):
        kmslab.adopt((pytester.path / "left").read_text())
    assert kmslab.adopt(key).arn == key


WAITING = """
    from pathlib import Path
    import boto3
    import pytest
    from pytest_kmslab import denied

    def test_at_the_same_time(kmslab, outsider, runs):
        with kmslab.environ(outsider), denied("kms:ListKeys", by=outsider):
            runs.inner_is_open.set()
            assert runs.outer_has_acted.wait(30)
            boto3.client("kms").list_keys()
"""


class Runs:
    """Tells the inner run from the outer one how far each is."""

    def __init__(self) -> None:
        self.inner_is_open = threading.Event()
        self.outer_has_acted = threading.Event()

    @pytest.fixture
    def runs(self) -> Runs:
        return self


def test_the_outer_run_goes_on_while_the_inner_one_runs_in_a_thread(
    pytester: pytest.Pytester, kmslab: Lab, kmslab_trail: Trail, outsider: IamUser
) -> None:
    pytester.makepyfile(WAITING)
    runs, results = Runs(), list[Any]()
    mine = kmslab.as_(outsider).client("kms")
    run = threading.Thread(
        target=lambda: results.append(
            pytester.runpytest_inprocess("-p", "no:threadexception", plugins=[runs])
        )
    )
    run.start()
    assert runs.inner_is_open.wait(30)
    try:
        with denied("kms:ListKeys", by=outsider):
            mine.list_keys()
        with allowed("kms:CreateKey", by=kmslab.admin):
            kmslab.as_(kmslab.admin).client("kms").create_key()
    finally:
        runs.outer_has_acted.set()
        run.join()
    results[0].assert_outcomes(passed=1)
    assert [entry.request.action for entry in kmslab_trail.for_(outsider)] == ["kms:ListKeys"]
