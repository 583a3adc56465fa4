"""What AWS says of a call that it refused: was it a denial, of which action, and by what.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
Patterns are compiled when they are first needed: this is imported in every run of our users.
"""

from __future__ import annotations

import re

DENIAL_CODES = frozenset({"AccessDenied", "AccessDeniedException"})
"""The first is IAM's and STS's, the second that of KMS and DynamoDB."""

CREDENTIAL_CODES = frozenset(
    {
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
"""Credentials that a service does not know, or does not know yet."""

THROTTLE_CODES = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)

PASSING_CODES = CREDENTIAL_CODES | THROTTLE_CODES
"""Errors that pass by themselves: a new access key that a service does not know yet, and throttles."""

ACTION = r"[A-Za-z][A-Za-z0-9-]*:[A-Za-z][A-Za-z0-9]*"
_DENIED_ACTION = rf"is not authorized to perform: ({ACTION})"
_DYNAMODB_ASKED_KMS = "KMS key access denied error"
_OLD_DENIAL_OF_DECRYPT = "The ciphertext refers to a customer master key that does not exist"


def denied_action(message: str) -> str:
    """The action that a denial is of, as AWS spelt it; empty where the text does not say."""
    # AWS words it in many ways, but always names the action after these words.
    match = re.search(_DENIED_ACTION, message)
    if match is not None:
        return match[1]
    # DynamoDB's recorded text of a denied item call names no action; it is Decrypt that was asked.
    old = message.startswith(_DYNAMODB_ASKED_KMS) and _OLD_DENIAL_OF_DECRYPT in message
    return "kms:Decrypt" if old else ""


def error_code(error: BaseException) -> str:
    """The service's error code of an exception of boto3, empty for any other exception."""
    from botocore.exceptions import ClientError

    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else ""
