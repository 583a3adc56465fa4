"""Direct calls of KMS: who may, and how KMS words a denial."""

from __future__ import annotations

from uuid import uuid4

from helpers.account import REGION
from helpers.gateway import client
from helpers.world import DENIED, World, allow, deny, document, refused, to, unique


def test_the_policy_leaves_it_to_iam_and_iam_allows_nothing(world: World) -> None:
    key, user = world.key(), world.user()
    whole = (
        f"User: {user.arn} is not authorized to perform: kms:Encrypt on resource: {key} "
        "because no identity-based policy allows the kms:Encrypt action"
    )
    with refused(DENIED, whole):
        user.kms.encrypt(KeyId=key, Plaintext=b"x")


def test_the_policy_leaves_nothing_to_iam(world: World) -> None:
    owner, user = world.user(), world.user(allow("kms:*"))
    policy = document(to(owner.arn))
    key = world.kms.create_key(Policy=policy, BypassPolicyLockoutSafetyCheck=True)["KeyMetadata"]["Arn"]
    for somebody in (user.kms, world.kms):
        with refused(DENIED, "because no resource-based policy allows the kms:Encrypt action"):
            somebody.encrypt(KeyId=key, Plaintext=b"x")
    owner.kms.encrypt(KeyId=key, Plaintext=b"x")


def test_iam_allows_what_the_policy_leaves_to_it(world: World) -> None:
    key = world.key()
    user = world.user(allow(["kms:Encrypt", "kms:Decrypt"], key))
    sealed = user.kms.encrypt(KeyId=key, Plaintext=b"hi")["CiphertextBlob"]
    assert user.kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"hi"
    with refused(DENIED, "no identity-based policy allows the kms:GenerateDataKey action"):
        user.kms.generate_data_key(KeyId=key, KeySpec="AES_256")


def test_an_alias_in_resource_allows_nothing(world: World) -> None:
    key, alias = world.key(), f"alias/{unique('app')}"
    world.kms.create_alias(AliasName=alias, TargetKeyId=key)
    user = world.user(allow("kms:Encrypt", f"arn:aws:kms:{REGION}:{world.account}:{alias}"))
    with refused(DENIED):
        user.kms.encrypt(KeyId=alias, Plaintext=b"x")


def test_explicit_denies_are_told_apart(world: World) -> None:
    user = world.user(allow("kms:*"), deny("kms:Decrypt"))
    key = world.key(to(user.arn), to(user.arn, "kms:Encrypt", "Deny"))
    sealed = world.encrypted(key)
    with refused(DENIED, f"kms:Decrypt on resource: {key} with an explicit deny in an identity-based policy"):
        user.kms.decrypt(CiphertextBlob=sealed, KeyId=key)
    with refused(DENIED, f"kms:Encrypt on resource: {key} with an explicit deny in a resource-based policy"):
        user.kms.encrypt(KeyId=key, Plaintext=b"x")


def test_a_denied_ciphertext_does_not_tell_its_key(world: World) -> None:
    user, sealed = world.user(), world.encrypted(world.key())
    with refused(DENIED, "kms:Decrypt on the resource associated with this ciphertext because no identity-"):
        user.kms.decrypt(CiphertextBlob=sealed)


def test_an_administrator_of_the_key_is_no_user_of_it(world: World) -> None:
    admin = world.user()
    manage = [f"kms:{verb}*" for verb in ("Create", "Describe", "Enable", "List", "Put", "Disable", "Get")]
    key = world.key(to(admin.arn, [*manage, "kms:TagResource"]))
    kms = admin.kms
    kms.describe_key(KeyId=key)
    kms.disable_key(KeyId=key)
    kms.enable_key(KeyId=key)
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "a", "TagValue": "b"}])
    with refused(DENIED):
        kms.encrypt(KeyId=key, Plaintext=b"x")
    kms.put_key_policy(KeyId=key, Policy=world.key_policy(to(admin.arn)))
    kms.encrypt(KeyId=key, Plaintext=b"x")


def test_an_alias_is_made_by_who_may_on_both(world: World) -> None:
    key, aliases = world.key(), f"arn:aws:kms:{REGION}:{world.account}:alias/*"
    alias = {"AliasName": f"alias/{unique('app')}", "TargetKeyId": key}
    for one in (aliases, key):
        with refused(DENIED, "kms:CreateAlias"):
            world.user(allow("kms:CreateAlias", one)).kms.create_alias(**alias)
    world.user(allow("kms:CreateAlias", [aliases, key])).kms.create_alias(**alias)


def test_both_ends_of_re_encryption_are_asked_for(world: World) -> None:
    source, target = world.key(), world.key()
    asked = {"CiphertextBlob": world.encrypted(source), "DestinationKeyId": target}
    with refused(DENIED, "kms:ReEncryptTo"):
        world.user(allow("kms:ReEncryptFrom")).kms.re_encrypt(**asked)
    with refused(DENIED, "kms:ReEncryptFrom"):
        world.user(allow("kms:ReEncryptTo")).kms.re_encrypt(**asked)
    done = world.user(allow("kms:ReEncrypt*")).kms.re_encrypt(**asked)
    assert (done["SourceKeyId"], done["KeyId"]) == (source, target)
    assert world.kms.decrypt(CiphertextBlob=done["CiphertextBlob"])["Plaintext"] == b"text"


def test_what_is_made_is_limited_by_its_parameters(world: World) -> None:
    symmetric = {"StringEquals": {"kms:KeySpec": "SYMMETRIC_DEFAULT"}}
    kms = world.user(allow("kms:CreateKey", Condition=symmetric)).kms
    kms.create_key()
    with refused(DENIED, "kms:CreateKey"):
        kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    with refused(DENIED, "kms:TagResource"):
        kms.create_key(Tags=[{"TagKey": "a", "TagValue": "b"}])


def test_signing_and_authentication_codes(world: World) -> None:
    signing = world.key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    hmac = world.key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    algorithm = {"StringEquals": {"kms:SigningAlgorithm": "ECDSA_SHA_256"}}
    kms = world.user(allow("kms:Sign", Condition=algorithm)).kms
    signed = kms.sign(KeyId=signing, Message=b"x", SigningAlgorithm="ECDSA_SHA_256")
    with refused(DENIED, "kms:Verify"):
        kms.verify(
            KeyId=signing, Message=b"x", Signature=signed["Signature"], SigningAlgorithm="ECDSA_SHA_256"
        )
    with refused(DENIED, "kms:GenerateMac"):
        kms.generate_mac(KeyId=hmac, Message=b"x", MacAlgorithm="HMAC_SHA_256")


def test_a_dry_run_tells_what_would_be(world: World) -> None:
    key = world.key()
    asked = {"KeyId": key, "Plaintext": b"x", "DryRun": True}
    text = "The request would have succeeded, but the DryRun option is set."
    with refused("DryRunOperationException", text):
        world.user(allow("kms:Encrypt")).kms.encrypt(**asked)
    with refused(DENIED):
        world.user().kms.encrypt(**asked)


def test_a_key_that_is_not_there(world: World) -> None:
    arn = f"arn:aws:kms:{REGION}:{world.account}:key/{uuid4()}"
    with refused("NotFoundException", f"Key '{arn}' does not exist"):
        world.kms.encrypt(KeyId=arn, Plaintext=b"x")
    with refused("NotFoundException"):
        world.kms.encrypt(KeyId=f"alias/{unique('none')}", Plaintext=b"x")
    elsewhere = client(world.url, "kms", region="eu-west-1")
    with refused("NotFoundException"):
        elsewhere.describe_key(KeyId=world.key().rpartition("/")[2])


def test_nobody_locks_themselves_out_or_names_nobody(world: World) -> None:
    user, other = world.user(allow("kms:*")), world.user()
    text = "The new key policy will not allow you to update the key policy in the future."
    with refused("MalformedPolicyDocumentException", text):
        user.kms.create_key(Policy=document(to(other.arn)))
    nobody = f"arn:aws:iam::{world.account}:user/{unique('nobody')}"
    with refused("MalformedPolicyDocumentException", "invalid principals"):
        world.kms.create_key(Policy=world.key_policy(to(nobody)))


def test_who_is_made_again_under_the_same_name_is_somebody_else(world: World) -> None:
    user = world.user()
    key = world.key(to(user.arn, "kms:Encrypt"))
    world.iam.delete_access_key(UserName=user.name, AccessKeyId=user.credentials.access_key_id)
    world.iam.delete_user(UserName=user.name)
    with refused("UnrecognizedClientException"):
        user.kms.list_keys()
    world.iam.create_user(UserName=user.name)
    assert "AIDA" in world.kms.get_key_policy(KeyId=key)["Policy"]
    assert user.arn not in world.kms.get_key_policy(KeyId=key)["Policy"]


def test_an_algorithm_is_what_is_done_and_not_what_is_claimed(world: World) -> None:
    symmetric = {"StringEquals": {"kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}}
    kms = world.user(allow("kms:*", Condition=symmetric)).kms
    key = world.kms.create_key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["Arn"]
    with refused("InvalidKeyUsageException", "SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048."):
        kms.encrypt(KeyId=key, Plaintext=b"x")
    with refused("InvalidKeyUsageException", "SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048."):
        kms.generate_data_key(KeyId=key, KeySpec="AES_256")
    with refused(DENIED, "kms:Encrypt"):
        kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionAlgorithm="RSAES_OAEP_SHA_256")


def test_a_key_is_managed_by_its_id_only(world: World) -> None:
    key, alias = world.key(), f"alias/{unique('app')}"
    world.kms.create_alias(AliasName=alias, TargetKeyId=key)
    world.kms.describe_key(KeyId=alias)
    for act in (world.kms.disable_key, world.kms.list_grants, world.kms.rotate_key_on_demand):
        with refused("InvalidArnException", "Key Aliases are not supported for this operation."):
            act(KeyId=alias)
