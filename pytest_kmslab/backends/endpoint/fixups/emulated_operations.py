"""Operations that an endpoint lacks, answered in its place: a row an operation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from pytest_kmslab.account.model import Table
from pytest_kmslab.backends import partiql
from pytest_kmslab.backends.endpoint.clients import service_error
from pytest_kmslab.backends.endpoint.fixups import table_policies
from pytest_kmslab.backends.endpoint.fixups.iam_tags import TAGS
from pytest_kmslab.backends.endpoint.fixups.stream_tags import STREAM_TAGS
from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.calls.dynamodb.statements import is_refused

if TYPE_CHECKING:
    from pytest_kmslab.backends.endpoint.reader import EndpointAccountReader

Response = dict[str, Any]

SSE = "SSESpecification"

RE_ENCRYPT_FROM = {
    "CiphertextBlob": "CiphertextBlob",
    "EncryptionContext": "SourceEncryptionContext",
    "KeyId": "SourceKeyId",
    "EncryptionAlgorithm": "SourceEncryptionAlgorithm",
}
RE_ENCRYPT_TO = {
    "EncryptionContext": "DestinationEncryptionContext",
    "KeyId": "DestinationKeyId",
    "EncryptionAlgorithm": "DestinationEncryptionAlgorithm",
}
"""Members of Decrypt and of Encrypt by those of ReEncrypt."""


def only_encryption(view: EndpointAccountReader, call: ApiCall) -> Response | None:
    """UpdateTable that changes the encryption and nothing else; None for any other."""
    # LocalStack drops it, or answers 500. The change is kept by `enforcement.table_encryption`, for every
    # emulator alike.
    if SSE not in call.params or set(call.params) - {"TableName", SSE}:
        return None
    table = view.table(str(call.params["TableName"]), call.region, call.account)
    description = None if table is None else view.tables.description(table.name, table.region)
    return None if description is None else {"TableDescription": dict(description)}


def without_any(**empty: Any) -> Callable[[EndpointAccountReader, ApiCall], Response | None]:
    """A list operation: where it is lacking, nobody has any."""

    def answer(view: EndpointAccountReader, call: ApiCall) -> Response | None:
        return view.clients.do_or(call, lambda: dict(empty))

    return answer


def partiql_instead(
    execute: Callable[..., Response],
) -> Callable[[EndpointAccountReader, ApiCall], Response | None]:
    """An operation of PartiQL, where the endpoint's DynamoDB is older than PartiQL, or is a moto server's.

    That fails at many statements, and does some otherwise than they were decided. A batch with a statement
    that was not decided, as DynamoDB refuses it, goes to no endpoint.
    """

    def answer(view: EndpointAccountReader, call: ApiCall) -> Response | None:
        def find(name: str) -> Table | None:
            return view.table(name, call.region, call.account)

        def do(table: Table, operation: str, params: Mapping[str, Any]) -> Response:
            return view.clients.do(call._replace(operation=operation, params=params, region=table.region))

        def instead() -> Response:
            return execute(call, find, do)

        undecided = any(map(is_refused, call.params.get("Statements") or ()))
        if undecided or view.clients.is_moto_server:
            return instead()
        return view.clients.do_or(call, instead)

    return answer


def re_encrypt(view: EndpointAccountReader, call: ApiCall) -> Response | None:
    """ReEncrypt by two calls, as the keys were decided on."""
    params = call.params
    source = view.key_of_ciphertext(params["CiphertextBlob"], call.region, call.account)
    there = view if source is None else view.at(source.account) or view
    here = view.of_arn(str(params["DestinationKeyId"])) or view
    # ministack lacks it, and LocalStack fails at it without a SourceKeyId.
    try:
        opened = there.clients.of("kms", call.region).decrypt(**_given(params, RE_ENCRYPT_FROM))
        sealed = here.clients.of("kms", call.region).encrypt(
            Plaintext=opened["Plaintext"], **_given(params, RE_ENCRYPT_TO)
        )
    except ClientError as error:
        raise service_error(error) from None
    members = ("EncryptionAlgorithm", "KeyId", "CiphertextBlob")
    return {
        **{f"Source{name}": opened[name] for name in members[:2] if name in opened},
        **{f"Destination{name}": sealed[name] for name in members[:1] if name in sealed},
        **{name: sealed[name] for name in members[1:]},
    }


def _given(params: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {member: params[name] for member, name in names.items() if name in params}


def update_user(view: EndpointAccountReader, call: ApiCall) -> Response | None:
    """UpdateUser.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
    """
    user = view.identities.snapshot.named("user", str(call.params["UserName"]))
    if user is None or not user.tags:
        return view.clients.do(call)
    # LocalStack keeps tags by the ARN that a user had: nobody else may find them there, and the user needs
    # them anew.
    iam, name = view.clients.of("iam"), user.name
    iam.untag_user(UserName=name, TagKeys=list(user.tags))
    try:
        response = view.clients.do(call)
        name = str(call.params.get("NewUserName") or name)
    finally:
        tags = [{"Key": key, "Value": value} for key, value in user.tags.items()]
        iam.tag_user(UserName=name, Tags=tags)
    return response


Answer = Callable[["EndpointAccountReader", ApiCall], "Response | None"]

EMULATED: Mapping[str, Answer] = {
    "dynamodb:DeleteResourcePolicy": table_policies.delete,
    "dynamodb:BatchExecuteStatement": partiql_instead(partiql.execute_batch),
    "dynamodb:ExecuteStatement": partiql_instead(partiql.execute_statement),
    "dynamodb:ExecuteTransaction": partiql_instead(partiql.execute_transaction),
    "dynamodb:GetResourcePolicy": table_policies.get,
    "dynamodb:ListBackups": without_any(BackupSummaries=[]),
    "dynamodb:PutResourcePolicy": table_policies.put,
    **STREAM_TAGS,
    **TAGS,
    "dynamodb:UpdateTable": only_encryption,
    "kms:ReEncrypt": re_encrypt,
    "iam:UpdateUser": update_user,
    "iam:ListSSHPublicKeys": without_any(SSHPublicKeys=[], IsTruncated=False),
    "iam:ListServiceSpecificCredentials": without_any(ServiceSpecificCredentials=[], IsTruncated=False),
    "iam:ListSigningCertificates": without_any(Certificates=[], IsTruncated=False),
}
