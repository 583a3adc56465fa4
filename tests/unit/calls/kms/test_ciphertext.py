from __future__ import annotations

from typing import Any

import pytest
from helpers.authorizations import required_authorizations
from helpers.fake_account import KEY_ID, FakeAccount, call, key_arn

from pytest_kmslab.calls.api_call import ServiceError

TARGET = "00000000-12ab-34cd-56ef-1234567890ab"
CIPHERTEXT = b"ciphertext"


@pytest.fixture
def view() -> FakeAccount:
    view = FakeAccount()
    view.add_key()
    view.add_key(TARGET)
    view.ciphertexts[CIPHERTEXT] = key_arn()
    return view


def decrypt(**params: Any) -> Any:
    return call("kms", "Decrypt", {"CiphertextBlob": CIPHERTEXT, **params})


def re_encrypt(**params: Any) -> Any:
    return call("kms", "ReEncrypt", {"CiphertextBlob": CIPHERTEXT, "DestinationKeyId": TARGET, **params})


def test_without_key_id_the_key_is_that_of_the_ciphertext(view: FakeAccount) -> None:
    (authorization,) = required_authorizations(decrypt(EncryptionContext={"a": "b"}), view)
    assert (authorization.request.action, authorization.request.resource) == ("kms:Decrypt", key_arn())
    assert authorization.from_ciphertext
    assert authorization.request.context["kms:EncryptionAlgorithm"] == ("SYMMETRIC_DEFAULT",)
    assert authorization.request.context["kms:EncryptionContext:a"] == ("b",)
    assert "kms:RequestAlias" not in authorization.request.context


def test_with_key_id_the_key_is_the_one_named(view: FakeAccount) -> None:
    (authorization,) = required_authorizations(decrypt(KeyId=KEY_ID), view)
    assert not authorization.from_ciphertext


def test_another_key_than_the_ciphertexts_is_refused_after_permission_on_it(view: FakeAccount) -> None:
    asked = required_authorizations(decrypt(KeyId=TARGET), view)
    assert next(asked).request.resource == key_arn(TARGET)
    with pytest.raises(ServiceError) as refused:
        next(asked)
    assert refused.value.code == "IncorrectKeyException"
    assert refused.value.message == (
        "The key ID in the request does not identify a CMK that can perform this operation."
    )


def test_the_same_multi_region_key_in_two_regions_is_no_other_key(view: FakeAccount) -> None:
    here = view.add_key("mrk-" + "a" * 32, multi_region=True, multi_region_type="REPLICA")
    there = view.add_key(
        "mrk-" + "a" * 32, region="eu-west-1", multi_region=True, multi_region_type="PRIMARY"
    )
    view.ciphertexts[CIPHERTEXT] = there.arn
    assert len(list(required_authorizations(decrypt(KeyId=here.key_id), view))) == 1


def test_a_ciphertext_of_no_key(view: FakeAccount) -> None:
    with pytest.raises(ServiceError) as refused:
        next(required_authorizations(decrypt(CiphertextBlob=b"nonsense"), view))
    assert (refused.value.code, refused.value.message) == ("InvalidCiphertextException", "")


def test_an_asymmetric_key_does_not_decrypt_another_keys_ciphertext(view: FakeAccount) -> None:
    view.add_key(TARGET, spec="RSA_2048")
    asked = required_authorizations(decrypt(KeyId=TARGET, EncryptionAlgorithm="RSAES_OAEP_SHA_256"), view)
    assert next(asked).request.resource == key_arn(TARGET)
    with pytest.raises(ServiceError, match="InvalidCiphertextException"):
        next(asked)


def test_an_asymmetric_ciphertext_says_nothing_of_its_key(view: FakeAccount) -> None:
    view.add_key(TARGET, spec="RSA_2048")
    params = {"CiphertextBlob": b"unknown", "KeyId": TARGET, "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
    assert len(list(required_authorizations(call("kms", "Decrypt", params), view))) == 1


@pytest.mark.parametrize("operation", ["Decrypt", "ReEncrypt"])
def test_neither_key_nor_ciphertext(view: FakeAccount, operation: str) -> None:
    with pytest.raises(ServiceError, match=r"ValidationException.*'ciphertextBlob'"):
        next(required_authorizations(call("kms", operation, {"DestinationKeyId": TARGET}), view))


@pytest.mark.parametrize(
    "trial",
    [
        {},
        {"DryRun": True},
        {"DryRunModifiers": ["IGNORE_CIPHERTEXT"]},
        {"DryRun": True, "DryRunModifiers": []},
    ],
)
@pytest.mark.parametrize(
    ("operation", "named"), [("Decrypt", {"KeyId": KEY_ID}), ("ReEncrypt", {"SourceKeyId": KEY_ID})]
)
def test_a_key_alone_is_not_enough(
    view: FakeAccount, operation: str, named: dict[str, str], trial: dict[str, Any]
) -> None:
    params = {**named, "DestinationKeyId": TARGET, **trial}
    with pytest.raises(ServiceError, match=r"ValidationException.*'ciphertextBlob'"):
        next(required_authorizations(call("kms", operation, params), view))


def test_a_dry_run_needs_no_ciphertext_where_the_key_is_named(view: FakeAccount) -> None:
    params = {"KeyId": KEY_ID, "DryRun": True, "DryRunModifiers": ["IGNORE_CIPHERTEXT"]}
    asked = required_authorizations(call("kms", "Decrypt", params), view)
    assert next(asked).request.resource == key_arn()
    with pytest.raises(ServiceError, match="DryRunOperationException"):
        next(asked)


def test_a_key_that_is_disabled(view: FakeAccount) -> None:
    view.add_key(state="Disabled")
    asked = required_authorizations(decrypt(), view)
    next(asked)
    with pytest.raises(ServiceError, match=f"DisabledException: {key_arn()} is disabled"):
        next(asked)


def test_re_encryption_asks_for_both_keys_with_their_own_encryption_contexts(view: FakeAccount) -> None:
    view.add_key(TARGET, aliases=("alias/target",))
    params = {
        "DestinationKeyId": "alias/target",
        "SourceEncryptionContext": {"a": "1"},
        "DestinationEncryptionContext": {"b": "2"},
    }
    source, target = required_authorizations(re_encrypt(**params), view)
    assert (source.request.action, source.request.resource) == ("kms:ReEncryptFrom", key_arn())
    assert (target.request.action, target.request.resource) == ("kms:ReEncryptTo", key_arn(TARGET))
    assert (source.from_ciphertext, target.from_ciphertext) == (True, False)
    assert source.request.context["kms:EncryptionContextKeys"] == ("a",)
    assert target.request.context["kms:EncryptionContextKeys"] == ("b",)
    assert "kms:RequestAlias" not in source.request.context
    assert target.request.context["kms:RequestAlias"] == ("alias/target",)
    assert target.request.context["kms:ReEncryptOnSameKey"] == ("false",)


def test_re_encryption_under_the_same_key(view: FakeAccount) -> None:
    source, target = required_authorizations(re_encrypt(SourceKeyId=KEY_ID, DestinationKeyId=KEY_ID), view)
    assert source.request.context["kms:ReEncryptOnSameKey"] == ("true",)
    assert target.request.context["kms:ReEncryptOnSameKey"] == ("true",)
    assert not source.from_ciphertext


@pytest.mark.parametrize("disabled", [KEY_ID, TARGET])
def test_re_encryption_needs_both_keys_enabled(view: FakeAccount, disabled: str) -> None:
    view.add_key(disabled, state="Disabled")
    with pytest.raises(ServiceError, match=f"{key_arn(disabled)} is disabled"):
        list(required_authorizations(re_encrypt(), view))


def test_re_encryption_from_a_key_that_did_not_make_the_ciphertext(view: FakeAccount) -> None:
    with pytest.raises(ServiceError, match="IncorrectKeyException"):
        list(required_authorizations(re_encrypt(SourceKeyId=TARGET), view))


@pytest.mark.parametrize("key", [{"usage": "SIGN_VERIFY", "spec": "RSA_2048"}, {"spec": "RSA_2048"}])
def test_a_symmetric_ciphertext_tells_its_key_before_the_named_keys_kind_counts(
    view: FakeAccount, key: dict[str, str]
) -> None:
    view.add_key(TARGET, **key)
    with pytest.raises(ServiceError, match="IncorrectKeyException"):
        list(required_authorizations(decrypt(KeyId=TARGET), view))


@pytest.mark.parametrize("params", [{}, {"EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}])
def test_an_asymmetric_ciphertext_needs_its_key_named(view: FakeAccount, params: dict[str, str]) -> None:
    view.add_key(spec="RSA_2048")
    with pytest.raises(ServiceError, match="InvalidCiphertextException"):
        next(required_authorizations(decrypt(**params), view))
