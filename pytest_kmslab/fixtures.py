"""Every public fixture. What they make is in `lab`; scopes and meanings are in docs/fixtures.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal, TypeVar, cast

import pytest

from pytest_kmslab.enforcement.entry import Origin, calls_of
from pytest_kmslab.lab.naming import KEY_USER_NAME
from pytest_kmslab.session.run import RUN

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_kmslab.backends.protocol import Backend
    from pytest_kmslab.config.options import Settings
    from pytest_kmslab.enforcement.clock import Clock
    from pytest_kmslab.enforcement.trail import Trail
    from pytest_kmslab.lab.kinds.iam.user import IamUser
    from pytest_kmslab.lab.kinds.kms.key import KmsKey
    from pytest_kmslab.lab.kinds.table import DynamoDBTable
    from pytest_kmslab.lab.lab import Lab

Scope = Literal["session", "package", "module", "class", "function"]

T = TypeVar("T", "IamUser", "KmsKey", "DynamoDBTable")


def lab_scope(fixture_name: str, config: pytest.Config) -> Scope:
    """The scope of the lab and all that is in it, for `pytest.fixture(scope=lab_scope)`.

    To pytest a worker's own is the session's.
    """
    scope = config.stash[RUN].lab_scope
    return "session" if scope == "worker" else cast(Scope, scope)


@pytest.fixture(scope=lab_scope)
def kmslab_backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """The backend that was chosen, started."""
    backend = request.config.stash[RUN].backend
    backend.start()
    try:
        yield backend
    finally:
        backend.stop()


@pytest.fixture(scope="session")
def _kmslab_credentials_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the credentials files of a run are."""
    return tmp_path_factory.mktemp("kmslab")


@pytest.fixture(scope=lab_scope)
def kmslab_endpoint(request: pytest.FixtureRequest, kmslab_backend: Backend) -> Iterator[str]:
    """The URL of a gateway to the backend, for clients in other processes: decided as in this one."""
    with request.config.stash[RUN].gateway() as url:
        yield url


@pytest.fixture(scope=lab_scope)
def kmslab(
    request: pytest.FixtureRequest, kmslab_backend: Backend, _kmslab_credentials_directory: Path
) -> Iterator[Lab]:
    """The lab: makes keys, tables and users, and removes them at the end."""
    from pytest_kmslab.lab.opening import open_lab

    run, worker = request.config.stash[RUN], getattr(request.config, "workerinput", {})
    context = run.lab_context(worker, _kmslab_credentials_directory)
    # `kmslab_backend` has the same scope: where its end throws the account away, that comes next.
    discards, shared = kmslab_backend.discards_account, run.shared_lab
    opened = open_lab(
        context, discards_account=discards, administrator=shared.administrator if shared else None
    )
    with opened as lab, run.cleanup.of(lab):
        yield lab


@pytest.fixture(scope="session")
def kmslab_settings(request: pytest.FixtureRequest) -> Settings:
    """What the run was asked for: its backend, Region, names and the rest of the options."""
    return request.config.stash[RUN].settings


@pytest.fixture(scope="session")
def kmslab_trail(request: pytest.FixtureRequest) -> Trail:
    """Every decision of the run, in order."""
    return request.config.stash[RUN].trail


@pytest.fixture
def kmslab_clock(request: pytest.FixtureRequest) -> Iterator[Clock]:
    """The clock that the lab's time limits go by: a test moves it on, and it is put back after the test."""
    clock = request.config.stash[RUN].clock
    with clock.put_back():
        yield clock


@pytest.fixture(scope=lab_scope)
def iam_admin(kmslab: Lab) -> IamUser:
    """The IAM administrator who made everything in the lab."""
    return kmslab.admin


@pytest.fixture(scope=lab_scope)
def kms_key(request: pytest.FixtureRequest, kmslab: Lab) -> KmsKey:
    """A customer-managed key whose administrator and user is the IAM administrator, or the one given."""
    arn = request.config.stash[RUN].settings.key_arn
    return _made_once(request, kmslab, lambda lab: lab.use_key(arn) if arn else lab.create_key())


@pytest.fixture(scope=lab_scope)
def encrypted_table(request: pytest.FixtureRequest, kmslab: Lab, kms_key: KmsKey) -> DynamoDBTable:
    """A table that was made, and then encrypted under `kms_key`; or the one given, which is."""
    name = request.config.stash[RUN].settings.table
    if name:
        return kmslab.use_table(name, kms_key)

    def make(lab: Lab) -> DynamoDBTable:
        table = lab.create_table()
        table.encrypt(kms_key)
        return table

    return _made_once(request, kmslab, make, kms_key)


@pytest.fixture(scope=lab_scope)
def key_user(request: pytest.FixtureRequest, kmslab: Lab, kms_key: KmsKey) -> IamUser:
    """An IAM user with full access to DynamoDB who is a key user of `kms_key`."""

    def make(lab: Lab) -> IamUser:
        user = lab.create_user(KEY_USER_NAME, policies=["AmazonDynamoDBFullAccess"])
        kms_key.add_user(user)
        return user

    return _made_once(request, kmslab, make, kms_key)


@pytest.fixture(scope=lab_scope)
def outsider(request: pytest.FixtureRequest, kmslab: Lab) -> IamUser:
    """An IAM user with full access to DynamoDB and no permission to use any key."""
    return _made_once(request, kmslab, lambda lab: lab.create_user(policies=["AmazonDynamoDBFullAccess"]))


def _made_once(
    request: pytest.FixtureRequest, lab: Lab, make: Callable[[Lab], T], of_key: KmsKey | None = None
) -> T:
    """What a fixture makes: once a run, where xdist's workers have the lab and this key in common."""
    shared = request.config.stash[RUN].shared_lab
    with calls_of(Origin.LAB):
        if shared is None or (of_key is not None and not shared.has(of_key.arn)):
            return make(lab)
        return shared.once(request.fixturename or "", lab, make)
