"""Reads a real account, to predict what AWS will decide: as the administrator, and never written.

What is read is kept for some seconds and dropped by every change that passes the seam. It needs these
permissions of the administrator: of IAM GetUser, GetRole, GetGroup, Get…Policy, List…Policies,
ListAttached…Policies (of user, role and group), ListGroupsForUser, GetPolicy and GetPolicyVersion; of KMS
DescribeKey, ListAliases, ListResourceTags, GetKeyPolicy and ListGrants; of DynamoDB DescribeTable,
ListTagsOfResource and GetResourcePolicy. What may not be read raises botocore's ClientError, what cannot be
read UnreadError.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from pytest_kmslab.account.model import Caller, Credential, Key
from pytest_kmslab.backends.aws.principals import AwsIdentities
from pytest_kmslab.backends.endpoint.account import ApiAccount, ApiAccountReader
from pytest_kmslab.backends.endpoint.cache import ReadCache
from pytest_kmslab.backends.endpoint.clients import EndpointClients
from pytest_kmslab.backends.endpoint.fixups import sessions as endpoint_sessions
from pytest_kmslab.backends.endpoint.fixups.operations import keep_grant_token
from pytest_kmslab.backends.endpoint.iam_snapshot import tags_of
from pytest_kmslab.backends.endpoint.keys import OF_AWS, ApiKeys
from pytest_kmslab.backends.endpoint.store import Record, Store
from pytest_kmslab.backends.endpoint.tables import ApiTables
from pytest_kmslab.backends.protocol import Administrator, Credentials
from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.calls.sts.sessions import LASTING
from pytest_kmslab.errors import UnreadError

SECONDS = 30.0
"""For this long a change made past the seam of this process may go unseen; one made through it never. The
observer reads again before it says that AWS decided otherwise."""

CHANGED = {
    "kms": frozenset({"key", "key policy", "grants"}),
    "dynamodb": frozenset({"table", "description", "table policy", "grants"}),
}
"""What of it is read again after a change of the service; DynamoDB makes and retires grants."""

LEARNT = {
    "iam:CreateAccessKey": endpoint_sessions.keep_access_key,
    "kms:CreateGrant": keep_grant_token,
    "sts:AssumeRole": endpoint_sessions.keep_role_session,
    "sts:GetFederationToken": endpoint_sessions.keep_federation_token,
    "sts:GetSessionToken": endpoint_sessions.keep_session_token,
}
"""What AWS tells once only: a row an operation."""

OF_ONE = ("UserName", "NewUserName", "RoleName")
"""The parameters of a change of one user or role."""

ENCRYPTING = ("Encrypt", "GenerateDataKey", "ReEncrypt")


class MemoryStore:
    """What the seam saw of this run, kept nowhere else."""

    def __init__(self) -> None:
        self._records: dict[str, Record] = {}

    def get(self, name: str) -> Record | None:
        """A record, None where there is none."""
        return self._records.get(name)

    lasting = get

    def put(self, name: str, record: Record) -> None:
        """Keep a record in place of the one that is there."""
        self._records[name] = record

    def delete(self, name: str) -> None:
        """Forget a record."""
        self._records.pop(name, None)


class AwsClients(EndpointClients):
    """Clients that sign as the administrator, with credentials renewed when they must be."""

    read_seconds = 20

    def __init__(self, administrator: Administrator, region: str, stand_in: str | None) -> None:
        super().__init__(stand_in or "", region, administrator.credentials)
        self._administrator = administrator

    def of(self, service: str, region: str = "") -> Any:
        """The client of a service; in the lab's Region if none is given."""
        frozen = self._administrator.session.get_credentials().get_frozen_credentials()
        signer = Credentials(frozen.access_key, frozen.secret_key, frozen.token)
        with self._lock:
            if signer != self.root:
                self.root = signer
                self._made.clear()
        return super().of(service, region)


class AwsKeys(ApiKeys):
    """Keys of the account, AWS's own among them, which are looked at and never made."""

    def of_ciphertext(self, ciphertext: bytes, region: str, account: str) -> Key | None:
        """The key of a ciphertext that was made through the seam; AWS's do not say."""
        record = self._store.lasting(_ciphertext_name(ciphertext))
        return None if record is None else self.by_arn(record["key"])

    def keep_ciphertext(self, ciphertext: bytes, key_arn: str) -> None:
        """Remember which key made a ciphertext."""
        self._store.put(_ciphertext_name(ciphertext), {"key": key_arn})

    def _describe(self, key_id: str, region: str) -> dict[str, Any] | None:
        # KMS makes an AWS managed key for who describes it by its alias: find it by another way.
        if key_id.startswith(OF_AWS):
            key_id = self._target(key_id, region)
        return super()._describe(key_id, region)

    def _target(self, alias: str, region: str) -> str:
        pages = self._clients.of("kms", region).get_paginator("list_aliases").paginate()
        for page in pages:
            for entry in page["Aliases"]:
                if entry["AliasName"] == alias and entry.get("TargetKeyId"):
                    return str(entry["TargetKeyId"])
        raise UnreadError(f"the AWS managed key `{alias}`, which may not be made yet")

    def _read_policy(self, key: Key) -> str:
        # AWS shows deleted principals by their unique id itself.
        return self._given_policy(key)


class AwsAccountReader(ApiAccountReader):
    """Reads one real account, put together of what its APIs tell. Raises UnreadError for any other."""

    def __init__(self, administrator: Administrator, account: str, region: str, stand_in: str | None) -> None:
        self._of_iam, self._of_others = ReadCache(SECONDS), ReadCache(SECONDS)
        self.store: Store = MemoryStore()
        self.clients = AwsClients(administrator, region, stand_in)
        self.identities: AwsIdentities = AwsIdentities(self.clients, self.store, self._of_iam, account)
        self.keys = AwsKeys(self.clients, self.identities, self.store, self._of_others)
        self.tables = ApiTables(self.clients, self.identities, self.keys, self.store, self._of_others)
        self._own = ApiAccount(self.identities, self.keys, self.tables)

    def account_at(self, account: str) -> ApiAccount:
        """What the APIs of the account tell; raises UnreadError for any other."""
        if account != self.identities.account:
            raise UnreadError(f"account `{account}`")
        return self._own

    def key_of_ciphertext(self, ciphertext: bytes, region: str, account: str) -> Key | None:
        """The key of a ciphertext that was made through the seam."""
        return self.account_at(account).keys.of_ciphertext(ciphertext, region, account)

    def iam_arn(self, kind: str, name: str, account: str, partition: str) -> str | None:
        """The ARN of an IAM entity by its name."""
        self.account_at(account)
        return self.identities.arn_of(kind, name)

    def iam_tags(self, arn: str) -> Mapping[str, str]:
        """The tags of a user or role."""
        return tags_of(self.identities.about(arn))

    def max_session_duration(self, role_arn: str) -> int:
        """What IAM tells of the role."""
        return int(self.identities.about(role_arn).get("MaxSessionDuration") or LASTING)

    def forget(self, call: ApiCall) -> None:
        """A call has changed something, or is about to: forget what was read of it."""
        if call.service != "iam":
            kinds = CHANGED.get(call.service, frozenset())
            self._of_others.drop(lambda key: key[0] in kinds)
            return
        # A change of one user or role leaves what is known of others: nothing else of theirs hangs on it.
        changed = {str(call.params[name]).lower() for name in OF_ONE if call.params.get(name)}
        whole = not changed or bool(call.params.get("GroupName"))
        # Whose something is that was read of IAM: kept under a kind and a name, or under a word and an ARN.
        self._of_iam.drop(None if whole else lambda key: key[1].rsplit("/", 1)[-1].lower() in changed)

    def forget_all(self) -> None:
        """Read everything again."""
        self._of_iam.drop()
        self._of_others.drop()

    def caller(self, credentials: Credentials) -> Caller:
        """Who holds these credentials."""
        return self.identities.caller(credentials)

    def credential(self, access_key_id: str) -> Credential | None:
        """AWS checks credentials itself, and tells nobody their secrets."""
        raise UnreadError("the secret of an access key")

    def learn(self, call: ApiCall, response: dict[str, Any]) -> None:
        """Keep what AWS tells once only of a call that it did."""
        keep = LEARNT.get(call.name)
        if keep is not None:
            keep(self, call, response)
        made = call.service == "kms" and call.operation.startswith(ENCRYPTING)
        if made and "CiphertextBlob" in response and "KeyId" in response:
            self.keys.keep_ciphertext(bytes(response["CiphertextBlob"]), str(response["KeyId"]))


def _ciphertext_name(ciphertext: bytes) -> str:
    return f"ciphertexts/{hashlib.sha256(ciphertext).hexdigest()}"
