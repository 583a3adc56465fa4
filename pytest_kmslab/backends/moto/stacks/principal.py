"""In whose name an operation on a stack acts: who called CloudFormation, or the role that it was given.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from pytest_kmslab.account.model import Caller
from pytest_kmslab.authz.arn import partition_of, root_arn
from pytest_kmslab.backends.moto.principals import entity_of, unique_id
from pytest_kmslab.backends.moto.stacks.service_calls import (
    RECEIVED,
    REQUEST,
    SIGNED_FOR,
    ServiceCalls,
    StackRequest,
)
from pytest_kmslab.calls.api_call import ApiCall, ServiceError

SESSION = "AWSCloudFormation"
"""The name of the session in which CloudFormation uses a role."""

EXECUTION_ROLE = "AWSCloudFormationStackSetExecutionRole"
ADMINISTRATION_ROLE = "AWSCloudFormationStackSetAdministrationRole"

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
        if role_arn and request is not None:
            call = ApiCall(
                "cloudformation", request.operation, request.params, request.region, request.caller
            )
            self._pipeline.check_pass_role(call, role_arn, "" if stack is None else stack.stack_id)
        role = role_arn or (None if stack is None else stack.role_arn)
        return caller if not role else self._role_session(role, caller, backend, stack)

    def of_instance(self, account: str, region: str, permission_model: str) -> Caller:
        """The Caller of a stack of a stack set: the execution role of its account, whose name is fixed.

        Where the organization manages the permissions, CloudFormation makes a role that may do anything.
        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-prereqs-self-managed.html
        """
        partition = partition_of(region).name
        if permission_model == "SERVICE_MANAGED":
            return root_caller(account, partition)
        role = entity_of(f"arn:{partition}:iam::{account}:role/{EXECUTION_ROLE}")
        if role is None:
            text = (
                f"Account {account} should have '{EXECUTION_ROLE}' role with trust relationship to Role "
                f"'{ADMINISTRATION_ROLE}'."
            )
            raise ServiceError("ValidationError", text)
        return _session_of(role, {})

    def _role_session(self, role_arn: str, caller: Caller, backend: Any, stack: Any) -> Caller:
        role = entity_of(role_arn)
        account = backend.account_id
        keys = {"aws:SourceAccount": account, "aws:SourceArn": "" if stack is None else stack.stack_id}
        context = {name: value for name, value in keys.items() if value}
        if role is None or role.account_id != account or not self._pipeline.can_assume(role_arn, context):
            text = f"Role {role_arn} is invalid or cannot be assumed"
            raise ServiceError("ValidationError", text)
        # Of the caller's context what the role of the same account has too.
        return _session_of(
            role,
            {name: value for name, value in caller.context.items() if name.startswith("aws:PrincipalOrg")},
        )


def _session_of(role: Any, context: dict[str, Any]) -> Caller:
    """CloudFormation's session of a role."""
    return Caller(
        arn=f"arn:{role.partition}:sts::{role.account_id}:assumed-role/{role.name}/{SESSION}",
        account=role.account_id,
        principal_arn=role.arn,
        user_id=f"{unique_id(role)}:{SESSION}",
        kind="AssumedRole",
        tags={tag["Key"]: tag["Value"] for tag in role.tags or ()},
        token_issued=datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        context=context,
    )


def root_caller(account: str, partition: str) -> Caller:
    """The root user of an account."""
    arn = root_arn(partition, account)
    return Caller(arn, account, principal_arn=arn, user_id=account, kind="Account")
