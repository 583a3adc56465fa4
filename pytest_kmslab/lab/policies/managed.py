"""The ARNs of managed policies, which are looked for before anybody is given one."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from pytest_kmslab.calls.error_codes import DENIAL_CODES, error_code
from pytest_kmslab.errors import ResourceError
from pytest_kmslab.lab.policies.sources import ManagedPolicy
from pytest_kmslab.lab.resource_kind import GONE

if TYPE_CHECKING:
    from mypy_boto3_iam.client import IAMClient

AWS_POLICY = "arn:{partition}:iam::aws:policy/{path}{name}"
PATHS = ("", "service-role/", "job-function/", "aws-service-role/")
"""Where AWS's policies are: `AWSLambdaBasicExecutionRole`, as the console shows it, is
`service-role/AWSLambdaBasicExecutionRole` in its ARN.
https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html"""

NO_POLICY_ARN = frozenset({"InvalidInput", "InvalidInputException", "ValidationError"})
"""What IAM says of an ARN that no managed policy can have."""

WELL_KNOWN = frozenset({"AdministratorAccess", "AmazonDynamoDBFullAccess"})
"""Those that the lab's own fixtures name: every account has them, and asking would cost each test a call."""


class ManagedPolicies:
    """Finds managed policies; each of AWS's is asked for once a run: every account has the same."""

    def __init__(self) -> None:
        self._arns: dict[str, str] = {}

    def arn(self, iam: IAMClient, policy: ManagedPolicy, partition: str) -> str:
        """The ARN of a policy, which exists; raises ResourceError where it does not.

        Where the administrator may not ask, the policy is taken to be there.
        """
        name = policy.named
        if name in WELL_KNOWN:
            return AWS_POLICY.format(partition=partition, path="", name=name)
        if name not in self._arns:
            arn = self._find(iam, policy, partition)
            # A customer's own policy can be deleted and made again within a run: it is asked for each time.
            if ":iam::aws:" not in arn:
                return arn
            self._arns[name] = arn
        return self._arns[name]

    def _find(self, iam: IAMClient, policy: ManagedPolicy, partition: str) -> str:
        name = policy.named
        if name.startswith("arn:"):
            arns = [name]
        else:
            # A name with a path is whole; of one without the path is looked for.
            paths = ("",) if "/" in name else PATHS
            arns = [AWS_POLICY.format(partition=partition, path=path, name=name) for path in paths]
        for arn in arns:
            if _may_exist(iam, arn, policy.argument):
                return arn
        what = "managed policy" if name.startswith("arn:") else "AWS managed policy of the name"
        raise ResourceError(f"`{policy.argument}`: there is no {what} `{name}`{_hint(name)}")


def _may_exist(iam: IAMClient, arn: str, argument: str) -> bool:
    try:
        iam.get_policy(PolicyArn=arn)
    except ClientError as error:
        if error_code(error) in GONE:
            return False
        # Who may not ask may still attach: IAM says then whether it is there.
        if error_code(error) in NO_POLICY_ARN:
            raise ResourceError(f"`{argument}`: {error}") from None
        if error_code(error) not in DENIAL_CODES:
            raise
    return True


def _hint(name: str) -> str:
    """What may have been meant by a name that no managed policy has."""
    # moto's list is long, and read for an error alone.
    from pytest_kmslab.backends.moto.managed_policies import names

    if name.endswith(".json"):
        return ": give the file of a policy as a `pathlib.Path`"
    short, known = name.rpartition("/")[2], names()
    if short in known:
        return " here, though AWS has it: give its document (a dict, JSON text or a Path)"
    near = get_close_matches(short, known, n=1)
    return f": did you mean `{near[0]}`?" if near else ""
