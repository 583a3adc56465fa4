from __future__ import annotations

from typing import Any

import pytest
from unit.calls.fake_facts import KEY_ID, FakeFacts, call, key_arn

from pytest_kmslab.calls.base import ServiceError
from pytest_kmslab.calls.operations import asks

TARGET = "00000000-12ab-34cd-56ef-1234567890ab"
CIPHERTEXT = b"ciphertext"


@pytest.fixture
def facts() -> FakeFacts:
    facts = FakeFacts()
    facts.add_key()
    facts.add_key(TARGET)
    facts.ciphertexts[CIPHERTEXT] = key_arn()
    return facts


def decrypt(**params: Any) -> Any:
    return call("kms", "Decrypt", {"CiphertextBlob": CIPHERTEXT, **params})


def re_encrypt(**params: Any) -> Any:
    return call("kms", "ReEncrypt", {"CiphertextBlob": CIPHERTEXT, "DestinationKeyId": TARGET, **params})


def test_without_key_id_the_key_is_that_of_the_ciphertext(facts: FakeFacts) -> None:
    (ask,) = asks(decrypt(EncryptionContext={"a": "b"}), facts)
    assert (ask.request.action, ask.request.resource) == ("kms:Decrypt", key_arn())
    assert ask.from_ciphertext
    assert ask.request.context["kms:EncryptionAlgorithm"] == ("SYMMETRIC_DEFAULT",)
    assert ask.request.context["kms:EncryptionContext:a"] == ("b",)
    assert "kms:RequestAlias" not in ask.request.context


def test_with_key_id_the_key_is_the_one_named(facts: FakeFacts) -> None:
    (ask,) = asks(decrypt(KeyId=KEY_ID), facts)
    assert not ask.from_ciphertext


def test_another_key_than_the_ciphertexts_is_refused_after_permission_on_it(facts: FakeFacts) -> None:
    asked = asks(decrypt(KeyId=TARGET), facts)
    assert next(asked).request.resource == key_arn(TARGET)
    with pytest.raises(ServiceError) as refused:
        next(asked)
    assert refused.value.code == "IncorrectKeyException"
    assert refused.value.message == (
        "The key ID in the request does not identify a CMK that can perform this operation."
    )


def test_the_same_multi_region_key_in_two_regions_is_no_other_key(facts: FakeFacts) -> None:
    here = facts.add_key("mrk-" + "a" * 32, multi_region=True, multi_region_type="REPLICA")
    there = facts.add_key(
        "mrk-" + "a" * 32, region="eu-west-1", multi_region=True, multi_region_type="PRIMARY"
    )
    facts.ciphertexts[CIPHERTEXT] = there.arn
    assert len(list(asks(decrypt(KeyId=here.key_id), facts))) == 1


def test_a_ciphertext_of_no_key(facts: FakeFacts) -> None:
    with pytest.raises(ServiceError) as refused:
        next(asks(decrypt(CiphertextBlob=b"nonsense"), facts))
    assert (refused.value.code, refused.value.message) == ("InvalidCiphertextException", "")


def test_an_asymmetric_key_does_not_decrypt_another_keys_ciphertext(facts: FakeFacts) -> None:
    facts.add_key(TARGET, spec="RSA_2048")
    asked = asks(decrypt(KeyId=TARGET, EncryptionAlgorithm="RSAES_OAEP_SHA_256"), facts)
    assert next(asked).request.resource == key_arn(TARGET)
    with pytest.raises(ServiceError, match="InvalidCiphertextException"):
        next(asked)


def test_an_asymmetric_ciphertext_says_nothing_of_its_key(facts: FakeFacts) -> None:
    facts.add_key(TARGET, spec="RSA_2048")
    params = {"CiphertextBlob": b"unknown", "KeyId": TARGET, "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
    assert len(list(asks(call("kms", "Decrypt", params), facts))) == 1


@pytest.mark.parametrize("operation", ["Decrypt", "ReEncrypt"])
def test_neither_key_nor_ciphertext(facts: FakeFacts, operation: str) -> None:
    with pytest.raises(ServiceError, match=r"ValidationException.*'ciphertextBlob'"):
        next(asks(call("kms", operation, {"DestinationKeyId": TARGET}), facts))


def test_a_dry_run_needs_no_ciphertext_where_the_key_is_named(facts: FakeFacts) -> None:
    params = {"KeyId": KEY_ID, "DryRun": True, "DryRunModifiers": ["IGNORE_CIPHERTEXT"]}
    asked = asks(call("kms", "Decrypt", params), facts)
    assert next(asked).request.resource == key_arn()
    with pytest.raises(ServiceError, match="DryRunOperationException"):
        next(asked)


def test_a_key_that_is_disabled(facts: FakeFacts) -> None:
    facts.add_key(state="Disabled")
    asked = asks(decrypt(), facts)
    next(asked)
    with pytest.raises(ServiceError, match=f"DisabledException: {key_arn()} is disabled"):
        next(asked)


def test_re_encryption_asks_for_both_keys_with_their_own_encryption_contexts(facts: FakeFacts) -> None:
    facts.add_key(TARGET, aliases=("alias/target",))
    params = {
        "DestinationKeyId": "alias/target",
        "SourceEncryptionContext": {"a": "1"},
        "DestinationEncryptionContext": {"b": "2"},
    }
    source, target = asks(re_encrypt(**params), facts)
    assert (source.request.action, source.request.resource) == ("kms:ReEncryptFrom", key_arn())
    assert (target.request.action, target.request.resource) == ("kms:ReEncryptTo", key_arn(TARGET))
    assert (source.from_ciphertext, target.from_ciphertext) == (True, False)
    assert source.request.context["kms:EncryptionContextKeys"] == ("a",)
    assert target.request.context["kms:EncryptionContextKeys"] == ("b",)
    assert "kms:RequestAlias" not in source.request.context
    assert target.request.context["kms:RequestAlias"] == ("alias/target",)
    assert target.request.context["kms:ReEncryptOnSameKey"] == ("false",)


def test_re_encryption_under_the_same_key(facts: FakeFacts) -> None:
    source, target = asks(re_encrypt(SourceKeyId=KEY_ID, DestinationKeyId=KEY_ID), facts)
    assert source.request.context["kms:ReEncryptOnSameKey"] == ("true",)
    assert target.request.context["kms:ReEncryptOnSameKey"] == ("true",)
    assert not source.from_ciphertext


@pytest.mark.parametrize("disabled", [KEY_ID, TARGET])
def test_re_encryption_needs_both_keys_enabled(facts: FakeFacts, disabled: str) -> None:
    facts.add_key(disabled, state="Disabled")
    with pytest.raises(ServiceError, match=f"{key_arn(disabled)} is disabled"):
        list(asks(re_encrypt(), facts))


def test_re_encryption_from_a_key_that_did_not_make_the_ciphertext(facts: FakeFacts) -> None:
    with pytest.raises(ServiceError, match="IncorrectKeyException"):
        list(asks(re_encrypt(SourceKeyId=TARGET), facts))


@pytest.mark.parametrize("key", [{"usage": "SIGN_VERIFY", "spec": "RSA_2048"}, {"spec": "RSA_2048"}])
def test_a_symmetric_ciphertext_tells_its_key_before_the_named_keys_kind_counts(
    facts: FakeFacts, key: dict[str, str]
) -> None:
    facts.add_key(TARGET, **key)
    with pytest.raises(ServiceError, match="IncorrectKeyException"):
        list(asks(decrypt(KeyId=TARGET), facts))


@pytest.mark.parametrize("params", [{}, {"EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}])
def test_an_asymmetric_ciphertext_needs_its_key_named(facts: FakeFacts, params: dict[str, str]) -> None:
    facts.add_key(spec="RSA_2048")
    with pytest.raises(ServiceError, match="InvalidCiphertextException"):
        next(asks(decrypt(**params), facts))
