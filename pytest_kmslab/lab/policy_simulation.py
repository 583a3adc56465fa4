"""What a principal's own policies say, asked of IAM's policy simulator: nothing is done, nothing is charged.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_iam.client import IAMClient


def own_policies_say(
    iam: IAMClient, principal_arn: str, actions: Iterable[str], resource: str = "*"
) -> dict[str, str]:
    """The decision for each action by a user's or role's own policies, as IAM spells it.

    Empty where IAM does not say: for want of a permission to ask, or of the principal.
    """
    paginator = iam.get_paginator("simulate_principal_policy")
    pages = paginator.paginate(
        PolicySourceArn=principal_arn, ActionNames=list(actions), ResourceArns=[resource]
    )
    try:
        results = [result for page in pages for result in page["EvaluationResults"]]
    except ClientError:
        return {}
    return {result["EvalActionName"]: result["EvalDecision"] for result in results}
