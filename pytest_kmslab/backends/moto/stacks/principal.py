"""In whose name an operation on a stack acts: who called CloudFormation, or the role that it was given.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pytest_kmslab.account.model import Caller
from pytest_kmslab.authz.arn import partition_of, root_arn
from pytest_kmslab.authz.values import timestamp
from pytest_kmslab.backends.moto.organizations import organization_of
from pytest_kmslab.backends.moto.principals import entity_of, unique_id
from pytest_kmslab.backends.moto.stacks.service_calls import (
    RECEIVED,
    REQUEST,
    SIGNED_FOR,
    ServiceCalls,
    StackRequest,
)
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.context_keys import tags_by_key

SESSION = "AWSCloudFormation"
"""The name of the session in which CloudFormation uses a role."""

READING = ("Describe", "List", "Get", "Validate", "Estimate", "Detect")
"""Operations that change no stack: moto answers them to anybody."""


class Principals:
    """Finds the principal of requests and stacks."""

    def __init__(self, pipeline: ServiceCalls) -> None:
        self._pipeline = pipeline

    def request(self, response: Any) -> StackRequest | None:
        """The request that moto is about to answer; None for one that changes nothing.

        Raises ServiceError where nobody known signed it.
        """
        operation = str(response._get_action())
        if operation.startswith(READING):
            return None
        caller = self._pipeline.signer(getattr(response, RECEIVED), SIGNED_FOR)
        return StackRequest(caller, response.region, operation, dict(response.params))

    def note_stack(self, stack: Any) -> None:
        """Know that the request under way made a stack."""
        if REQUEST.get() is not None:
            self._pipeline.note_stack(stack.stack_id)

    def of_stack(self, backend: Any, stack: Any, role_arn: str | None) -> Caller:
        """The Caller of an operation on a stack: that of a role, given now or before, or of the request.

        Used from Python, without a request, CloudFormation acts as the account's root user, as whoever has
        moto's memory in hand may do anything.
        """
        request = REQUEST.get()
        caller = root_caller(backend.account_id, backend.partition) if request is None else request.caller
        self.check_pass_role(role_arn, "" if stack is None else stack.stack_id)
        role = role_arn or (None if stack is None else stack.role_arn)
        return caller if not role else self._role_session(role, caller, backend, stack)

    def check_pass_role(self, role_arn: str | None, resource_arn: str = "") -> None:
        """Raise ServiceError where whoever makes the request may not pass the role that it names."""
        request = REQUEST.get()
        if role_arn and request is not None:
            call = ApiCall(
                "cloudformation", request.operation, request.params, request.region, request.caller
            )
            self._pipeline.check_pass_role(call, role_arn, resource_arn)

    def of_instance(self, stack_set: Any, account: str, region: str) -> Caller:
        """The Caller of a stack of a stack set (moto's own): the execution role of the stack's account, which
        the set's administration role has to be let in by.

        Where the organization manages the permissions, CloudFormation makes a role that may do anything.
        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-prereqs-self-managed.html
        """
        partition = partition_of(region).name
        if stack_set.permission_model == "SERVICE_MANAGED":
            return replace(root_caller(account, partition), context=_organization_keys(account, partition))
        execution = stack_set.execution_role_name
        role = entity_of(f"arn:{partition}:iam::{account}:role/{execution}")
        if role is None or not self._is_administered(stack_set, role.arn, region):
            administration = stack_set.administration_role_arn.rpartition("/")[2]
            text = f"Account {account} should have '{execution}' role with trust relationship to Role "
            raise ServiceError("ValidationError", f"{text}'{administration}'.")
        return self._session_of(role, _organization_keys(account, partition))

    def _is_administered(self, stack_set: Any, role_arn: str, region: str) -> bool:
        """Whether CloudFormation may assume a set's administration role, and that one the role of a stack."""
        administration, owner = stack_set.administration_role_arn, stack_set.instances.account_id
        role = entity_of(administration)
        keys = {"aws:SourceAccount": owner, "aws:SourceArn": stack_set.arn}
        if role is None or role.account_id != owner or not self._pipeline.can_assume(administration, keys):
            return False
        session = self._session_of(role, _organization_keys(owner, role.partition))
        assume = {"RoleArn": role_arn, "RoleSessionName": SESSION}
        try:
            self._pipeline.perform(ApiCall("sts", "AssumeRole", assume, region, session))
        except ServiceError:
            return False
        return True

    def _role_session(self, role_arn: str, caller: Caller, backend: Any, stack: Any) -> Caller:
        role = entity_of(role_arn)
        account = backend.account_id
        keys = {"aws:SourceAccount": account, "aws:SourceArn": "" if stack is None else stack.stack_id}
        context = {name: value for name, value in keys.items() if value}
        if role is None or role.account_id != account or not self._pipeline.can_assume(role_arn, context):
            text = f"Role {role_arn} is invalid or cannot be assumed"
            raise ServiceError("ValidationError", text)
        # Of the caller's context what the role of the same account has too.
        return self._session_of(
            role,
            {name: value for name, value in caller.context.items() if name.startswith("aws:PrincipalOrg")},
        )

    def _session_of(self, role: Any, context: dict[str, Any]) -> Caller:
        """CloudFormation's session of a role."""
        return Caller(
            arn=f"arn:{role.partition}:sts::{role.account_id}:assumed-role/{role.name}/{SESSION}",
            account=role.account_id,
            principal_arn=role.arn,
            user_id=f"{unique_id(role)}:{SESSION}",
            kind="AssumedRole",
            tags=tags_by_key(role.tags),
            token_issued=timestamp(self._pipeline.now()),
            context=context,
        )


def _organization_keys(account: str, partition: str) -> dict[str, Any]:
    """The condition keys that tell the organization of an account."""
    organization = organization_of(account, partition)
    if organization is None:
        return {}
    return {"aws:PrincipalOrgID": organization.id, "aws:PrincipalOrgPaths": (organization.path,)}


def root_caller(account: str, partition: str) -> Caller:
    """The root user of an account."""
    arn = root_arn(partition, account)
    return Caller(arn, account, principal_arn=arn, user_id=account, kind="Account")
