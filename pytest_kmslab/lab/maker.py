"""Makes the things of a lab: each under a name of its own, noted before and after, with how it is removed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from pytest_kmslab.lab.console_access import credentials_path
from pytest_kmslab.lab.context import LabContext
from pytest_kmslab.lab.kinds.alarm import create_alarm
from pytest_kmslab.lab.kinds.existing import ExistingKey, ExistingTable
from pytest_kmslab.lab.kinds.key import KmsKey, create_key
from pytest_kmslab.lab.kinds.table import Clients, DynamoDBTable, Encryption
from pytest_kmslab.lab.kinds.user import IamUser, create_user, put_policy_of_file
from pytest_kmslab.lab.resource_ref import (
    ALARM,
    ALIAS_PREFIX,
    CREDENTIALS_FILE,
    KEY_POLICY,
    KMS_KEY,
    TABLE,
    USER,
    ResourceRef,
)
from pytest_kmslab.lab.teardown.create_guard import recorded_create, remove_orphans
from pytest_kmslab.lab.teardown.search import KINDS, Client
from pytest_kmslab.lab.teardown.stack import Step, TeardownStack


class ResourceMaker:
    """Makes things on a site as whom `client` signs for, and tells `undo` of each."""

    def __init__(self, context: LabContext, teardown: TeardownStack, client: Client) -> None:
        self._site = context
        self._undo = teardown
        self._client = client

    @property
    def _region(self) -> str:
        return self._site.backend.region

    def key(self, base: str, policy: Mapping[str, Any] | str, description: str) -> KmsKey:
        """A symmetric key with an alias."""
        name = self._site.naming.name(base)
        ref = ResourceRef(KMS_KEY, name, self._region)
        with self._recorded_create(ref) as step:
            tags = self._site.naming.tags(name)
            key = create_key(self._client("kms"), self._site.waiter, policy, description, tags)
        self._undo.confirm(step, key.arn, lambda: self._remove_key(key, ref))
        key.create_alias(ALIAS_PREFIX + name)
        return key

    def existing_key(self, arn: str) -> ExistingKey:
        """A key that is there; what is done to its policy, if that is allowed, is put back at the end."""
        managed = self._site.settings.manage_key_policy
        key = ExistingKey(self._client("kms"), self._site.waiter, arn, managed=managed)
        if managed:
            self._intend_policy(key)
        return key

    def table(self, base: str, key: Encryption | None) -> DynamoDBTable:
        """A table that is ready."""
        name = self._site.naming.name(base)
        table = DynamoDBTable(self._table_clients(), self._site.waiter, name)
        with self._recorded_create(ResourceRef(TABLE, name, self._region)) as step:
            table.create(self._site.naming.tags(name), key)
        self._undo.confirm(step, table.arn, table.delete)
        return table

    def existing_table(self, name: str, key: KmsKey) -> ExistingTable:
        """A table that is there."""
        return ExistingTable(self._table_clients(), self._site.waiter, name, key)

    def alarm(self, table: DynamoDBTable) -> str:
        """An alarm that watches a table; its name."""
        cloudwatch = self._client("cloudwatch")
        name = self._site.naming.name(table.name)
        with self._recorded_create(ResourceRef(ALARM, name, self._region)) as step:
            create_alarm(cloudwatch, name, table.name, self._site.naming.tags(name))
        partition = table.arn.split(":")[1]
        arn = f"arn:{partition}:cloudwatch:{self._region}:{self._site.backend.account}:alarm:{name}"
        self._undo.confirm(step, arn, lambda: cloudwatch.delete_alarms(AlarmNames=[name]))
        return name

    def user(self, base: str, policies: Iterable[str], console: bool = False, path: str = "/") -> IamUser:
        """An IAM user with an access key, and with `console` a credentials file."""
        name = self._site.naming.name(base)
        directory = self._site.csv_directory() if console else None
        if directory is not None:
            self._intend_file(credentials_path(directory, name))
        with self._recorded_create(ResourceRef(USER, name, self._region)) as step:
            tags = self._site.naming.tags(name)
            user = create_user(self._client("iam"), name, tags, policies, path, directory)
        self._undo.confirm(step, user.arn, user.delete_as_made if self._forgotten else user.delete)
        return user

    def user_of_file(self, base: str, file: Path) -> IamUser:
        """An IAM user with the policy in a file, inline."""
        user = self.user(base, [])
        put_policy_of_file(self._client("iam"), user.name, file)
        return user

    def _table_clients(self) -> Clients:
        return Clients(self._client("dynamodb"), self._client("kms"), self._client("cloudwatch"))

    def _intend_policy(self, key: ExistingKey) -> None:
        """Keep what the policy is beside the ledger, for whoever cleans up after a run that was killed."""
        file = self._site.ledger.keep_text(f"{key.id}.json", key.policy_text)
        if file is None:
            self._undo.intend(f"change of the policy of key `{key.arn}`", key.put_back)
            return
        ref = ResourceRef(KEY_POLICY, str(file), self._region)
        step = self._undo.intend(ref, lambda: key.put_back_from(file))
        self._undo.confirm(step, key.arn)

    def _intend_file(self, path: Path) -> None:
        step = self._undo.intend(
            ResourceRef(CREDENTIALS_FILE, str(path)), lambda: path.unlink(missing_ok=True)
        )
        self._undo.confirm(step, str(path))

    def _recorded_create(self, ref: ResourceRef) -> AbstractContextManager[Step]:
        return recorded_create(self._undo, self._client, self._site.waiter, ref, self._site.naming)

    def _remove_key(self, key: KmsKey, ref: ResourceRef) -> None:
        """Where the account outlives the process, with aliases that came later and a second key, if any."""
        if self._forgotten:
            key.remove()
            return
        KINDS[KMS_KEY].remove(self._client, self._site.waiter, replace(ref, arn=key.arn))
        if key.retried:
            remove_orphans(self._client, self._site.waiter, ref, self._site.naming)

    @property
    def _forgotten(self) -> bool:
        """Whether the account ends with the lab."""
        return self._site.backend.capabilities.is_ephemeral
