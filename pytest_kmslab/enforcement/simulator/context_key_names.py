"""The condition keys that policies ask for, as IAM's simulator lists them beforehand: moto answers neither.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetContextKeysForCustomPolicy.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetContextKeysForPrincipalPolicy.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.authz.policy import NamedPolicy, Policy, print_policy
from pytest_kmslab.authz.variables import VERSION
from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.enforcement.simulator.simulate import given_policies, policies_of_source

_VARIABLE = re.compile(r"\$\{\s*([^}?*$,\s][^},]*?)\s*[},]")


def context_key_names(call: ApiCall, view: AccountView) -> dict[str, Any] | None:
    """The response of the two operations; None for every other call. Raises ServiceError as they do."""
    policies: tuple[NamedPolicy, ...]
    if call.name == "iam:GetContextKeysForCustomPolicy":
        policies = given_policies("PolicyInputList", call.params["PolicyInputList"], {})
    elif call.name == "iam:GetContextKeysForPrincipalPolicy":
        named_policies = given_policies("PolicyInputList", call.params.get("PolicyInputList"), {})
        policies = (*policies_of_source(call, view).identity, *named_policies)
    else:
        return None
    names = {name.lower(): name for policy in policies for name in _names(policy.policy)}
    return {"ContextKeyNames": list(names.values())}


def _names(policy: Policy) -> Iterator[str]:
    for statement in policy.statements:
        for condition in statement.conditions:
            yield condition.key
    # In a policy of 2008 `${…}` is text like any other.
    if policy.version == VERSION:
        yield from _VARIABLE.findall(print_policy(policy))
