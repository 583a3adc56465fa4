"""Whom the principals of policies and grants mean: AWS keeps a user or role by its unique id, an endpoint by
its ARN, which somebody else may have later.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from pytest_kmslab.authz.arn import account_of
from pytest_kmslab.backends.endpoint.iam_snapshot import Snapshot
from pytest_kmslab.backends.endpoint.store import Store
from pytest_kmslab.calls.rules.policy_principals import is_unique_id, principals_of, renamed


class MeantPrincipals:
    """Remembers whom each ARN meant when it was put.

    `snapshot_of` answers what IAM holds in an account, in the reader's own for an empty number; None where
    the endpoint keeps no such account.
    """

    def __init__(self, store: Store, snapshot_of: Callable[[str], Snapshot | None]) -> None:
        self._store = store
        self._snapshot_of = snapshot_of

    def keep(self, holder: str, text: str) -> None:
        """Remember whom the policy of a holder (a name of ours) means now."""
        principals = list(principals_of(text))
        meant = self.ids_of(principals)
        meant.update((identifier, identifier) for identifier in principals if is_unique_id(identifier))
        # Most trust policies name a service: there is nothing to remember, unless they named a user before.
        if meant or self._store.get(holder) is not None:
            self._store.put(holder, dict(meant))

    def present(self, holder: str, text: str) -> str:
        """The policy's text with the principals as AWS shows them now."""
        meant: Mapping[str, str] = self._store.get(holder) or {}
        names = {
            arn: self.name_of(arn, unique_id)
            for arn, unique_id in meant.items()
            if self.ids_of([arn]).get(arn) != unique_id
        }
        return renamed(text, names) if names else text

    def ids_of(self, arns: Iterable[str]) -> dict[str, str]:
        """The unique ids of those of the ARNs that are there; of a session that of its role."""
        found = {}
        for arn in arns:
            snapshot = self._snapshot_of(account_of(arn))
            entity = None if snapshot is None else snapshot.behind(arn)
            if entity is not None:
                found[arn] = entity.unique_id
        return found

    def name_of(self, arn: str, unique_id: str) -> str:
        """What a principal that had this ARN is called now: its ARN, or its unique id where it is gone."""
        snapshot = self._snapshot_of(account_of(arn))
        behind = None if snapshot is None else snapshot.behind(arn)
        if behind is not None and behind.unique_id == unique_id:
            return arn
        entity = None if snapshot is None else snapshot.of_id(unique_id)
        return unique_id if entity is None else entity.arn


def of_role(arn: str) -> str:
    """The name of what is kept of a role's trust policy."""
    return f"trust-principals/{arn.replace(':', '/')}"


def of_table(arn: str) -> str:
    """The name of what is kept of the policy of a table or stream."""
    return f"table-principals/{arn.replace(':', '/')}"
