"""Names of providers and certificates: moto gives one twice, and changes none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from moto.iam.models import iam_backends

from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.iam.resources import oidc_provider_arn
from pytest_kmslab.calls.rules.iam_names import already_there

if TYPE_CHECKING:
    from pytest_kmslab.backends.moto.reader import MotoAccountReader

_IS_THERE: Mapping[str, Callable[[Any, ApiCall], bool]] = {
    "CreateOpenIDConnectProvider": lambda iam, call: oidc_provider_arn(call) in iam.open_id_providers,
    "CreateSAMLProvider": lambda iam, call: call.params["Name"] in iam.saml_providers,
    "UploadServerCertificate": lambda iam, call: (
        _certificate(iam, call.params["ServerCertificateName"]) is not None
    ),
}


def check_is_first(_reader: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """CreateOpenIDConnectProvider, CreateSAMLProvider, UploadServerCertificate."""
    if _IS_THERE[call.operation](iam_backends[call.account][call.partition], call):
        raise already_there(call)
    return {}


def check_is_there(_reader: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """DeleteSAMLProvider of none, which moto takes.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteSAMLProvider.html
    """
    arn = str(call.params["SAMLProviderArn"])
    providers = list(iam_backends[call.account][call.partition].saml_providers.values())
    if all(provider.arn != arn for provider in providers):
        raise ServiceError("NoSuchEntity", f"Manifest not found for arn {arn}", 404)
    return {}


def update_certificate(call: ApiCall) -> dict[str, Any]:
    """UpdateServerCertificate, which moto lacks.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateServerCertificate.html
    """
    iam, name = iam_backends[call.account][call.partition], str(call.params["ServerCertificateName"])
    certificate = _certificate(iam, name)
    if certificate is None:
        text = f"The Server Certificate with name {name} cannot be found."
        raise ServiceError("NoSuchEntity", text, 404)
    new_name = str(call.params.get("NewServerCertificateName") or name)
    if _certificate(iam, new_name) not in (None, certificate):
        raise already_there(call)
    certificate.cert_name = new_name
    certificate.path = str(call.params.get("NewPath") or certificate.path)
    return {}


def _certificate(iam: Any, name: str) -> Any:
    certificates = list(iam.certificates.values())
    return next((one for one in certificates if one.cert_name == name), None)
