"""Service-specific credentials of users, which moto lacks: CodeCommit's and Amazon Keyspaces'.

Answers, codes and texts are recorded from AWS: LocalStack's snapshot of IAM.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateServiceSpecificCredential.html
"""

from __future__ import annotations

import base64
import string
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from secrets import choice, token_bytes
from typing import Any

from moto.iam.models import iam_backends

from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.iam.implicit_user import implicit_user

Response = dict[str, Any]
Credential = dict[str, Any]

KEPT = "kmslab_service_credentials"
"""The attribute of moto's user that they are kept in, so that they go with the user."""
_SERVICES = frozenset({"cassandra.amazonaws.com", "codecommit.amazonaws.com"})
_MOST = 2
"""Of a user, for each service."""
_PASSWORD = "ServicePassword"


def create(call: ApiCall) -> Response:
    """CreateServiceSpecificCredential."""
    user, service = called_user(call), str(call.params["ServiceName"])
    _check_service(service)
    credentials = _kept(user)
    number = sum(credential["ServiceName"] == service for credential in credentials.values())
    if number >= _MOST:
        text = f"Cannot exceed quota for ServiceSpecificCredentialsPerService: {_MOST}"
        raise ServiceError("LimitExceeded", text, 409)
    made = {
        "CreateDate": datetime.now(timezone.utc),
        "ServiceName": service,
        _PASSWORD: _password(),
        "ServiceSpecificCredentialId": "ACCA" + _letters(17),
        "ServiceUserName": f"{user.name}{f'+{number}' if number else ''}-at-{call.account}",
        "Status": "Active",
        "UserName": user.name,
    }
    credentials[made["ServiceSpecificCredentialId"]] = made
    return {"ServiceSpecificCredential": dict(made)}


def list_all(call: ApiCall) -> Response:
    """ListServiceSpecificCredentials: of a service, or all; never their passwords."""
    user, service = called_user(call), call.params.get("ServiceName")
    if service:
        _check_service(str(service))
    shown = [
        {
            **{member: credential[member] for member in credential if member != _PASSWORD},
            "UserName": user.name,
        }
        for credential in _kept(user).values()
        if service in (None, credential["ServiceName"])
    ]
    return {"ServiceSpecificCredentials": shown}


def update(call: ApiCall) -> Response:
    """UpdateServiceSpecificCredential."""
    _credential(call)["Status"] = str(call.params["Status"])
    return {}


def reset(call: ApiCall) -> Response:
    """ResetServiceSpecificCredential: another password."""
    credential = _credential(call)
    credential[_PASSWORD] = _password()
    return {"ServiceSpecificCredential": {**credential, "UserName": called_user(call).name}}


def delete(call: ApiCall) -> Response:
    """DeleteServiceSpecificCredential."""
    del _kept(called_user(call))[_credential(call)["ServiceSpecificCredentialId"]]
    return {}


def _check_service(service: str) -> None:
    if service not in _SERVICES:
        text = f"No such service {service} is supported for Service Specific Credentials"
        raise ServiceError("NoSuchEntity", text, 404)


def _credential(call: ApiCall) -> Credential:
    wanted = str(call.params["ServiceSpecificCredentialId"])
    # Of this user's only: the id of another's is as good as none.
    credential = _kept(called_user(call)).get(wanted)
    if credential is None:
        raise ServiceError("NoSuchEntity", f"No such credential {wanted} exists", 404)
    return credential


def called_user(call: ApiCall) -> Any:
    """moto's own user whom a call names, or who makes it; raises NoSuchEntity for nobody."""
    name = str({**call.params, **implicit_user(call)}["UserName"])
    user = iam_backends[call.account][call.partition].users.get(name)
    if user is None:
        raise ServiceError("NoSuchEntity", f"The user with name {name} cannot be found.", 404)
    return user


def _kept(user: Any) -> dict[str, Credential]:
    kept: dict[str, Credential] = user.__dict__.setdefault(KEPT, {})
    return kept


def _letters(number: int) -> str:
    return "".join(choice(string.ascii_uppercase + string.digits) for _ in range(number))


def _password() -> str:
    return base64.b64encode(token_bytes(32)).decode()


SERVICE_CREDENTIALS: Mapping[str, Callable[[ApiCall], Response]] = {
    "iam:CreateServiceSpecificCredential": create,
    "iam:DeleteServiceSpecificCredential": delete,
    "iam:ListServiceSpecificCredentials": list_all,
    "iam:ResetServiceSpecificCredential": reset,
    "iam:UpdateServiceSpecificCredential": update,
}
