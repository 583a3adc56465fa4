"""The lab: makes keys, tables and users, lets you act as any of them, and removes it all again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_kmslab.authz.partitions import partition_of
from pytest_kmslab.backends.protocol import Administrator, Credentials
from pytest_kmslab.lab.context import LabContext
from pytest_kmslab.lab.environment import environment
from pytest_kmslab.lab.inventory import inventory
from pytest_kmslab.lab.key_policy import console_policy
from pytest_kmslab.lab.kinds.existing import ExistingKey, ExistingTable
from pytest_kmslab.lab.kinds.key import KmsKey, Principal, arn_of
from pytest_kmslab.lab.kinds.table import DynamoDBTable, Encryption
from pytest_kmslab.lab.kinds.user import ADMINISTRATOR_ACCESS, ExistingUser, IamUser
from pytest_kmslab.lab.maker import ResourceMaker
from pytest_kmslab.lab.principals import Actor, Principals
from pytest_kmslab.lab.sessions import PrincipalSession
from pytest_kmslab.lab.teardown.keep_tags import keep_by_tag
from pytest_kmslab.lab.teardown.stack import TeardownStack

if TYPE_CHECKING:
    from pytest_kmslab.enforcement.trail import Trail


class Lab:
    """A place to work in: an account, its administrator, and what you make there.

    Everything is made by the administrator, under a name of its own and with the run's tags, and is
    removed by `close`, newest first. Errors of the services are boto3's own. `open_lab` makes one.
    """

    def __init__(self, context: LabContext, admin: IamUser | None = None) -> None:
        self._site = context
        self._undo = TeardownStack(context.ledger)
        self._principals = Principals(context.sessions, lambda: self._client("iam"))
        self._admin = admin
        self._maker = ResourceMaker(context, self._undo, self._client)

    @property
    def account(self) -> str:
        """The account's id, 12 digits."""
        return self._site.backend.account

    @property
    def region(self) -> str:
        """The Region the lab works in."""
        return self._site.backend.region

    @property
    def trail(self) -> Trail:
        """Every decision made so far in this run."""
        return self._site.trail

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to remove."""
        return self._undo.is_empty

    @property
    def admin(self) -> IamUser:
        """The IAM administrator: a user with AdministratorAccess, on AWS the caller."""
        assert self._admin is not None, "the lab is not open"
        return self._admin

    def create_key(
        self,
        alias: str | None = None,
        *,
        description: str | None = None,
        administrators: Iterable[Principal] | None = None,
        users: Iterable[Principal] | None = None,
        policy: Mapping[str, Any] | str | None = None,
    ) -> KmsKey:
        """Make a symmetric key with an alias, which is made unique.

        Its policy is what the console writes for these key administrators and key users, by default
        the lab's administrator as both; or the `policy` given.
        """
        if policy is None:
            policy = self._console_policy(administrators, users)
        if description is None:
            description = self._site.settings.key_description
        key = self._maker.key(alias or self._site.settings.key_alias, policy, description)
        key.probers = self._principals
        return key

    def use_key(self, arn: str) -> ExistingKey:
        """Work with a key that is there already, which is never deleted.

        Its policy is changed only where `--kmslab-manage-key-policy` allows it, and is put back letter by
        letter when the lab ends. Raises ResourceError for one that is not there, or cannot be used.
        """
        key = self._maker.existing_key(arn)
        key.probers = self._principals
        return key

    def use_table(self, name: str, key: KmsKey) -> ExistingTable:
        """Work with a table that is there already, under this key, and is never changed or deleted.

        Raises ResourceError for one that is not there, under another key, or has another partition key.
        """
        return self._maker.existing_table(name, key)

    def create_table(self, name: str | None = None, *, key: Encryption | None = None) -> DynamoDBTable:
        """Make a table, and return when it is ACTIVE; the name is made unique.

        The table has the partition key `id` (String). Without a key it is encrypted under the key
        that DynamoDB owns, which asks nobody for a permission.
        """
        return self._maker.table(name or self._site.settings.table_name, key)

    def create_alarm(self, table: DynamoDBTable) -> str:
        """Make a CloudWatch alarm that watches a table, and return its name."""
        return self._maker.alarm(table)

    def create_user(
        self, name: str | None = None, *, policies: Iterable[str] = (), console: bool = False, path: str = "/"
    ) -> IamUser:
        """Make an IAM user with an access key; the name is made unique.

        `policies` are AWS managed policies by name, or ARNs. With `console` the user can sign in to
        the console; the credentials file is in a temporary directory of pytest's.
        """
        user = self._maker.user(name or self._site.settings.user_name, policies, console, path)
        self._principals.add(user)
        return user

    def as_(self, actor: Actor) -> PrincipalSession:
        """Act as somebody: `lab.as_(user).client("dynamodb")`. Clients are kept for the lab's lifetime."""
        return self._principals.session(actor)

    def environ(self, actor: Actor) -> AbstractContextManager[None]:
        """Have a plain `boto3.client()` act as somebody for as long as the block lasts.

        The credentials are in the environment, for processes started in the block too. Where changes take
        time to act, the services are waited for as `as_` does, each once.
        """
        self.as_(actor).wait_until_ready()
        return environment(actor.credentials, self.region, self._site.backend.endpoint_url)

    def inventory(self) -> list[str]:
        """The ARNs of everything of this run (and xdist worker) in the account, found by its tags."""
        return inventory(self._client, self.region, self._site.naming)

    @contextmanager
    def nested(self) -> Iterator[Lab]:
        """A lab in this one, with the same administrator: what is made in it goes at the block's end."""
        with _closing(Lab(self._site, self.admin)) as lab:
            lab._principals = self._principals
            yield lab

    def close(self) -> None:
        """Remove everything that was made, newest first, going on past errors.

        Raises TeardownError with all of them at the end.
        """
        with self._site.put_off():
            self._undo.unwind()

    def keep(self, seconds: float) -> list[str]:
        """Leave everything that was made to itself for so long, and say what and until when; `close` then
        has nothing to remove. Tags say it to whoever sweeps from another machine.
        """
        until = datetime.now(timezone.utc) + timedelta(seconds=seconds)
        kept = self._undo.keep(until)
        said = [f"{ref} until {until:%Y-%m-%d %H:%M} UTC" for ref in kept]
        return said + keep_by_tag(self._client, kept, until)

    def _open(self) -> None:
        """Set a person's own AWS settings aside, and have an administrator."""
        stack = ExitStack()
        self._undo.intend("environment", stack.close)
        root = self._site.backend.root
        stack.enter_context(environment(root, self.region, self._site.backend.endpoint_url))
        there = self._site.backend.administrator
        self._admin = self._made_administrator(root) if there is None else self._found_administrator(there)
        stack.enter_context(self.environ(self._admin))

    def _made_administrator(self, root: Credentials) -> IamUser:
        root_session = self._site.sessions.lasting("root", root)
        maker, name = (
            ResourceMaker(self._site, self._undo, root_session.client),
            self._site.settings.admin_name,
        )
        file = self._site.settings.admin_policy
        admin = maker.user_of_file(name, Path(file)) if file else maker.user(name, [ADMINISTRATOR_ACCESS])
        credentials = admin.credentials
        self._principals.keep(credentials, self._site.sessions.lasting("admin", credentials))
        return admin

    def _found_administrator(self, there: Administrator) -> IamUser:
        session = self._site.sessions.given(there.session)
        self._principals.keep(there.credentials, session)
        return ExistingUser(there.name, there.arn, there.credentials, session.client("iam"))

    def _console_policy(
        self, administrators: Iterable[Principal] | None, users: Iterable[Principal] | None
    ) -> dict[str, Any]:
        named = [[self.admin] if one is None else one for one in (administrators, users)]
        arns = ([arn_of(one) for one in principals] for principals in named)
        return console_policy(self.account, *arns, partition=partition_of(self.region).name)

    def _client(self, service: str) -> Any:
        return self.as_(self.admin).client(service)


@contextmanager
def open_lab(context: LabContext) -> Iterator[Lab]:
    """A lab with an administrator of its own, whom a plain `boto3.client()` acts as while it is open.

    Everything is removed at the end of the block; raises TeardownError if something could not be.
    One at a time on a site: its administrator's clients are kept for the next lab. `Lab.nested` gives more.
    """
    with _closing(Lab(context)) as lab:
        lab._open()
        yield lab


@contextmanager
def _closing(lab: Lab) -> Iterator[Lab]:
    try:
        yield lab
    finally:
        lab.close()
