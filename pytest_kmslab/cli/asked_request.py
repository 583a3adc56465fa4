"""What the flags of `kmslab decide` ask for: a request that nobody can make would always be denied."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pytest_kmslab.authz.arn import ACCOUNT_ID, parse_arn
from pytest_kmslab.authz.principal import PrincipalKind, identify
from pytest_kmslab.calls.operations import unknown_action_text
from pytest_kmslab.calls.services import ACTION_PREFIXES
from pytest_kmslab.cli.condition_keys import meant_key
from pytest_kmslab.errors import ArnError, CaseError

_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9]+", re.ASCII)
_SERVICES_OF = {"sts": ("sts", "iam")}
"""The services of an action's resources, where that is not its own: who assumes a role asks STS."""


def check_request(
    principal: str, action: str, resource: str, account: str | None, keys: Iterable[str] = ()
) -> None:
    """Raise CaseError for a request that nobody can make, and say with which flag it was given."""
    faults = (
        ("--principal", _principal_fault(principal)),
        ("--action", _action_fault(action)),
        ("--resource", _resource_fault(action, resource)),
        ("--resource-account", _account_fault(account)),
        *(("--context", _key_fault(key)) for key in keys),
    )
    for flag, fault in faults:
        if fault:
            raise CaseError(f"{flag}{fault}")


def _principal_fault(principal: str) -> str:
    if identify(principal).kind is not PrincipalKind.UNKNOWN:
        return ""
    return f" is `{principal}`: give the ARN of a user, role, session or root user, or the name of a service"


def _action_fault(action: str) -> str:
    """Of a service whose calls are not decided the policies are asked all the same."""
    service = action.partition(":")[0].lower()
    why = unknown_action_text(action) if ":" in action and service in ACTION_PREFIXES else ""
    if not why and _ACTION.fullmatch(action) is None:
        why = f"`{action}` is not an action: write `service:Operation`"
    return f": {why}" if why else ""


def _resource_fault(action: str, resource: str) -> str:
    if resource == "*":
        return ""
    try:
        owner = parse_arn(resource).service
    except ArnError:
        return f" is `{resource}`: give an ARN, or `*` for an action without resource"
    service = action.partition(":")[0].lower()
    if service not in ACTION_PREFIXES or owner in _SERVICES_OF.get(service, (service,)):
        return ""
    return f": `{action}` is about no resource of {owner}"


def _key_fault(key: str) -> str:
    meant = meant_key(key)
    return f": there is no condition key `{key}`: did you mean `{meant}`?" if meant else ""


def _account_fault(account: str | None) -> str:
    if account is None or ACCOUNT_ID.fullmatch(account):
        return ""
    return f" is `{account}`: give the 12 digits of an account's id"
