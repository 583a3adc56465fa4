"""Facts of an endpoint: asked of its API, for the most part nothing is kept here for longer than a second."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.authz.policy import NamedPolicy, Policies, Policy, read_policy
from pytest_kmslab.backends.endpoint_cache import SECONDS, ReadCache
from pytest_kmslab.backends.endpoint_clients import EndpointClients
from pytest_kmslab.backends.endpoint_iam import named_policy
from pytest_kmslab.backends.endpoint_identity import ApiIdentities
from pytest_kmslab.backends.endpoint_keys import ApiKeys
from pytest_kmslab.backends.endpoint_store import SharedStore
from pytest_kmslab.backends.endpoint_tables import ApiTables
from pytest_kmslab.facts import Caller, Credential, Key, Table


class ApiFacts:
    """`Facts` of the one account that the root user of an endpoint belongs to."""

    def __init__(self, clients: EndpointClients, seconds: float = SECONDS) -> None:
        self._of_iam, self._of_others = ReadCache(seconds), ReadCache(seconds)
        self.clients = clients
        self.store = SharedStore(clients, self._of_others)
        self.identities = ApiIdentities(clients, self.store, self._of_iam)
        self.keys = ApiKeys(clients, self.identities, self.store, self._of_others)
        self.tables = ApiTables(clients, self.identities, self.keys, self.store, self._of_others)

    def changed(self, service: str) -> None:
        """Something of a service was changed, or is about to be: forget what was read of it.

        A key's policy is read with IAM's principals in it, so a change of IAM's is one of everything.
        """
        if service == "iam":
            self._of_iam.drop()
        self._of_others.drop()

    def credential(self, access_key_id: str) -> Credential | None:
        """The credential of an access key id; None for one that was made where no seam saw it."""
        return self.identities.credential(access_key_id)

    def key(self, key_id: str, region: str, account: str) -> Key | None:
        """A key by id, ARN, alias name or alias ARN."""
        return self.keys.key(key_id, region, account)

    def key_of_ciphertext(self, ciphertext: bytes, region: str, account: str) -> Key | None:
        """The key whose id stands at the head of the ciphertext."""
        return self.keys.of_ciphertext(ciphertext, region, account)

    def table(self, name: str, region: str, account: str) -> Table | None:
        """A table by name, or by the ARN of the table, of an index or of a stream."""
        return self.tables.table(name, region, account)

    def backup(self, arn: str) -> Table | None:
        """The table as it was when a backup of it was made."""
        return self.tables.backup(arn)

    def iam_arn(self, kind: str, name: str, account: str) -> str | None:
        """The ARN of an IAM entity by its name."""
        if account != self.identities.account:
            return None
        found = self.identities.snapshot.named(kind, name)
        return None if found is None else found.arn

    def iam_tags(self, arn: str) -> Mapping[str, str]:
        """The tags of a user or role."""
        found = self.identities.snapshot.entities.get(arn)
        return {} if found is None else found.tags

    def principal_exists(self, principal: str) -> bool:
        """Whether KMS could resolve a principal: accounts are taken to exist, users and roles not."""
        return self.identities.exists(principal)

    def policies(self, caller: Caller, resource: str) -> Policies:
        """The caller's policies, and the policy that hangs on the resource."""
        identity, boundary = self.identities.policies(caller)
        session = enumerate(caller.session_policies)
        return Policies(
            identity=identity,
            resource=self.resource_policy(resource),
            permissions_boundary=boundary,
            session=tuple(named_policy(f"session policy {number}", text) for number, text in session),
        )

    def resource_policy(self, resource: str) -> NamedPolicy | None:
        """The policy that hangs on a resource: a key policy, a table's, a role's trust policy."""
        service = resource.split(":", 3)[2] if resource.startswith("arn:") else ""
        text = self._resource_policy_text(service, resource)
        return named_policy(resource, text) if text else None

    def mfa_seed(self, user_arn: str, serial: str) -> str | None:
        """None: an endpoint tells a seed to nobody but who makes the device."""
        return None

    def resource_control(self, resource: str) -> tuple[tuple[NamedPolicy, ...], ...]:
        """None: organizations are not read."""
        return ()

    def key_policy(self, key_arn: str) -> Policy | None:
        """The key policy of a key."""
        key = self.keys.by_arn(key_arn)
        return None if key is None else read_policy(self.keys.policy_text(key))

    def grants(self, key_arn: str) -> tuple[Grant, ...]:
        """The grants on a key."""
        key = self.keys.by_arn(key_arn)
        return () if key is None else self.keys.grants(key)

    def grants_to(self, key_arn: str, caller: Caller) -> tuple[Grant, ...]:
        """Those of the grants whose grantee is the caller, its role or its account."""
        key = self.keys.by_arn(key_arn)
        return () if key is None else self.keys.grants_to(key, caller)

    def grant_of_token(self, token: str, region: str, account: str) -> tuple[Key, Grant] | None:
        """The grant of a token; a token is good in the Region that gave it out."""
        return self.keys.grant_of_token(token, region)

    def _resource_policy_text(self, service: str, resource: str) -> str | None:
        if service == "kms":
            key = self.keys.by_arn(resource)
            return None if key is None else self.keys.policy_text(key)
        if service == "dynamodb":
            return self.tables.policy_text(resource)
        if service == "iam" and ":role/" in resource:
            role = self.identities.snapshot.entities.get(resource)
            return None if role is None else role.trust
        return None
