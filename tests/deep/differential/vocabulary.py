"""What random cases are made of: few names, close to each other, so that they meet and nearly meet."""

from __future__ import annotations

from dataclasses import dataclass

HOME = "111122223333"
AWAY = "444455556666"
ACCOUNTS = (HOME, AWAY)

# Names of one account differ by more than case: IAM does not let them differ by case only.
USERS = ("ana", "anna", "team/anne", "ben")
ROLES = ("reader", "read", "reader2")
SESSIONS = ("s1", "s2")

KEY_IDS = (
    "1234abcd-12ab-34cd-56ef-1234567890ab",
    "1234abcd-12ab-34cd-56ef-1234567890ac",
    "mrk-1234abcd12ab34cd56ef",
)
TABLES = ("my_table_kms", "my_table", "My_table_kms")
REGIONS = ("us-east-1", "us-east-2", "eu-west-1")

KEY_ACTIONS = (
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:DescribeKey",
    "kms:CreateGrant",
    "kms:ListGrants",
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
)
TABLE_ACTIONS = (
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:Scan",
    "dynamodb:BatchGetItem",
    "dynamodb:UpdateTable",
    "dynamodb:DescribeTable",
)
ROLE_ACTIONS = ("sts:AssumeRole", "sts:TagSession")
ANY_RESOURCE_ACTIONS = ("kms:ListKeys", "kms:ListAliases", "kms:CreateKey", "dynamodb:ListTables")
ACTIONS = KEY_ACTIONS + TABLE_ACTIONS + ROLE_ACTIONS + ANY_RESOURCE_ACTIONS
SERVICES = ("dynamodb.amazonaws.com", "kms.amazonaws.com", "s3.amazonaws.com")


def key_arn(region: str, account: str, key_id: str) -> str:
    return f"arn:aws:kms:{region}:{account}:key/{key_id}"


def table_arn(region: str, account: str, name: str) -> str:
    return f"arn:aws:dynamodb:{region}:{account}:table/{name}"


@dataclass(frozen=True)
class ConditionKey:
    """A condition key, the type that says which operators fit, and values that are close to each other."""

    name: str
    kind: str
    values: tuple[str, ...]
    multivalued: bool = False
    other_forms: tuple[str, ...] = ()
    """Values in forms that only a policy writes them in."""


_VIA = (
    "dynamodb.us-east-1.amazonaws.com",
    "dynamodb.us-east-2.amazonaws.com",
    "s3.us-east-1.amazonaws.com",
    "Dynamodb.us-east-1.amazonaws.com",
)
_ARNS = (
    f"arn:aws:iam::{HOME}:user/ana",
    f"arn:aws:iam::{HOME}:user/anna",
    f"arn:aws:iam::{HOME}:role/reader",
    f"arn:aws:iam::{AWAY}:role/reader",
)
_NUMBERS = ("7", "8", "30", "7.0", "-1", "3600")
_MOMENTS = ("2026-11-23T10:00:00Z", "2026-11-23T10:00:01Z", "2026-11-24T00:00:00Z", "2025-01-01T00:00:00Z")
_WRITTEN_MOMENTS = ("2026-11-24", "2026-11-23T11:00:00+01:00", "1795428000")
_ADDRESSES = ("203.0.113.7", "203.0.113.8", "198.51.100.7", "2001:db8::7", "2001:db8:1::7")

KEYS = (
    ConditionKey("kms:ViaService", "string", _VIA),
    ConditionKey("kms:CallerAccount", "string", ACCOUNTS),
    ConditionKey("kms:EncryptionContext:aws:dynamodb:tableName", "string", TABLES),
    ConditionKey("kms:RequestAlias", "string", ("alias/MY-kms-key", "alias/my-kms-key", "alias/MY-kms-key2")),
    ConditionKey("kms:KeySpec", "string", ("SYMMETRIC_DEFAULT", "RSA_2048")),
    ConditionKey("dynamodb:Select", "string", ("ALL_ATTRIBUTES", "COUNT", "SPECIFIC_ATTRIBUTES")),
    ConditionKey("aws:PrincipalTag/team", "string", ("blue", "Blue", "red", "bl*e")),
    ConditionKey("aws:ResourceTag/team", "string", ("blue", "Blue", "red", "bl*e")),
    ConditionKey("aws:PrincipalOrgID", "string", ("o-1234567890", "o-1234567891")),
    ConditionKey("aws:RequestedRegion", "string", REGIONS),
    ConditionKey("aws:SourceArn", "arn", _ARNS),
    ConditionKey("kms:GranteePrincipal", "arn", _ARNS),
    ConditionKey("kms:GrantIsForAWSResource", "bool", ("true", "false")),
    ConditionKey("aws:MultiFactorAuthPresent", "bool", ("true", "false")),
    ConditionKey("dynamodb:FullTableScan", "bool", ("true", "false")),
    ConditionKey("kms:ScheduleKeyDeletionPendingWindowInDays", "number", _NUMBERS),
    ConditionKey("aws:MultiFactorAuthAge", "number", _NUMBERS),
    ConditionKey("kms:ValidTo", "date", _MOMENTS, other_forms=_WRITTEN_MOMENTS),
    ConditionKey("aws:TokenIssueTime", "date", _MOMENTS, other_forms=_WRITTEN_MOMENTS),
    ConditionKey("aws:SourceIp", "address", _ADDRESSES),
    ConditionKey("aws:VpcSourceIp", "address", _ADDRESSES),
    ConditionKey(
        "kms:EncryptionContextKeys",
        "string",
        ("aws:dynamodb:tableName", "aws:dynamodb:subscriberId", "Dept"),
        multivalued=True,
    ),
    ConditionKey("dynamodb:LeadingKeys", "string", ("ana", "Ana", "ben", "ana-1"), multivalued=True),
    ConditionKey("dynamodb:Attributes", "string", ("id", "name", "secret"), multivalued=True),
    ConditionKey("aws:TagKeys", "string", ("team", "Team", "env"), multivalued=True),
    ConditionKey("kms:ResourceAliases", "string", ("alias/MY-kms-key", "alias/other"), multivalued=True),
    ConditionKey("kms:GrantOperations", "string", ("Decrypt", "Encrypt", "DescribeKey"), multivalued=True),
)
"""Condition keys that a case draws at random; those that follow from the caller are set from it."""

OPERATORS = {
    "string": (
        "StringEquals",
        "StringLike",
        "StringEqualsIgnoreCase",
        "StringNotEquals",
        "StringNotLike",
        "StringNotEqualsIgnoreCase",
    ),
    "arn": ("ArnLike", "ArnEquals", "ArnNotLike", "ArnNotEquals", "StringEquals", "StringLike"),
    "bool": ("Bool",),
    "number": (
        "NumericEquals",
        "NumericNotEquals",
        "NumericLessThan",
        "NumericLessThanEquals",
        "NumericGreaterThan",
        "NumericGreaterThanEquals",
    ),
    "date": (
        "DateEquals",
        "DateNotEquals",
        "DateLessThan",
        "DateLessThanEquals",
        "DateGreaterThan",
        "DateGreaterThanEquals",
    ),
    "address": ("IpAddress", "NotIpAddress"),
    "binary": ("BinaryEquals",),
}
"""The operators that fit a type of condition key."""
