"""Which operations can be allowed to a principal of another account than the resource's."""

from __future__ import annotations

CROSS_ACCOUNT_LIMITED_SERVICES = frozenset(("dynamodb", "iam", "kms"))
"""The services of which only some operations can; none of IAM's, which knows no resource-based policy but
the one that says who may assume a role.
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_resource-based"""

_KMS = (
    "CreateGrant",
    "Decrypt",
    "DeriveSharedSecret",
    "DescribeKey",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "GenerateDataKeyWithoutPlaintext",
    "GenerateMac",
    "GetKeyRotationStatus",
    "GetPublicKey",
    "ListGrants",
    "ReEncryptFrom",
    "ReEncryptTo",
    "RetireGrant",
    "RevokeGrant",
    "Sign",
    "Verify",
    "VerifyMac",
)
"""https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html"""

_DYNAMODB = (
    "AssociateTableReplica",
    "BatchGetItem",
    "BatchWriteItem",
    "ConditionCheckItem",
    "DeleteItem",
    "DeleteTable",
    "DescribeStream",
    "DescribeTable",
    "GetItem",
    "GetRecords",
    "GetShardIterator",
    "ListTagsOfResource",
    "PutItem",
    "Query",
    "Scan",
    "TagResource",
    "UntagResource",
    "UpdateItem",
    "UpdateTable",
)
"""Neither PartiQL nor backups nor the settings of a table; the first is what joining a global table asks for.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-iam-actions.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/globaltables_MA_security.html"""

CROSS_ACCOUNT_ACTIONS = frozenset(
    f"{service}:{operation}".lower()
    for service, operations in (("dynamodb", _DYNAMODB), ("kms", _KMS))
    for operation in operations
)
"""The actions of those services that can, in lower case."""
