"""Refusals of KMS and DynamoDB that were seen on AWS: call, parameters, code, message.

`LS` LocalStack's snapshots, `CDK` cdk-preflight, `CONF` nubo-db/dynamodb-conformance, `ACK`
aws-controllers-k8s, `SPX` mulgadc/spinifex (messages that AWS returned to TagUser).
"""

from __future__ import annotations

from typing import Any

from unit.wire.constraints.recorded_query_services import FAILED, ONE, Params, Recorded, tagged

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/orders"
KEY = {"id": {"S": "1"}}
MAC = "satisfy enum value set: [HMAC_SHA_384, HMAC_SHA_256, HMAC_SHA_224, HMAC_SHA_512]"
SPECS = (
    "RSA_2048, ECC_NIST_P384, ECC_NIST_P256, ECC_NIST_P521, HMAC_384, RSA_3072, ECC_SECG_P256K1, RSA_4096, "
    "SYMMETRIC_DEFAULT, HMAC_256, HMAC_224, HMAC_512"
)


def table(**more: Any) -> Params:
    return {
        "TableName": "orders",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        **more,
    }


def nested(levels: int, kind: str = "M") -> Params:
    """An attribute value with so many levels, the attribute itself being the first."""
    value: Params = {"S": "leaf"}
    for _ in range(levels - 1):
        value = {"M": {"n": value}} if kind == "M" else {"L": [value]}
    return value


TOO_DEEP = (
    "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond "
    "supported limit"
)

REFUSED: list[Recorded] = [
    # CONF nesting depth
    (
        "dynamodb:PutItem",
        {"TableName": "orders", "Item": {**KEY, "v": nested(33)}},
        "ValidationException",
        f"{ONE}{TOO_DEEP}",
    ),
    (
        "dynamodb:UpdateItem",
        {"TableName": "orders", "Key": KEY, "ExpressionAttributeValues": {":v": nested(33, "L")}},
        "ValidationException",
        f"{ONE}{TOO_DEEP}",
    ),
    (
        "dynamodb:BatchWriteItem",
        {"RequestItems": {"orders": [{"PutRequest": {"Item": {**KEY, "v": nested(33)}}}]}},
        "ValidationException",
        TOO_DEEP,
    ),
    (
        "dynamodb:TransactWriteItems",
        {"TransactItems": [{"Put": {"TableName": "orders", "Item": {**KEY, "v": nested(33)}}}]},
        "ValidationException",
        TOO_DEEP,
    ),
    # LS kms
    (
        "kms:GenerateMac",
        {"KeyId": "k", "Message": b"m", "MacAlgorithm": "INVALID"},
        "ValidationException",
        f"{ONE}Value 'INVALID' at 'macAlgorithm' {FAILED} {MAC}",
    ),
    (
        "kms:DeriveSharedSecret",
        {"KeyId": "k", "KeyAgreementAlgorithm": "INVALID", "PublicKey": b"p"},
        "ValidationException",
        f"{ONE}Value 'INVALID' at 'keyAgreementAlgorithm' {FAILED} satisfy enum value set: [ECDH]",
    ),
    (
        "kms:CreateKey",
        {"KeySpec": "HMAC_random"},
        "ValidationException",
        f"{ONE}Value 'HMAC_random' at 'keySpec' {FAILED} satisfy enum value set: [{SPECS}]",
    ),
    (
        "kms:CreateKey",
        {"KeySpec": "HMAC_256", "KeyUsage": "RANDOM"},
        "ValidationException",
        f"{ONE}Value 'RANDOM' at 'keyUsage' {FAILED} satisfy enum value set: "
        "[ENCRYPT_DECRYPT, SIGN_VERIFY, GENERATE_VERIFY_MAC]",
    ),
    (
        "kms:CreateKey",
        {"Tags": [{"TagKey": "a" * 129, "TagValue": "v"}]},
        "ValidationException",
        f"{ONE}Value '{'a' * 129}' at 'tags.1.member.tagKey' {FAILED} have length less than or equal to 128",
    ),
    (
        "kms:TagResource",
        {"KeyId": "k", "Tags": [{"TagKey": "a", "TagValue": "v" * 257}]},
        "ValidationException",
        f"{ONE}Value '{'v' * 257}' at 'tags.1.member.tagValue' {FAILED} have length less than "
        "or equal to 256",
    ),
    (
        "kms:Encrypt",
        {"KeyId": "k", "Plaintext": b"p" * 4097},
        "ValidationException",
        f"{ONE}Value at 'plaintext' {FAILED} have length less than or equal to 4096",
    ),
    *(
        (
            "kms:GenerateRandom",
            {"NumberOfBytes": number},
            "ValidationException",
            f"{ONE}Value '{number}' at 'numberOfBytes' {FAILED} have value {limit}",
        )
        for number, limit in ((0, "greater than or equal to 1"), (1025, "less than or equal to 1024"))
    ),
    # CDK pf-kms-key-policy-charset
    (
        "kms:PutKeyPolicy",
        {"KeyId": "k", "Policy": '{"Sid":"日本"}'},
        "ValidationException",
        f"""{ONE}Value '{{"Sid":"??"}}' at 'policy' {FAILED} satisfy regular expression pattern: """
        r"[\u0009\u000A\u000D\u0020-\u00FF]+",
    ),
    # https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html
    *(
        (
            "kms:ScheduleKeyDeletion",
            {"KeyId": "k", "PendingWindowInDays": days},
            "ValidationException",
            f"{ONE}Value '{days}' at 'pendingWindowInDays' {FAILED} have value {limit}",
        )
        for days, limit in ((6, "greater than or equal to 7"), (31, "less than or equal to 30"))
    ),
    # CONF
    (
        "dynamodb:CreateTable",
        {key: value for key, value in table().items() if key != "TableName"},
        "ValidationException",
        "The parameter 'TableName' is required but was not present in the request",
    ),
    (
        "dynamodb:CreateTable",
        table(AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "INVALID"}]),
        "ValidationException",
        f"{ONE}Value 'INVALID' at 'attributeDefinitions.1.member.attributeType' {FAILED} "
        "satisfy enum value set: [B, N, S]",
    ),
    (
        "dynamodb:PutItem",
        {"Item": KEY},
        "ValidationException",
        f"{ONE}Value null at 'tableName' {FAILED} not be null",
    ),
    (
        "dynamodb:PutItem",
        {"TableName": "", "Item": KEY},
        "ValidationException",
        f"{ONE}Value '' at 'tableName' {FAILED} have length greater than or equal to 1",
    ),
    (
        "dynamodb:Query",
        {"TableName": "orders", "Select": "INVALID_VALUE"},
        "ValidationException",
        f"{ONE}Value 'INVALID_VALUE' at 'select' {FAILED} satisfy enum value set: "
        "[SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]",
    ),
    (
        "dynamodb:Query",
        {"TableName": "orders", "Limit": 0},
        "ValidationException",
        f"{ONE}Value at 'Limit' {FAILED} have value greater than or equal to 1",
    ),
    (
        "dynamodb:Scan",
        {"TableName": "orders", "Limit": 0},
        "ValidationException",
        f"{ONE}Value '0' at 'limit' {FAILED} have value greater than or equal to 1",
    ),
    (
        "dynamodb:TransactWriteItems",
        {"TransactItems": []},
        "ValidationException",
        f"{ONE}Value '[]' at 'transactItems' {FAILED} have length greater than or equal to 1",
    ),
    (
        "dynamodb:BatchGetItem",
        {"RequestItems": {}},
        "ValidationException",
        "The requestItems parameter is required for BatchGetItem",
    ),
    (
        "dynamodb:BatchGetItem",
        {"RequestItems": {"orders": {"Keys": [KEY] * 101}}},
        "ValidationException",
        f"{ONE}Value at 'RequestItems.orders.member.Keys' {FAILED} have length less than or equal to 100",
    ),
    # dynalite
    *(
        (
            name,
            {"TableName": "orders", member: {"id": value}},
            "ValidationException",
            f"Supplied AttributeValue {fault}, must contain exactly one of the supported datatypes",
        )
        for name, member in (("dynamodb:GetItem", "Key"), ("dynamodb:PutItem", "Item"))
        for value, fault in (
            ({}, "is empty"),
            ({"S": "a", "N": "1"}, "has more than one datatypes set"),
            ({"L": [{"S": "a"}, {}]}, "is empty"),
            ({"M": {"a": {"L": [{"S": "a", "N": "1"}]}}}, "has more than one datatypes set"),
        )
    ),
    # LS dynamodb
    (
        "dynamodb:ExecuteStatement",
        {"Statement": "SELECT * FROM orders", "Parameters": []},
        "ValidationException",
        f"{ONE}Value '[]' at 'parameters' {FAILED} have length greater than or equal to 1",
    ),
    (
        "dynamodb:UpdateKinesisStreamingDestination",
        {
            "TableName": "orders",
            "StreamArn": "arn:aws:kinesis:us-east-1:123456789012:stream/orders",
            "UpdateKinesisStreamingConfiguration": {"ApproximateCreationDateTimePrecision": "SECOND"},
        },
        "ValidationException",
        f"{ONE}Value 'SECOND' at 'updateKinesisStreamingConfiguration.approximateCreationDateTimePrecision' "
        f"{FAILED} satisfy enum value set: [MILLISECOND, MICROSECOND]",
    ),
    # ACK
    (
        "dynamodb:CreateTable",
        table(SSESpecification={"SSEType": "KMS", "KMSMasterKeyId": ""}),
        "ValidationException",
        f"{ONE}Value '' at 'sSESpecification.kMSMasterKeyId' {FAILED} have length greater than or equal to 1",
    ),
    (
        "dynamodb:UpdateTable",
        {"TableName": "orders", "ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}},
        "ValidationException",
        f"2 validation errors detected: Value '0' at 'provisionedThroughput.writeCapacityUnits' {FAILED} "
        "have value greater than or equal to 1; Value '0' at 'provisionedThroughput.readCapacityUnits' "
        f"{FAILED} have value greater than or equal to 1",
    ),
    (
        "dynamodb:CreateTable",
        table(TableClass="COLD"),
        "ValidationException",
        "Invalid table-class parameter provided. Please try again with a valid table-class value: "
        "[STANDARD, STANDARD_INFREQUENT_ACCESS].",
    ),
    *(
        (
            "dynamodb:CreateTable",
            table(Tags=tagged(key)),
            "ValidationException",
            f"The Tag Key provided is invalid, Key: {key}",
        )
        for key in ("x" * 129, "a#b")
    ),
    (
        "dynamodb:TagResource",
        {"ResourceArn": TABLE, "Tags": [{"Key": "a"}]},
        "ValidationException",
        "The Tag Value provided is invalid, Value: null",
    ),
    # The upper limits are documented: API_streams_GetRecords and its kin.
    *(
        (
            f"dynamodbstreams:{operation}",
            {**params, "Limit": most + 1},
            "ValidationException",
            f"{ONE}Value '{most + 1}' at 'limit' {FAILED} have value less than or equal to {most}",
        )
        for operation, params, most in (
            ("GetRecords", {"ShardIterator": "x"}, 1000),
            ("ListStreams", {}, 100),
            ("DescribeStream", {"StreamArn": f"{TABLE}/stream/2026-01-01T00:00:00.000"}, 100),
        )
    ),
    # CDK pf-dynamodb-table-name-length
    (
        "dynamodb:CreateTable",
        table(TableName="ab"),
        "ValidationException",
        f"{ONE}Value 'ab' at 'tableName' {FAILED} have length greater than or equal to 3",
    ),
    (
        "dynamodb:CreateTable",
        table(TableName=f"{TABLE.rpartition('/')[0]}/ab"),
        "ValidationException",
        f"{ONE}Value 'ab' at 'tableName' {FAILED} have length greater than or equal to 3",
    ),
    # CDK pf-dynamodb-import-csv-delimiter
    (
        "dynamodb:ImportTable",
        {
            "S3BucketSource": {"S3Bucket": "bucket"},
            "InputFormat": "CSV",
            "InputFormatOptions": {"Csv": {"Delimiter": "##"}},
            "TableCreationParameters": table(),
        },
        "ValidationException",
        f"2 validation errors detected: Value '##' at 'inputFormatOptions.csv.delimiter' {FAILED} have "
        f"length less than or equal to 1; Value '##' at 'inputFormatOptions.csv.delimiter' {FAILED} satisfy "
        r"regular expression pattern: [,;:|\t ]",
    ),
    # CDK pf-dynamodb-import-format-options
    *(
        (
            "dynamodb:ImportTable",
            {
                "S3BucketSource": {"S3Bucket": "bucket"},
                "InputFormat": kind,
                "InputFormatOptions": {"Csv": {"Delimiter": ","}},
                "TableCreationParameters": table(),
            },
            "ValidationException",
            f"Invalid Request: Unsupported InputFormatOptions for the given input format: {kind}.",
        )
        for kind in ("DYNAMODB_JSON", "ION")
    ),
    # CDK pf-dynamodb-projection-nonkey-limit
    (
        "dynamodb:CreateTable",
        table(
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "by-team",
                    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                    "Projection": {
                        "ProjectionType": "INCLUDE",
                        "NonKeyAttributes": list("abcdefghijklmnopqrstu"),
                    },
                }
            ]
        ),
        "ValidationException",
        f"{ONE}Value '[{', '.join('abcdefghijklmnopqrstu')}]' at "
        f"'globalSecondaryIndexes.1.member.projection.nonKeyAttributes' {FAILED} have length less than or "
        "equal to 20",
    ),
]
