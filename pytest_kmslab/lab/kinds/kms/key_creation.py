"""Making KMS keys, each with an alias."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pytest_kmslab.arguments import arns_of, check_flag, check_text
from pytest_kmslab.authz.arn import partition_of
from pytest_kmslab.calls.kms.aliases import OF_AWS
from pytest_kmslab.errors import ResourceError
from pytest_kmslab.lab.arguments import (
    Requests,
    name_hint,
    naming_arguments,
)
from pytest_kmslab.lab.creation import Creation, remove_orphans
from pytest_kmslab.lab.kinds.kms.key import (
    ALIAS_PREFIX,
    KMS_KEY,
    PRINCIPALS_SEEN,
    SYMMETRIC,
    KmsKey,
    Principal,
    key_policy_check,
    key_tags,
)
from pytest_kmslab.lab.kinds.kms.key_policy import console_policy, use_actions
from pytest_kmslab.lab.kinds.kms.key_policy_propagation import Probers
from pytest_kmslab.lab.policies.refused import naming_policy
from pytest_kmslab.lab.policies.sources import PolicyDocument, read_document
from pytest_kmslab.lab.waiting.waiters import KEY_POLICY_PRINCIPAL_LIMIT, NOT_YET_A_PRINCIPAL

if TYPE_CHECKING:
    from mypy_boto3_kms.client import KMSClient
    from mypy_boto3_kms.type_defs import CreateKeyRequestTypeDef

USAGES = {"HMAC_": "GENERATE_VERIFY_MAC", "ECC_": "SIGN_VERIFY", "ML_DSA_": "SIGN_VERIFY"}
"""What keys are for by how their spec begins, where it is not encryption."""

SPEC = "a KeySpec of KMS, such as `SYMMETRIC_DEFAULT`"
USAGE = "a KeyUsage of KMS, such as `ENCRYPT_DECRYPT`"

NAMED_BY = {"spec": "KeySpec", "usage": "KeyUsage", "tags": r"\bTag", "multi_region": "MultiRegion"}
"""The arguments that only KMS can tell to be wrong, each by what it says then."""


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """What a key is made with."""

    policy: PolicyDocument
    description: str
    spec: str = SYMMETRIC
    """KMS's KeySpec."""
    usage: str | None = None
    """KMS's KeyUsage; None for what the spec is for."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Beside the run's own, which win."""
    multi_region: bool = False

    def check(self, creation: Creation, base: str) -> None:
        """Raise TypeError or ResourceError for what would be refused, some of it when the key is made."""
        naming, place = creation.context.naming, (creation.region, creation.account)
        alias = ALIAS_PREFIX + naming.sample(base)
        if alias.startswith(OF_AWS):
            raise ResourceError(f"`alias`: `{OF_AWS}` is for keys of AWS's own; nothing was made")
        create_alias = Requests("kms", "CreateAlias", *place, {"TargetKeyId": "key"})
        create_alias.check("alias", hint=name_hint(naming), AliasName=alias)
        create_key = Requests("kms", "CreateKey", *place, {})
        create_key.check("description", Description=check_text("description", self.description))
        create_key.check("tags", Tags=key_tags(self.tags))
        check_text("spec", self.spec, SPEC)
        if self.usage is not None:
            check_text("usage", self.usage, USAGE)
        check_flag("multi_region", self.multi_region)

    def parameters(self, tags: Mapping[str, str]) -> CreateKeyRequestTypeDef:
        """CreateKey's, with the run's tags."""
        parameters: Any = {
            "Policy": self.policy.text,
            "Description": self.description,
            "KeyUsage": usage_of(self.spec) if self.usage is None else self.usage,
            "KeySpec": self.spec,
            "Tags": key_tags({**self.tags, **tags}),
        }
        if self.multi_region:
            parameters["MultiRegion"] = True
        request: CreateKeyRequestTypeDef = parameters
        return request


def console_policy_of(
    creation: Creation,
    principals: Mapping[str, Principal | Iterable[Principal]],
    given: Iterable[str],
    spec: str,
    usage: str | None,
) -> PolicyDocument:
    """What the console writes for these `administrators` and `users` of a key.

    Raises TypeError for what has no ARN, PolicyError for what is no principal, of the arguments `given`.
    """
    partition = partition_of(creation.region).name
    named = {argument: arns_of(argument, some) for argument, some in principals.items()}
    # Each alone first: an error then names the argument that it is in.
    for argument in given:
        read_document(argument, console_policy(creation.account, named[argument], partition=partition))
    actions = use_actions(spec == SYMMETRIC, usage or usage_of(check_text("spec", spec, SPEC)))
    made = console_policy(creation.account, **named, partition=partition, use=actions)
    where = ", ".join(f"`{argument}`" for argument in given) or "`policy`"
    return replace(read_document("policy", made), where=where)


def usage_of(spec: str) -> str:
    """What a key of a spec is for; RSA and SM2 keys, which have a choice, for encryption as KMS's default.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
    """
    return next((usage for begin, usage in USAGES.items() if spec.startswith(begin)), "ENCRYPT_DECRYPT")


def create_key(
    creation: Creation, base: str, key_request: KeyRequest, *, probers: Probers | None = None
) -> KmsKey:
    """Create a key with an alias, given with `alias/` or without it.

    A principal that KMS does not see yet is waited for as in `KmsKey.put_policy`.
    """
    base = base.removeprefix(ALIAS_PREFIX)
    key_request.check(creation, base)
    kms: KMSClient = creation.client("kms")
    view = creation.context.backend.view
    check = key_policy_check(view, partition_of(creation.region).name)
    with (
        creation.of(KMS_KEY, base) as made,
        naming_policy(key_request.policy, check, view),
        naming_arguments(NAMED_BY),
    ):
        request = key_request.parameters(made.tags)
        answer = creation.waiter.while_refused(
            lambda: kms.create_key(**request),
            NOT_YET_A_PRINCIPAL,
            PRINCIPALS_SEEN,
            KEY_POLICY_PRINCIPAL_LIMIT,
        )
    metadata = answer["KeyMetadata"]
    key = KmsKey(kms, creation.waiter, metadata["KeyId"], metadata["Arn"], probers=probers, view=view)
    retried = answer.get("ResponseMetadata", {}).get("RetryAttempts", 0) > 0

    def remove() -> None:
        # By what KMS has of it then: aliases may have come later.
        KMS_KEY.remove(creation.client, creation.waiter, replace(made.ref, arn=key.arn))
        if retried:
            # CreateKey has no token: botocore may have made a second key when it sent the call again.
            remove_orphans(creation.client, creation.waiter, made.ref, creation.context.naming)

    made.confirm(key.arn, remove)
    key.create_alias(ALIAS_PREFIX + made.name)
    return key
