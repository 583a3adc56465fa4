"""https://docs.aws.amazon.com/kms/latest/developerguide/alias-access.html"""

from __future__ import annotations

import pytest
from helpers.authorizations import required_authorizations
from helpers.fake_account import ACCOUNT, FakeAccount, call, key_arn, outcome, policy, user

from pytest_kmslab.calls.api_call import ServiceError

NEW = "00000000-12ab-34cd-56ef-1234567890ab"
ALIAS_ARN = f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/app"


@pytest.fixture
def view() -> FakeAccount:
    view = FakeAccount()
    view.add_key(aliases=("alias/app",))
    view.add_key(NEW)
    return view


@pytest.mark.parametrize(
    ("operation", "target", "resources"),
    [
        ("CreateAlias", {"TargetKeyId": NEW}, [ALIAS_ARN, key_arn(NEW)]),
        ("UpdateAlias", {"TargetKeyId": NEW}, [ALIAS_ARN, key_arn(), key_arn(NEW)]),
        ("DeleteAlias", {}, [ALIAS_ARN, key_arn()]),
    ],
)
def test_an_alias_needs_permission_on_itself_and_on_its_keys(
    view: FakeAccount, operation: str, target: dict[str, str], resources: list[str]
) -> None:
    asked = list(required_authorizations(call("kms", operation, {"AliasName": "alias/app", **target}), view))
    assert [authorization.request.resource for authorization in asked] == resources
    assert {authorization.request.action for authorization in asked} == {f"kms:{operation}"}


def test_the_key_policy_gives_nothing_on_the_alias(view: FakeAccount) -> None:
    ana = user()
    direct = policy({"Principal": {"AWS": ana.arn}, "Action": "kms:*"})
    view.key_policies = {key_arn(): direct, ALIAS_ARN: direct}
    deleting = call("kms", "DeleteAlias", {"AliasName": "alias/app"}, ana)
    assert outcome(deleting, view) == "kms:DeleteAlias"
    view.allow(ana, {"Action": "kms:DeleteAlias", "Resource": ALIAS_ARN})
    assert outcome(deleting, view) == "allowed"


def test_an_alias_has_its_prefix(view: FakeAccount) -> None:
    with pytest.raises(ServiceError) as refused:
        next(
            required_authorizations(
                call("kms", "CreateAlias", {"AliasName": "app", "TargetKeyId": NEW}), view
            )
        )
    assert refused.value.code == "ValidationException"
    assert refused.value.message == (
        'Alias must start with the prefix "alias/". Please see '
        "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html"
    )


@pytest.mark.parametrize("operation", ["CreateAlias", "UpdateAlias"])
def test_the_prefix_of_aws_managed_keys_is_aws_own(view: FakeAccount, operation: str) -> None:
    """A customer's key by that name would be taken for one that needs no permission."""
    view.add_key(aliases=("alias/aws/dynamodb",))
    naming = call("kms", operation, {"AliasName": "alias/aws/dynamodb", "TargetKeyId": NEW})
    with pytest.raises(ServiceError) as refused:
        list(required_authorizations(naming, view))
    assert refused.value.code == "NotAuthorizedException"


@pytest.mark.parametrize("operation", ["UpdateAlias", "DeleteAlias"])
def test_an_alias_that_is_not_there(view: FakeAccount, operation: str) -> None:
    params = {"AliasName": "alias/no", "TargetKeyId": NEW}
    with pytest.raises(ServiceError, match=r"NotFoundException: Alias .*alias/no is not found"):
        next(required_authorizations(call("kms", operation, params), view))


@pytest.mark.parametrize("operation", ["CreateAlias", "UpdateAlias"])
def test_an_alias_is_not_put_on_a_key_pending_deletion(view: FakeAccount, operation: str) -> None:
    view.add_key(NEW, state="PendingDeletion")
    with pytest.raises(ServiceError, match=f"{key_arn(NEW)} is pending deletion"):
        list(
            required_authorizations(
                call("kms", operation, {"AliasName": "alias/app", "TargetKeyId": NEW}), view
            )
        )


def test_an_alias_is_taken_off_a_key_pending_deletion(view: FakeAccount) -> None:
    view.add_key(aliases=("alias/app",), state="PendingDeletion")
    assert list(
        required_authorizations(
            call("kms", "UpdateAlias", {"AliasName": "alias/app", "TargetKeyId": NEW}), view
        )
    )
    assert list(required_authorizations(call("kms", "DeleteAlias", {"AliasName": "alias/app"}), view))


@pytest.mark.parametrize("operation", ["CreateAlias", "UpdateAlias"])
@pytest.mark.parametrize("target", ["alias/app", ALIAS_ARN])
def test_an_alias_names_a_key_and_no_alias(view: FakeAccount, operation: str, target: str) -> None:
    naming = call("kms", operation, {"AliasName": "alias/app", "TargetKeyId": target})
    with pytest.raises(ServiceError, match=r"ValidationException: Aliases must refer to keys\. Not aliases"):
        list(required_authorizations(naming, view))


@pytest.mark.parametrize("operation", ["CreateAlias", "UpdateAlias"])
@pytest.mark.parametrize(("number", "fits"), [(49, True), (50, False)])
def test_a_key_has_fifty_aliases_at_most(view: FakeAccount, operation: str, number: int, fits: bool) -> None:
    view.add_key(NEW, aliases=tuple(f"alias/{each}" for each in range(number)))
    asked = required_authorizations(
        call("kms", operation, {"AliasName": "alias/app", "TargetKeyId": NEW}), view
    )
    if fits:
        assert list(asked)
    else:
        with pytest.raises(ServiceError, match="LimitExceededException"):
            list(asked)


def test_an_alias_of_a_full_key_can_be_put_on_it_again(view: FakeAccount) -> None:
    view.add_key(aliases=("alias/app", *(f"alias/{each}" for each in range(49))))
    again = call("kms", "UpdateAlias", {"AliasName": "alias/app", "TargetKeyId": key_arn()})
    assert len(list(required_authorizations(again, view))) == 3


@pytest.mark.parametrize(
    ("key", "fits"),
    [
        ({"spec": "RSA_2048"}, False),
        ({"spec": "HMAC_256", "usage": "GENERATE_VERIFY_MAC"}, False),
        ({"origin": "EXTERNAL"}, True),
    ],
)
def test_an_alias_stays_with_keys_of_one_kind(view: FakeAccount, key: dict[str, str], fits: bool) -> None:
    view.add_key(NEW, **key)
    asked = required_authorizations(
        call("kms", "UpdateAlias", {"AliasName": "alias/app", "TargetKeyId": NEW}), view
    )
    if fits:
        assert len(list(asked)) == 3
    else:
        text = "The current and the new KMS key must be of the same type and have the same key usage."
        with pytest.raises(ServiceError, match=f"^ValidationException: {text}$"):
            list(asked)


@pytest.mark.parametrize("operation", ["CreateAlias", "UpdateAlias", "DeleteAlias"])
def test_an_alias_has_a_name_behind_its_prefix(view: FakeAccount, operation: str) -> None:
    with pytest.raises(ServiceError, match="InvalidAliasNameException"):
        list(
            required_authorizations(call("kms", operation, {"AliasName": "alias/", "TargetKeyId": NEW}), view)
        )
