"""A lab that all workers of a run have in common, where the account outlives their processes.

Each worker has a lab of its own for what its tests make. What the plugin's own fixtures make for a session is
made once a run: by the worker that needs it first, while the others wait. It is in ledgers of its own, by
which the last worker of the run removes it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from pytest_kmslab.authz.arn import name_in
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.lab.kinds.existing import ExistingKey
from pytest_kmslab.lab.kinds.iam.user import IamUser
from pytest_kmslab.lab.kinds.kms.key import KmsKey
from pytest_kmslab.lab.kinds.table import Clients, DynamoDBTable
from pytest_kmslab.lab.lab import Lab
from pytest_kmslab.lab.opening import make_administrator

if TYPE_CHECKING:
    from pytest_kmslab.lab.context import LabContext
    from pytest_kmslab.lab.shared_state import SharedFolder
    from pytest_kmslab.lab.teardown.stack import TeardownStack

T = TypeVar("T", IamUser, KmsKey, DynamoDBTable)
Description = dict[str, Any]

ADMINISTRATOR = "iam_admin"


class SharedLab:
    """One worker's part in the lab of its run.

    `context` is what the worker's labs have in common, with the names and the ledger of what is shared;
    `learn_secret` is told every secret that comes from another worker.
    """

    def __init__(
        self, folder: SharedFolder, context: LabContext, learn_secret: Callable[[str], None]
    ) -> None:
        self._folder = folder
        self._context = context
        self._learn_secret = learn_secret
        self._lab: Lab | None = None
        self._arns: set[str] = set()

    def has(self, arn: str) -> bool:
        """Whether all workers have this in common."""
        return arn in self._arns

    def administrator(self, context: LabContext, _teardown: TeardownStack) -> IamUser:
        """The administrator of every worker's lab, made by the root user."""
        iam = context.sessions.lasting("root", context.backend.root).client("iam")

        return self._once(
            ADMINISTRATOR,
            lambda: make_administrator(self._context, self._context.teardown()),
            lambda description: _user(description, iam),
        )

    def once(self, name: str, lab: Lab, make: Callable[[Lab], T]) -> T:
        """What a fixture makes, made once a run: here, or by another worker. `lab` is the worker's own."""
        if self._lab is None:
            # With the worker's own principals: what is made for all is made by the administrator of all.
            self._lab = Lab(self._context, self._context.teardown(), lab.admin, lab._principals)
        shared = self._lab
        thing: T = self._once(
            name,
            lambda: make(shared),
            lambda description: _RECIPES[description["recipe"]].restore(description, lab),
        )
        return thing

    def _once(self, name: str, make: Callable[[], T], restored: Callable[[Description], Any]) -> T:
        # The lock is held while one is made: the other workers wait, and find it.
        with self._folder.changing() as state:
            if name in state.made:
                # What this process has read of the account may be from before another worker made it.
                self._context.backend.forget()
                thing: T = restored(state.made[name])
                if isinstance(thing, IamUser):
                    self._learn_secret(thing.credentials.secret_access_key)
            else:
                thing = make()
                kind = next(kind for kind, recipe in _RECIPES.items() if isinstance(thing, recipe.kind))
                state.made[name] = {"recipe": kind, **_RECIPES[kind].describe(thing)}
        self._arns.add(thing.arn)
        return thing


class _Recipe(NamedTuple):
    """How a worker tells the others of something that it made."""

    kind: type
    describe: Callable[[Any], Description]
    restore: Callable[[Description, Lab], Any]


def _describe_user(user: IamUser) -> Description:
    keys = user.credentials
    return {
        "name": user.name,
        "arn": user.arn,
        "access_key": [keys.access_key_id, keys.secret_access_key],
        "policies": user.policies,
    }


def _user(description: Description, iam: Any) -> IamUser:
    keys = Credentials(*description["access_key"])
    return IamUser(description["name"], description["arn"], keys, iam, tuple(description["policies"]))


def _restore_user(description: Description, lab: Lab) -> IamUser:
    user = _user(description, lab.as_(lab.admin).client("iam"))
    lab._principals.add(user)
    return user


def _describe_key(key: KmsKey) -> Description:
    return {"arn": key.arn, "alias": key.alias}


def _restore_key(description: Description, lab: Lab) -> KmsKey:
    arn = description["arn"]
    kms, creation = lab.as_(lab.admin).client("kms"), lab._creation
    view = creation.context.backend.view
    key = KmsKey(kms, creation.waiter, name_in(arn), arn, probers=lab._principals, view=view)
    key.alias = description["alias"]
    return key


def _restore_existing_key(description: Description, lab: Lab) -> ExistingKey:
    """What its policy was is written down already, by the worker that used it first."""
    kms, creation = lab.as_(lab.admin).client("kms"), lab._creation
    managed, view = creation.context.settings.manage_key_policy, creation.context.backend.view
    return ExistingKey(
        kms, creation.waiter, description["arn"], managed=managed, probers=lab._principals, view=view
    )


def _restore_table(description: Description, lab: Lab) -> DynamoDBTable:
    clients = Clients.of(lab.as_(lab.admin).client)
    return DynamoDBTable(clients, lab._creation.waiter, description["name"], description["arn"])


_RECIPES = {
    "user": _Recipe(IamUser, _describe_user, _restore_user),
    # Before keys of the lab: an existing one is of a class below theirs.
    "existing key": _Recipe(ExistingKey, _describe_key, _restore_existing_key),
    "key": _Recipe(KmsKey, _describe_key, _restore_key),
    "table": _Recipe(DynamoDBTable, lambda table: {"name": table.name, "arn": table.arn}, _restore_table),
}
"""The first that fits counts."""
