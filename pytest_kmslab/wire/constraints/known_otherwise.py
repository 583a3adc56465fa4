"""What is known of AWS otherwise than botocore's models say; a row beats the model.

A model may be older than AWS, or never have been true: values that it lacks, limits that AWS has widened,
limits that it does not have, errors in words of their own. Each row says where that is known from.
Sources: `R` recorded from AWS in LocalStack's snapshots, `ACK` aws-controllers-k8s' notes of DynamoDB,
`CDK` cdk-preflight, `CONF` nubo-db/dynamodb-conformance, `SPX` mulgadc/spinifex (the messages that AWS
returned to TagUser); else the page of AWS's documentation, or the botocore version that has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

KEPT: Final[Any] = object()
"""As the model has it; None stands for no limit."""


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of a shape, or of one member of a structure."""

    source: str = ""
    least: int | None = KEPT
    """The least length or value."""
    most: int | None = KEPT
    """The greatest length or value."""
    pattern: str | None = KEPT
    has_values: bool = True
    """Whether values are held to the model's enum."""
    more_values: tuple[str, ...] = ()
    """Values of an enum that an older botocore does not know yet."""
    shown_values: str = ""
    """The enum as an error was seen to list it, where the order of a newer one is not known."""
    optional: tuple[str, ...] = ()
    """Members of a structure that an older botocore still requires."""
    order: tuple[str, ...] = ()
    """Members of a structure in the order in which AWS looks at them, where that is known."""
    said: Mapping[str, str] = field(default_factory=dict)
    """The whole text of an error by the kind of the limit (`required`, `least`, `most`, `pattern`, `values`).
    It may show `{value}`, `{path}` and the `{key}` of the map that the value stands in."""


_NAME = (
    "The specified value for {path} is invalid. It must contain only alphanumeric characters "
    "and/or the following: +=,.@_-"
)
_PATH = (
    "The specified value for {path} is invalid. It must begin and end with / and contain only alphanumeric "
    "characters and/or / characters."
)
_PREFIX = (
    "The specified value for {path} is invalid. It must begin with / and contain only alphanumeric "
    "characters and/or / characters."
)
_DOCUMENT = "The specified value for {path} is invalid. It must contain only printable ASCII characters."
_REQUIRED = {"required": "The parameter 'TableName' is required but was not present in the request"}
_TAG_KEY = "The Tag Key provided is invalid, Key: {value}"
_TAG_VALUE = "The Tag Value provided is invalid, Value: {value}"
_TAG_TEXT = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*"
_CLASSES = (
    "Invalid table-class parameter provided. Please try again with a valid table-class value: "
    "[STANDARD, STANDARD_INFREQUENT_ACCESS]."
)
_NEW_SPECS = ("ECC_NIST_EDWARDS25519", "ML_KEM_512", "ML_KEM_768", "ML_KEM_1024")

_KMS: Mapping[str, Row] = {
    "PendingWindowInDaysType": Row("kms API_ScheduleKeyDeletion", least=7, most=30),
    "KeySpec": Row(
        "botocore 1.44; R kms create-hmac-key-invalid-spec",
        more_values=_NEW_SPECS,
        shown_values="RSA_2048, ECC_NIST_P384, ECC_NIST_P256, ECC_NIST_P521, HMAC_384, RSA_3072, "
        "ECC_SECG_P256K1, RSA_4096, SYMMETRIC_DEFAULT, HMAC_256, HMAC_224, HMAC_512",
    ),
    "KeyUsageType": Row(
        "botocore 1.44; R kms create-hmac-key-invalid-key-usage",
        more_values=("ENCAPSULATE_DECAPSULATE",),
        shown_values="ENCRYPT_DECRYPT, SIGN_VERIFY, GENERATE_VERIFY_MAC",
    ),
    "DataKeyPairSpec": Row("botocore 1.44", more_values=_NEW_SPECS),
    "GrantOperation": Row("botocore 1.44", more_values=("Encapsulate", "Decapsulate")),
    "SigningAlgorithmSpec": Row("botocore 1.44", more_values=("ED25519_SHA_512", "ED25519_PH_SHA_512")),
    "XksProxyVpcEndpointServiceNameType": Row(
        "botocore 1.44", pattern=r"^(com|eu)\.amazonaws\.vpce\.([a-z]+-){2,3}\d+\.vpce-svc-[0-9a-z]+$"
    ),
    "CreateGrantRequest": Row("botocore 1.44", optional=("GranteePrincipal",)),
    "DecryptRequest": Row("botocore 1.44", optional=("CiphertextBlob",)),
    "ReEncryptRequest": Row("botocore 1.44", optional=("CiphertextBlob",)),
    "ListRetirableGrantsRequest": Row("botocore 1.44", optional=("RetiringPrincipal",)),
}

_DYNAMODB: Mapping[str, Row] = {
    "CreateTableInput": Row("botocore 1.44", optional=("AttributeDefinitions", "KeySchema")),
    **{
        f"{operation}Input.TableName": Row("CONF, dynalite", said=_REQUIRED)
        for operation in ("CreateTable", "DeleteTable", "DescribeTable", "DescribeTimeToLive", "UpdateTable")
    },
    "BatchGetRequestMap": Row(
        "CONF", said={"least": "The requestItems parameter is required for BatchGetItem"}
    ),
    "BatchWriteItemRequestMap": Row(
        "CONF", said={"least": "The requestItems parameter is required for BatchWriteItem"}
    ),
    "KeysAndAttributes.Keys": Row(
        "CONF",
        said={
            "most": "1 validation error detected: Value at 'RequestItems.{key}.member.Keys' failed to "
            "satisfy constraint: Member must have length less than or equal to 100"
        },
    ),
    "QueryInput.Limit": Row(
        "CONF",
        said={
            "least": "1 validation error detected: Value at 'Limit' failed to satisfy constraint: "
            "Member must have value greater than or equal to 1"
        },
    ),
    "KMSMasterKeyId": Row("ACK-078", least=1),
    "KeySchema": Row("botocore 1.44", most=None),
    "ProvisionedThroughput": Row("ACK-058", order=("WriteCapacityUnits", "ReadCapacityUnits")),
    "SSEType": Row("ACK-031, CDK pf-dynamodb-sse-type: see calls/dynamodb", has_values=False),
    "TableClass": Row("ACK", said={"values": _CLASSES}),
    "TagKeyString": Row(
        "ACK-110", pattern=_TAG_TEXT, said=dict.fromkeys(("most", "least", "pattern"), _TAG_KEY)
    ),
    "TagValueString": Row("ACK-110", pattern=_TAG_TEXT, said=dict.fromkeys(("most", "pattern"), _TAG_VALUE)),
    "Tag.Key": Row("ACK", said={"required": _TAG_KEY}),
    "Tag.Value": Row("ACK", said={"required": _TAG_VALUE}),
}

_STREAMS: Mapping[str, Row] = {
    "KeySchema": Row("botocore 1.44", most=None),
    "ShardIteratorType": Row("botocore 1.44", more_values=("AT_TIMESTAMP",)),
    "GetRecordsInput.Limit": Row("dynamodb API_streams_GetRecords", most=1000),
    **{
        f"{operation}Input.Limit": Row(f"dynamodb API_streams_{operation}", most=100)
        for operation in ("DescribeStream", "ListStreams")
    },
}

_NAMES = (
    "existingUserNameType",
    "groupNameType",
    "instanceProfileNameType",
    "policyNameType",
    "roleNameType",
    "serverCertificateNameType",
    "userNameType",
    "virtualMFADeviceName",
)
_IAM: Mapping[str, Row] = {
    **dict.fromkeys(_NAMES, Row("CDK pf-iam-name-format", said={"pattern": _NAME})),
    "pathType": Row(
        "cfn-lint 3020; aws-cdk 16165: no U+007F",
        pattern=r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)",
        said={"pattern": _PATH},
    ),
    "policyPathType": Row("cfn-lint 3020", said={"pattern": _PATH}),
    "pathPrefixType": Row("inferred of cfn-lint 3020", said={"pattern": _PREFIX}),
    "policyDocumentType": Row("terraform-provider-aws", said={"pattern": _DOCUMENT}),
}

_STS: Mapping[str, Row] = {
    "sourceIdentityType": Row("botocore 1.44", most=256),
    "contextAssertionType": Row("botocore 1.44", most=3072),
    "unrestrictedSessionPolicyDocumentType": Row("sts API_AssumeRole", most=2048),
}

ROWS: Mapping[str, Mapping[str, Row]] = {
    "kms": _KMS,
    "dynamodb": _DYNAMODB,
    "dynamodbstreams": _STREAMS,
    "iam": _IAM,
    "sts": _STS,
}
"""By service, then by the name of a shape, or of a structure and its member."""
