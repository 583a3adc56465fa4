from __future__ import annotations

from typing import Any

import pytest
from helpers.authorizations import actions, asked, context_of, pairs
from helpers.fake_account import ACCOUNT, KEY_ID, FakeAccount, call, key_arn, table_arn

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.dynamodb.operations import DYNAMODB

OTHER_ID = "0987dcba-09fe-87dc-65ba-ab0987654321"
OTHER = key_arn(OTHER_ID)
CHOOSING = ["kms:DescribeKey", "kms:CreateGrant", "kms:Decrypt"]


def sse(key_id: str = KEY_ID) -> dict[str, Any]:
    return {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key_id}


def create(specification: Any, view: FakeAccount) -> Any:
    return asked("CreateTable", {"TableName": "orders", "SSESpecification": specification}, view)


def update(specification: Any, view: FakeAccount, **more: Any) -> Any:
    return asked("UpdateTable", {"TableName": "orders", "SSESpecification": specification} | more, view)


def refusal_of(specification: Any, view: FakeAccount) -> ServiceError:
    with pytest.raises(ServiceError) as refusal:
        create(specification, view)
    return refusal.value


@pytest.fixture
def view() -> FakeAccount:
    view = FakeAccount()
    view.add_key(aliases=("alias/mine",))
    return view


@pytest.mark.parametrize(
    "key_id", [KEY_ID, key_arn(), "alias/mine", f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/mine"]
)
def test_a_key_is_chosen_by_any_of_its_names(key_id: str, view: FakeAccount) -> None:
    required_authorizations = create(sse(key_id), view)

    assert pairs(required_authorizations) == [
        ("dynamodb:CreateTable", table_arn()),
        *((name, key_arn()) for name in CHOOSING),
    ]
    assert {authorization.via for authorization in required_authorizations[1:]} == {"dynamodb"}


@pytest.mark.parametrize("specification", [None, {}, {"Enabled": False}])
def test_the_key_that_aws_owns_is_chosen_without_a_right(specification: Any, view: FakeAccount) -> None:
    view.add_key(OTHER_ID, aliases=("alias/aws/dynamodb",), manager="AWS")

    assert actions(create(specification, view)) == ["dynamodb:CreateTable"]


@pytest.mark.parametrize("specification", [{"Enabled": True}, {"SSEType": "KMS"}, sse("alias/aws/dynamodb")])
def test_the_key_that_aws_manages_is_asked_for(specification: Any, view: FakeAccount) -> None:
    view.add_key(OTHER_ID, aliases=("alias/aws/dynamodb",), manager="AWS")

    assert pairs(create(specification, view))[1:] == [(name, key_arn(OTHER_ID)) for name in CHOOSING]


def test_a_key_that_aws_manages_and_has_not_made_yet_needs_nothing(view: FakeAccount) -> None:
    assert actions(create({"SSEType": "KMS"}, view)) == ["dynamodb:CreateTable"]


def test_the_grant_that_dynamodb_makes_is_in_the_context(view: FakeAccount) -> None:
    context = context_of(create(sse("alias/mine"), view), "kms:CreateGrant")

    service = ("dynamodb.us-east-1.amazonaws.com",)
    assert context["kms:GrantIsForAWSResource"] == ("true",)
    assert context["kms:GranteePrincipal"] == service
    assert context["kms:RetiringPrincipal"] == service
    assert context["kms:ViaService"] == service
    assert context["kms:GrantConstraintType"] == ("EncryptionContextSubset",)
    assert set(context["kms:GrantOperations"]) == {
        "Decrypt",
        "Encrypt",
        "GenerateDataKey",
        "ReEncryptFrom",
        "ReEncryptTo",
        "RetireGrant",
        "DescribeKey",
    }
    assert context["kms:EncryptionContext:aws:dynamodb:tableName"] == ("orders",)


def test_the_alias_by_which_a_key_is_named_is_in_the_context_of_describe_key(view: FakeAccount) -> None:
    assert context_of(create(sse("alias/mine"), view), "kms:DescribeKey")["kms:RequestAlias"] == (
        "alias/mine",
    )


@pytest.mark.parametrize(
    ("specification", "message"),
    [
        ({"KMSMasterKeyId": KEY_ID}, "SSEType KMS is required if KMSMasterKeyId is specified"),
        ({"Enabled": False, "SSEType": "KMS"}, "SSEType can not be specified if Enabled is false"),
        (
            {"Enabled": False, "KMSMasterKeyId": "x"},
            "KMSMasterKeyId can not be specified if Enabled is false",
        ),
        ({"Enabled": True, "SSEType": "AES256"}, "SSEType AES256 is not supported"),
    ],
)
def test_a_specification_that_does_not_go_together(
    specification: dict[str, Any], message: str, view: FakeAccount
) -> None:
    refusal = refusal_of(specification, view)

    assert refusal.code == "ValidationException"
    assert refusal.message == f"One or more parameter values were invalid: {message}"


@pytest.mark.parametrize(
    ("key_id", "inner"),
    [
        (OTHER_ID, f"NotFoundException: Key '{OTHER}' does not exist (Service"),
        (OTHER, f"NotFoundException: Key '{OTHER}' does not exist (Service"),
        (
            "alias/none",
            f"NotFoundException: Alias arn:aws:kms:us-east-1:{ACCOUNT}:alias/none is not found. (Service",
        ),
        (key_arn(region="eu-west-1"), "NotFoundException: Invalid arn eu-west-1 (Service"),
        ("mine", "NotFoundException: Invalid keyId 'mine' (Service"),
    ],
)
def test_a_key_that_is_not_found(key_id: str, inner: str, view: FakeAccount) -> None:
    refusal = refusal_of(sse(key_id), view)

    assert refusal.code == "ValidationException"
    assert refusal.message.startswith(f"KMS validation error: com.amazonaws.services.kms.model.{inner}")


@pytest.mark.parametrize(
    ("state", "prefix"),
    [("Disabled", "KMS key disabled error: "), ("PendingDeletion", "KMS validation error: ")],
)
def test_a_key_that_cannot_be_used(state: str, prefix: str) -> None:
    view = FakeAccount()
    view.add_key(state=state)

    refusal = refusal_of(sse(), view)

    assert (refusal.code, refusal.message.startswith(prefix)) == ("ValidationException", True)


@pytest.mark.parametrize("spec", ["RSA_2048", "HMAC_256"])
def test_a_key_of_the_wrong_kind_is_an_internal_error(spec: str) -> None:
    view = FakeAccount()
    view.add_key(spec=spec)

    refusal = refusal_of(sse(), view)

    assert (refusal.code, refusal.status) == ("InternalServerError", 500)
    assert (
        "KMS internal error: com.amazonaws.services.kms.model.AWSKMSException: EncryptionContext is"
        in str(refusal)
    )
    assert "Error Code: ValidationException" in refusal.message


def test_the_key_that_aws_manages_for_another_service_is_denied(view: FakeAccount) -> None:
    view.add_key(OTHER_ID, aliases=("alias/aws/s3",), manager="AWS")

    refusal = refusal_of(sse("alias/aws/s3"), view)

    assert refusal.code == "AccessDeniedException"
    assert refusal.message.startswith(
        "KMS key access denied error: com.amazonaws.services.kms.model.AWSKMSException:"
    )
    assert f"kms:CreateGrant on resource: {OTHER} because no resource-based policy allows" in refusal.message


def test_another_accounts_key_that_does_not_exist_is_not_told(view: FakeAccount) -> None:
    refusal = refusal_of(sse(key_arn(account="999988887777")), view)

    assert refusal.code == "AccessDeniedException"
    assert (
        "kms:DescribeKey on this resource because the resource does not exist in this Region"
        in refusal.message
    )


def test_another_accounts_key_is_asked_for(view: FakeAccount) -> None:
    view.add_key(account="999988887777")

    required_authorizations = create(sse(key_arn(account="999988887777")), view)

    assert actions(required_authorizations)[1:] == CHOOSING
    assert {authorization.request.resource_account for authorization in required_authorizations[1:]} == {
        "999988887777"
    }


def test_the_first_key_of_a_table_is_chosen_like_a_new_tables(view: FakeAccount) -> None:
    view.add_table("orders")

    assert actions(update(sse(), view)) == ["dynamodb:UpdateTable", *CHOOSING]


def test_a_change_uses_the_present_key_first(view: FakeAccount) -> None:
    view.add_table("orders", key_arn())
    view.add_key(OTHER_ID)

    required_authorizations = update(sse(OTHER_ID), view)

    assert pairs(required_authorizations)[1:] == [
        ("kms:Decrypt", key_arn()),
        *((name, OTHER) for name in CHOOSING),
    ]


@pytest.mark.parametrize("specification", [sse(OTHER_ID), {"Enabled": False}, {"Enabled": True}])
def test_no_change_while_the_present_key_is_disabled(specification: dict[str, Any]) -> None:
    view = FakeAccount()
    view.add_table("orders", view.add_key(state="Disabled"))
    view.add_key(OTHER_ID)

    with pytest.raises(ServiceError, match=f"KMS key disabled error: .*{KEY_ID} is disabled"):
        update(specification, view)


def test_the_same_key_is_refused_by_its_arn_and_taken_by_its_other_names(view: FakeAccount) -> None:
    view.add_table("orders", key_arn())

    with pytest.raises(ServiceError) as refusal:
        update(sse(key_arn()), view)

    assert refusal.value.message == (
        "One or more parameter values were invalid: Table is already encrypted with given KMSMasterKeyId. "
        "Use KMSMasterKeyId parameter if you want to change Master Key"
    )
    assert actions(update(sse(KEY_ID), view))[-1] == "kms:Decrypt"
    assert actions(update(sse("alias/mine"), view))[-1] == "kms:Decrypt"


def test_default_encryption_cannot_be_turned_off(view: FakeAccount) -> None:
    view.add_table("orders")

    with pytest.raises(ServiceError, match=r"invalid: Table is already encrypted by default$"):
        update({"Enabled": False}, view)


def test_a_change_of_encryption_comes_alone(view: FakeAccount) -> None:
    view.add_table("orders")

    with pytest.raises(
        ServiceError, match="Server-Side Encryption modification must be the only operation in the request"
    ):
        update(sse(), view, BillingMode="PAY_PER_REQUEST")


def test_an_unknown_table_is_told_of_to_who_may_change_it(view: FakeAccount) -> None:
    with pytest.raises(ServiceError, match="Requested resource not found: Table: orders not found"):
        update(sse(), view)


def test_nothing_about_the_key_is_told_to_who_may_not_touch_the_table(view: FakeAccount) -> None:
    view.add_table("orders", key_arn())
    params = {"TableName": "orders", "SSESpecification": sse(key_arn())}

    assert next(DYNAMODB["UpdateTable"](call("dynamodb", "UpdateTable", params), view)).request.action == (
        "dynamodb:UpdateTable"
    )


def test_an_import_chooses_a_key_like_create_table(view: FakeAccount) -> None:
    wanted = {"TableName": "orders", "SSESpecification": sse()}

    required_authorizations = asked("ImportTable", {"TableCreationParameters": wanted}, view)

    assert actions(required_authorizations) == ["dynamodb:ImportTable", *CHOOSING]
