"""Identity providers that many organizations share: a role that trusts one must say whose tokens it takes.

AWS lists them, each with the claim that tells its tenants apart. The text was pasted of GitHub
(unfunco/terraform-aws-oidc-github#57); that `repo:*` is taken and `*` is not was tried on AWS, too.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pytest_kmslab.authz.json_text import as_list

_GITHUB = "token.actions.githubusercontent.com"
"""Enterprises have a path of their own behind it."""
_CLAIMS: Mapping[str, str] = {
    "agent.buildkite.com": "sub",
    "api.pulumi.com/oidc": "aud",
    "app.terraform.io": "sub",
    "gitlab.com": "sub",
    "oidc-configuration.audit-log.githubusercontent.com": "sub",
    "oidc.codefresh.io": "sub",
    "oidc.vercel.com": "aud",
    "proidc.upbound.io": "sub",
    "sandboxes.cloud": "aud",
    "scalr.io": "sub",
    "studio.datachain.ai/api": "sub",
    "tokens.cloud.shisho.dev": "sub",
    "vstoken.actions.githubusercontent.com": "sub",
}
_OPERATORS = ("StringEquals", "StringLike", "StringEqualsIgnoreCase")


def shared_provider_fault(statement: Mapping[str, Any], provider: str) -> str:
    """What IAM says of a statement that trusts a provider, empty where it takes it."""
    keys = _keys(provider.partition(":oidc-provider/")[2])
    if statement.get("Effect") != "Allow" or not keys:
        return ""
    named = [value for key, value in _values(statement.get("Condition") or {}) if key.lower() in keys]
    if named and all(value.strip("*") for value in named):
        return ""
    operators = f"{_OPERATORS[0]}, {_OPERATORS[1]} or {_OPERATORS[2]}"
    text = f"Trust policy with trusted principal {provider} must evaluate, using {operators},"
    return f"{text} {' or '.join(keys)} which is not scoped to all."


def _keys(issuer: str) -> Sequence[str]:
    """The condition keys of which one must be evaluated; none of a provider of one's own."""
    if issuer == _GITHUB or issuer.startswith(f"{_GITHUB}/"):
        return (f"{issuer}:sub", f"{issuer}:job_workflow_ref")
    return (f"{issuer}:{_CLAIMS[issuer]}",) if issuer in _CLAIMS else ()


def _values(conditions: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for operator, keys in conditions.items():
        # Of several values any or all may have to match; where the key may be absent, it is not evaluated.
        if operator.rpartition(":")[2] in _OPERATORS:
            yield from ((key, str(value)) for key, values in keys.items() for value in as_list(values))
