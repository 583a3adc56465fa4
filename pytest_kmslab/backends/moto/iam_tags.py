"""Tags of what IAM has besides users and roles: moto keeps those of policies, instance profiles and OpenID
Connect providers, and drops the others.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from moto.iam.models import iam_backends

from pytest_kmslab.backends.moto.lookup import backend_of, place_of
from pytest_kmslab.backends.moto.principals import named_entity
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.context_keys import tags_by_key

Response = dict[str, Any]

TAGS = "kmslab_tags"
"""On what moto keeps no tags of."""

_BY_ARN: Mapping[str, str] = {
    "policy": "managed_policies",
    "mfa": "virtual_mfa_devices",
    "oidc-provider": "open_id_providers",
}
_BY_NAME: Mapping[str, str] = {
    "saml-provider": "saml_providers",
    "instance-profile": "instance_profiles",
    "server-certificate": "certificates",
}
"""Where moto keeps each kind: by its ARN, or by its name."""


_NAMED: Mapping[str, str] = {
    "SerialNumber": "mfa",
    "SAMLProviderArn": "saml-provider",
    "ServerCertificateName": "server-certificate",
    "InstanceProfileName": "instance-profile",
}
"""By which member an operation names each kind."""


def tags_of(arn: str) -> Mapping[str, str]:
    """The tags of what an ARN of IAM names, if it is no user and no role; empty where there is none."""
    entity = _entity(arn)
    if entity is None:
        return {}
    # moto keeps some kinds' tags itself; those of the others are ours.
    own: Mapping[str, str] | None = getattr(entity, TAGS, None)
    tags = getattr(entity, "tags", None) or ()
    listed = list(tags.values()) if isinstance(tags, Mapping) else tags
    return tags_by_key(listed) if own is None else own


_TAGGED: Mapping[str, str] = {"User": "user", "Role": "role", "InstanceProfile": "instance-profile"}
CHANGED = tuple(f"iam:{change}{kind}" for change in ("Tag", "Untag") for kind in _TAGGED)
"""The operations after which moto may have two tags whose keys differ only by case."""


def keep_one_spelling(_view: object, call: ApiCall, _response: Response) -> None:
    """TagUser, UntagUser and kin keep one tag of each key.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html#id_tags_rules
    """
    # A tag replaces the one whose key differs only by case, which moto keeps beside it.
    keys = [tag["Key"] for tag in call.params.get("Tags") or ()]
    folded = {key.lower() for key in (*keys, *(call.params.get("TagKeys") or ()))}

    def goes(key: str) -> bool:
        return key.lower() in folded and key not in keys

    for member, kind in _TAGGED.items():
        entity = named_entity(call, kind, f"{member}Name") if f"{member}Name" in call.params else None
        if entity is not None and kind == "user":
            tags = iam_backends[call.account][call.partition].tagger.tags.get(entity.arn) or {}
            for key in filter(goes, list(tags)):
                del tags[key]
        elif entity is not None:
            entity.tags = [tag for tag in entity.tags or () if not goes(tag["Key"])]


def _entity(arn: str) -> Any:
    place = place_of(arn)
    backend = backend_of(iam_backends, place.account, place.partition) if place.service == "iam" else None
    if backend is None:
        return None
    if place.kind in _BY_ARN:
        return getattr(backend, _BY_ARN[place.kind]).get(arn)
    entities = getattr(backend, _BY_NAME[place.kind]).values() if place.kind in _BY_NAME else ()
    # Of that very ARN: by another spelling of it nobody was asked.
    return next((entity for entity in list(entities) if entity.arn == arn), None)


def keep_made(_view: object, call: ApiCall, response: Response) -> None:
    """The tags that a device, provider or certificate is made with."""
    shown = response.get("VirtualMFADevice") or response.get("ServerCertificateMetadata") or response
    arn = shown.get("SerialNumber") or shown.get("Arn") or shown.get("SAMLProviderArn")
    entity = _entity(str(arn))
    if entity is not None:
        setattr(entity, TAGS, tags_by_key(call.params.get("Tags")))


def tag(call: ApiCall) -> Response:
    """TagMFADevice and kin, which moto lacks."""
    new_tags = tags_by_key(call.params["Tags"])
    return _change(call, lambda tags: {**_without(tags, new_tags), **new_tags})


def untag(call: ApiCall) -> Response:
    """UntagMFADevice and kin, which moto lacks."""
    return _change(call, lambda tags: _without(tags, call.params["TagKeys"]))


def _without(tags: Mapping[str, str], keys: Iterable[str]) -> Mapping[str, str]:
    gone = {key.lower() for key in keys}
    return {key: tags[key] for key in tags if key.lower() not in gone}


def show(call: ApiCall) -> Response:
    """ListMFADeviceTags and kin, which moto lacks."""
    tags = tags_of(_there(call))
    return {"Tags": [{"Key": key, "Value": tags[key]} for key in sorted(tags)], "IsTruncated": False}


def _change(call: ApiCall, change: Callable[[Mapping[str, str]], Mapping[str, str]]) -> Response:
    arn = _there(call)
    setattr(_entity(arn), TAGS, change(tags_of(arn)))
    return {}


def _there(call: ApiCall) -> str:
    """The ARN of what is to be tagged; raises NoSuchEntity where it is not there."""
    member, kind = next((member, kind) for member, kind in _NAMED.items() if member in call.params)
    name = str(call.params[member])
    arn = _arn_of(call, kind, name) if member.endswith("Name") else name
    if _entity(arn) is None:
        # The text is inferred.
        raise ServiceError("NoSuchEntity", f"{arn} cannot be found.", 404)
    return arn


def _arn_of(call: ApiCall, kind: str, name: str) -> str:
    """The ARN, path included, of an instance profile or a certificate; of one that is not there, without."""
    entities = getattr(iam_backends[call.account][call.partition], _BY_NAME[kind]).values()
    arns = [str(entity.arn) for entity in list(entities)]
    named = next((arn for arn in arns if place_of(arn).last.lower() == name.lower()), "")
    return named or f"arn:{call.partition}:iam::{call.account}:{kind}/{name}"
