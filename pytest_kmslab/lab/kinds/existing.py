"""A key and a table that were there before the lab: to use, and not the lab's to change or delete."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_kmslab.arguments import check_text, refusal_text, wrong_type
from pytest_kmslab.authz.arn import name_in
from pytest_kmslab.config.validators import KEY_ARN
from pytest_kmslab.errors import ResourceError
from pytest_kmslab.lab.kinds.kms.key import DELETION_DAYS, POLICY_NAME, KmsKey
from pytest_kmslab.lab.kinds.kms.key_policy_propagation import Probers
from pytest_kmslab.lab.kinds.table import PARTITION_KEY, Clients, DynamoDBTable, Encryption, check_table_name
from pytest_kmslab.lab.policies.sources import PolicySource
from pytest_kmslab.lab.resource_kind import Client, ResourceKind, ResourceRef
from pytest_kmslab.lab.waiting.waiters import Waiter

if TYPE_CHECKING:
    from mypy_boto3_kms.client import KMSClient

    from pytest_kmslab.account.model import AccountView
    from pytest_kmslab.lab.creation import Creation

MANAGE = "--kmslab-manage-key-policy lets the lab change it, and put it back at the end"


GIVEN_KEY = "given by --kmslab-key-arn"
GIVEN_TABLE = "given by --kmslab-table"


class ExistingKey(KmsKey):
    """A key that the lab did not make: it is never deleted, and has no alias from the lab.

    Its policy is changed where that was allowed (`managed`), and put back by `put_back`.
    """

    def __init__(
        self,
        kms: KMSClient,
        waiter: Waiter,
        arn: str,
        *,
        managed: bool,
        given: str = GIVEN_KEY,
        probers: Probers | None = None,
        view: AccountView | None = None,
    ) -> None:
        super().__init__(kms, waiter, name_in(arn), arn, probers=probers, view=view)
        self._managed = managed
        try:
            key = self.describe()
        except self._kms.exceptions.NotFoundException:
            raise ResourceError(f"key `{self.arn}`, {given}, does not exist") from None
        # A table takes no other key: DynamoDB wants a symmetric one that can be used.
        if key["KeyState"] != "Enabled" or key["KeySpec"] != "SYMMETRIC_DEFAULT":
            raise ResourceError(
                f"key `{self.arn}`, {given}, is `{key['KeyState']}` and of spec `{key['KeySpec']}`: give an "
                "enabled symmetric one"
            )
        self.policy_text = self._policy_text()

    def put_policy(self, policy: PolicySource) -> None:
        """Replace the key policy; raises ResourceError where nobody allowed that."""
        if not self._managed:
            raise ResourceError(f"the policy of key `{self.arn}` is not the lab's to change: {MANAGE}")
        super().put_policy(policy)

    def put_back(self) -> None:
        """Put the key policy back letter by letter; where it was not changed, nothing is done."""
        if self._policy_text() != self.policy_text:
            super().put_policy(self.policy_text)

    def create_alias(self, alias: str) -> None:
        """Raises ResourceError: an alias would be a change."""
        raise self._not_made()

    def schedule_deletion(self, days: int = DELETION_DAYS) -> datetime:
        """Raises ResourceError: the lab deletes only what it made."""
        raise self._not_made()

    def remove(self) -> None:
        """Raises ResourceError: the lab deletes only what it made."""
        raise self._not_made()

    def _not_made(self) -> ResourceError:
        return ResourceError(f"key `{self.arn}` was not made by the lab, which deletes only what it made")


def use_key(creation: Creation, arn: str, *, managed: bool, probers: Probers | None = None) -> ExistingKey:
    """Work with a key that is there; what is done to its policy, if that is allowed, is put back."""
    # A key by its id or alias would be another than the one that decisions and policies are about.
    if not (KEY_ARN.accepts(check_text("arn", arn, KEY_ARN.good)) and arn):
        raise ResourceError(refusal_text("arn", KEY_ARN.good, arn))
    origin = GIVEN_KEY if arn == creation.context.settings.key_arn else "given as `arn`"
    kms = creation.client("kms")
    view = creation.context.backend.view
    key = ExistingKey(kms, creation.waiter, arn, managed=managed, given=origin, probers=probers, view=view)
    if not managed:
        return key
    # Beside the ledger: whoever cleans up after a run that was killed has to know what the policy was.
    file = creation.context.ledger.keep_text(f"{key.id}.json", key.policy_text)
    if file is None:  # nothing is written down where the account ends with this process
        creation.teardown.intend(f"change of the policy of key `{key.arn}`", key.put_back)
        return key

    def put_back() -> None:
        key.put_back()
        file.unlink(missing_ok=True)

    ref = ResourceRef(KEY_POLICY, str(file), creation.region)
    creation.teardown.confirm(creation.teardown.intend(ref, put_back), key.arn)
    return key


def use_table(creation: Creation, name: str, key: KmsKey) -> ExistingTable:
    """Work with a table that is there, under this key."""
    check_table_name(creation, "name", name)
    if not isinstance(key, KmsKey):
        raise wrong_type("key", "a key of the lab, as `use_key` answers", key)
    origin = GIVEN_TABLE if name == creation.context.settings.table else "given as `name`"
    return ExistingTable(Clients.of(creation.client), creation.waiter, name, key, given=origin)


class KeyPolicyKind(ResourceKind):
    """Changes of the policies of somebody's own keys: what each was stands in a file beside the ledger."""

    name = "key-policy"
    title = "key policy to put back, kept in"
    is_file = True

    def remove(self, client: Client, waiter: Waiter, ref: ResourceRef) -> None:
        """Put the policy back, and forget the file."""
        kms = client("kms")
        file = Path(ref.name)
        text = file.read_text(encoding="utf-8")
        # The run that changed it may have put it back before it was killed.
        if kms.get_key_policy(KeyId=ref.arn, PolicyName=POLICY_NAME)["Policy"] != text:
            kms.put_key_policy(KeyId=ref.arn, PolicyName=POLICY_NAME, Policy=text)
        file.unlink(missing_ok=True)

    def commands(self, ref: ResourceRef) -> tuple[str, ...]:
        """By the ARN of the key: the name is the file's."""
        file, key = shlex.quote(f"file://{ref.name}"), shlex.quote(ref.arn)
        return (f"kms put-key-policy --policy-name default --key-id {key} --policy {file}",)


KEY_POLICY = KeyPolicyKind()


class ExistingTable(DynamoDBTable):
    """A table that the lab did not make: its items are written and read, the table stays as it is."""

    def __init__(
        self, clients: Clients, waiter: Waiter, name: str, key: KmsKey, *, given: str = GIVEN_TABLE
    ) -> None:
        super().__init__(clients, waiter, name)
        called = f"table `{self.name}`, {given},"
        try:
            table = self.describe()
        except self._clients.dynamodb.exceptions.ResourceNotFoundException:
            raise ResourceError(f"{called} does not exist") from None
        self.arn = table["TableArn"]
        under = table.get("SSEDescription", {}).get("KMSMasterKeyArn")
        if under != key.arn:
            raise ResourceError(f"{called} is under key `{under or 'of AWS'}`, not `{key.arn}`: give its own")
        types = {one["AttributeName"]: one["AttributeType"] for one in table["AttributeDefinitions"]}
        keys = [(part["AttributeName"], types[part["AttributeName"]]) for part in table["KeySchema"]]
        # The tests that are given it write items by this key.
        if keys != [(PARTITION_KEY, "S")]:
            raise ResourceError(f"{called} has another key than `{PARTITION_KEY}` (String): {keys}")

    def create(
        self, tags: Mapping[str, str], key: Encryption | None = None, more: Mapping[str, Any] | None = None
    ) -> None:
        """Raises ResourceError: it is there."""
        raise self._not_made("there already")

    def encrypt(self, key: Encryption) -> None:
        """Raises ResourceError: its encryption is not the lab's to change."""
        raise self._not_made("not the lab's to change")

    def delete(self) -> None:
        """Raises ResourceError: the lab deletes only what it made."""
        raise self._not_made("not the lab's to delete")

    def _not_made(self, why: str) -> ResourceError:
        return ResourceError(f"table `{self.name}` was not made by the lab, and is {why}")
