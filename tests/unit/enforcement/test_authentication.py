import pytest

from pytest_kmslab.account.model import Caller, Credential
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.enforcement.authentication import authenticate
from pytest_kmslab.enforcement.clock import Clock

NOW = 1_800_000_000.0
ANA = Caller(
    "arn:aws:iam::111122223333:user/ana",
    "111122223333",
    "arn:aws:iam::111122223333:user/ana",
    "AIDA1",
    "User",
)


class Stopped(Clock):
    """A clock that stands still."""

    def now(self) -> float:
        return NOW


class Known:
    """An account that knows one access key."""

    def __init__(self, **changes: object) -> None:
        self._credential = Credential(
            **{"access_key_id": "AKIA1", "secret_access_key": "s", "caller": ANA, **changes}
        )

    def credential(self, access_key_id: str) -> Credential | None:
        return self._credential if access_key_id == self._credential.access_key_id else None


def test_the_right_secret_is_its_owner() -> None:
    assert authenticate(Credentials("AKIA1", "s"), "kms", Known(), Stopped()) is ANA


@pytest.mark.parametrize(
    ("given", "known", "json_code", "query_code"),
    [
        (Credentials("AKIA2", "s"), {}, "UnrecognizedClientException", "InvalidClientTokenId"),
        (Credentials("AKIA1", "s"), {"active": False}, "UnrecognizedClientException", "InvalidClientTokenId"),
        (Credentials("AKIA1", "s", "token"), {}, "UnrecognizedClientException", "InvalidClientTokenId"),
        (
            Credentials("AKIA1", "s"),
            {"session_token": "t"},
            "UnrecognizedClientException",
            "InvalidClientTokenId",
        ),
        (Credentials("AKIA1", "wrong"), {}, "InvalidSignatureException", "SignatureDoesNotMatch"),
        (Credentials("AKIA1", "s"), {"expires_at": NOW}, "ExpiredTokenException", "ExpiredToken"),
        (None, {}, "MissingAuthenticationTokenException", "MissingAuthenticationToken"),
    ],
    ids=["unknown", "inactive", "needless token", "token missing", "wrong secret", "expired", "unsigned"],
)
def test_everything_else_is_the_services_own_error_and_never_access_denied(
    given: Credentials | None, known: dict[str, object], json_code: str, query_code: str
) -> None:
    for service, code, status in (
        ("dynamodb", json_code, 400),
        ("kms", json_code, 400),
        ("iam", query_code, 403),
    ):
        with pytest.raises(ServiceError) as refused:
            authenticate(given, service, Known(**known), Stopped())
        assert (refused.value.code, refused.value.status) == (code, status)
