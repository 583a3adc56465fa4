"""Tags of devices and providers where an endpoint keeps none.

LocalStack drops those of MFA devices, ministack those of SAML and OpenID Connect providers too.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.calls.context_keys import tags_by_key

if TYPE_CHECKING:
    from pytest_kmslab.backends.endpoint.reader import EndpointAccountReader

Response = dict[str, Any]
Answer = Callable[["EndpointAccountReader", ApiCall], "Response | None"]
_Tags = Mapping[str, str]

_MADE: Mapping[str, Callable[[Response], str]] = {
    "CreateOpenIDConnectProvider": lambda made: str(made["OpenIDConnectProviderArn"]),
    "CreateSAMLProvider": lambda made: str(made["SAMLProviderArn"]),
    "CreateVirtualMFADevice": lambda made: str(made["VirtualMFADevice"]["SerialNumber"]),
}
"""The ARN of what each operation made, in its response."""
_NAMED: Mapping[str, str] = {
    "MFADevice": "SerialNumber",
    "OpenIDConnectProvider": "OpenIDConnectProviderArn",
    "SAMLProvider": "SAMLProviderArn",
}
"""The member that holds the ARN in the operations on tags."""

MADE = tuple(f"iam:{operation}" for operation in _MADE)


def keep_made(view: EndpointAccountReader, call: ApiCall, response: Response) -> None:
    """The tags that a device or provider is made with: it has none of one that had its name."""
    tags = tags_by_key(call.params.get("Tags"))
    view.identities.keep_tags(_MADE[call.operation](response), tags)


def _changing(kind: str, change: Callable[[_Tags, ApiCall], _Tags]) -> Answer:
    """An operation that changes tags."""

    def answer(view: EndpointAccountReader, call: ApiCall) -> Response:
        arn = str(call.params[_NAMED[kind]])

        def instead() -> Response:
            view.identities.keep_tags(arn, change(view.identities.kept_tags(arn), call))
            return {}

        return view.clients.do_or(call, instead)

    return answer


def _listing(kind: str) -> Answer:
    def answer(view: EndpointAccountReader, call: ApiCall) -> Response:
        def instead() -> Response:
            tags = view.identities.kept_tags(str(call.params[_NAMED[kind]]))
            return {"Tags": [{"Key": key, "Value": tags[key]} for key in sorted(tags)], "IsTruncated": False}

        return view.clients.do_or(call, instead)

    return answer


def _tagged(tags: _Tags, call: ApiCall) -> _Tags:
    new = tags_by_key(call.params["Tags"])
    return {**_without(tags, new), **new}


def _untagged(tags: _Tags, call: ApiCall) -> _Tags:
    return _without(tags, call.params["TagKeys"])


def _without(tags: _Tags, keys: Any) -> _Tags:
    # Keys that differ only by case are one.
    gone = {key.lower() for key in keys}
    return {key: value for key, value in tags.items() if key.lower() not in gone}


TAGS: Mapping[str, Answer] = {
    **{f"iam:Tag{kind}": _changing(kind, _tagged) for kind in _NAMED},
    **{f"iam:Untag{kind}": _changing(kind, _untagged) for kind in _NAMED},
    **{f"iam:List{kind}Tags": _listing(kind) for kind in _NAMED},
}
"""Each is done in the endpoint's place where that lacks it."""
