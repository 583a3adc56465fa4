"""What the independent engines are known to get wrong: each error by name, with the AWS page that says so.

A known error excuses nothing by its kind. It rewrites a case so that it means the same to AWS but
avoids the error, and a disagreement counts as explained only if the peer then answers as we do, and
we answer as before. tests/corpus/peer_errors holds a case for each, and a run fails where a peer no
longer errs on it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from deep.differential import peer_errors_principals as principals
from deep.differential import peer_errors_statements as statements
from deep.differential.generator import Case
from deep.differential.peers import IAM_SIMULATE, MINISTACK


@dataclass(frozen=True)
class KnownError:
    """One error of one peer. `rewrite` answers None for a case on which it cannot show."""

    peer: str
    rewrite: Callable[[Case], Case | None]

    @property
    def name(self) -> str:
        """What AWS does, which is also the name of the error's corpus case."""
        return self.rewrite.__name__


KNOWN_ERRORS = (
    KnownError(IAM_SIMULATE.name, principals.federated_user_without_session_policy_has_nothing),
    KnownError(IAM_SIMULATE.name, principals.kms_operation_does_not_cross_accounts),
    KnownError(IAM_SIMULATE.name, principals.session_named_in_resource_policy_is_not_limited),
    KnownError(IAM_SIMULATE.name, principals.wildcard_principal_is_not_limited),
    KnownError(IAM_SIMULATE.name, principals.root_user_needs_no_policy),
    KnownError(IAM_SIMULATE.name, principals.not_principal_must_list_every_layer),
    KnownError(IAM_SIMULATE.name, principals.endpoint_policy_names_principals),
    KnownError(IAM_SIMULATE.name, statements.wildcard_in_resource_type_matches),
    KnownError(IAM_SIMULATE.name, statements.range_of_all_addresses_holds_every_address),
    KnownError(IAM_SIMULATE.name, statements.address_without_prefix_is_not_one_of_the_other_family),
    KnownError(IAM_SIMULATE.name, statements.seconds_since_1970_are_a_date),
    KnownError(IAM_SIMULATE.name, statements.deny_with_for_any_value_if_exists_on_absent_key_stands),
    KnownError(IAM_SIMULATE.name, statements.variable_may_hold_a_whole_arn),
    KnownError(IAM_SIMULATE.name, statements.allow_with_unresolvable_variable_is_void),
    KnownError(IAM_SIMULATE.name, statements.deny_with_unresolvable_variable_stands),
    KnownError(MINISTACK.name, principals.federated_user_without_session_policy_has_nothing),
    KnownError(MINISTACK.name, principals.kms_operation_does_not_cross_accounts),
    KnownError(MINISTACK.name, principals.federated_user_named_in_resource_policy_is_not_limited),
    KnownError(MINISTACK.name, principals.wildcard_principal_is_not_limited),
    KnownError(MINISTACK.name, principals.principal_arn_of_a_session_is_the_role),
    KnownError(MINISTACK.name, statements.allow_with_for_any_value_if_exists_on_absent_key_is_void),
)
