"""The parameters of a call that a record may show: no secret, no plaintext or ciphertext, no item of a table.

As CloudTrail does it: of items only the primary key is shown, and the values in a PartiQL statement are not.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/understanding-ddb-log-entries.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pytest_kmslab.wire.models import operation_model

if TYPE_CHECKING:
    from botocore.model import Shape

    from pytest_kmslab.calls.api_call import ApiCall

HIDDEN = frozenset(
    {
        *("Password", "OldPassword", "NewPassword", "SecretAccessKey", "SessionToken"),
        *("TokenCode", "AuthenticationCode1", "AuthenticationCode2", "WebIdentityToken", "SAMLAssertion"),
        *("GrantTokens", "GrantToken", "ClientRequestToken", "NextToken", "Marker", "ShardIterator"),
        *("PrivateKey", "AddPrivateKey", "CertificateBody", "CertificateChain", "SSHPublicKeyBody"),
        *("SAMLMetadataDocument", "KeyStorePassword", "XksProxyAuthenticationCredential", "EncodedMessage"),
    }
)
"""Members that are secrets or as good as one, and are not marked as such in every version of the model."""
KEYS = frozenset({"Key", "Keys"})
"""Members that hold a primary key: the one place where values of a table are shown."""
STATEMENT = "Statement"
LITERAL = re.compile(
    r"""(?P<name>"(?:[^"]|"")*")|'(?:[^']|'')*'?|(?<![\w"])-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"""
)
"""A value in a PartiQL statement; also a name in double quotes, whose digits and quotes are no value."""
REDACTED = "***(Redacted)"

_LEFT_OUT = object()
Shown = Callable[[Any], Any]


def request_parameters(call: ApiCall) -> dict[str, Any] | None:
    """What may be shown of a call's parameters, in CloudTrail's spelling; None where it has none."""
    shown = _of_operation(call.service, call.operation)(call.params)
    return shown or None


@lru_cache(maxsize=512)
def _of_operation(service: str, operation: str) -> Shown:
    model = operation_model(service, operation)
    shape = None if model is None else model.input_shape
    return (lambda _: None) if shape is None else _of_shape(shape, ())


def _of_shape(shape: Shape, above: tuple[str, ...], *, is_key: bool = False) -> Shown:
    """What is shown of a value of this shape; `above` are the shapes around it, which may be its own."""
    kind: str = shape.type_name
    # A shape within itself would never come to an end.
    if shape.metadata.get("sensitive") or kind == "blob" or shape.name in above:
        return lambda _: _LEFT_OUT
    if shape.name == "AttributeValue":
        return (lambda value: value) if is_key else (lambda _: _LEFT_OUT)
    above = (*above, shape.name)
    if kind == "structure":
        return _of_structure(shape, above)
    if kind == "list":
        each = _of_shape(getattr(shape, "member"), above, is_key=is_key)  # noqa: B009 (botocore's shapes differ)
        return lambda values: [shown for value in values if (shown := each(value)) is not _LEFT_OUT]
    if kind == "map":
        each = _of_shape(getattr(shape, "value"), above, is_key=is_key)  # noqa: B009
        return lambda values: {
            name: shown for name, value in values.items() if (shown := each(value)) is not _LEFT_OUT
        }
    return _plain


def _of_structure(shape: Any, above: tuple[str, ...]) -> Shown:
    # As CloudTrail spells them: the first letter small, the rest as in the API.
    members = {
        name: (name[:1].lower() + name[1:], _of_member(name, member, above))
        for name, member in shape.members.items()
        if name not in HIDDEN
    }

    def show(value: Any) -> Any:
        shown: dict[str, Any] = {}
        for name, member in value.items():
            known = members.get(name)
            value_shown = _LEFT_OUT if known is None else known[1](member)
            if known is not None and value_shown is not _LEFT_OUT and value_shown != {}:
                shown[known[0]] = value_shown
        return shown

    return show


def _of_member(name: str, member: Shape, above: tuple[str, ...]) -> Shown:
    if name == STATEMENT and member.type_name == "string":
        # CloudTrail shows a PartiQL statement without its values.
        return lambda text: LITERAL.sub(lambda match: match["name"] or REDACTED, text)
    return _of_shape(member, above, is_key=name in KEYS)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, (str, int, float, bool)) else str(value)
