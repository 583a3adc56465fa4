"""Calls to a real account, as botocore's events bring them: observed, and let go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_kmslab.enforcement.entry import TAKER
from pytest_kmslab.enforcement.pipeline import Incoming
from pytest_kmslab.errors import UnreadError
from pytest_kmslab.interception.signers import signing_credentials, signing_region
from pytest_kmslab.wire.parse_json import decode

if TYPE_CHECKING:
    from botocore.awsrequest import AWSRequest
    from botocore.model import OperationModel

    from pytest_kmslab.account.model import Caller
    from pytest_kmslab.enforcement.trail import Trail, UndecidedCalls
    from pytest_kmslab.observe.observer import Observer


class CallObservation:
    """Shows an observer the calls to its account and their answers.

    What is expected of a call is kept in botocore's request context under this very object.
    """

    def __init__(self, observer: Observer, trail: Trail, undecided: UndecidedCalls) -> None:
        self._observer = observer
        self._trail = trail
        self._undecided = undecided

    def before_call(
        self, model: OperationModel, params: dict[str, Any], signer: Any, context: dict[Any, Any]
    ) -> None:
        """Predict one call, which goes on in any case."""
        observer = self._observer
        service = model.service_model.service_name
        if not observer.active or not observer.backend.owns_url(params["url"]):
            return
        # Of runs within runs one takes a call: this mark keeps the others from counting it again.
        context[TAKER] = observer.backend
        if service not in observer.services:
            self._undecided.let_through(service, model.name)
            return
        # Counted here, as nothing passes the pipeline's own counter: `allowed` asks whether there was any
        # call.
        self._trail.count_call()

        # Called by the observer, so that what goes wrong makes the call one that is not judged.
        def authenticate() -> Caller:
            credentials = signing_credentials(signer, context)
            if credentials is None:
                raise UnreadError("who calls: the request is not signed")
            return observer.backend.reader.caller(credentials)

        def parse() -> Any:
            return decode(model, params["body"])

        region = signing_region(context)
        context[self] = observer.before(Incoming(service, model.name, region, authenticate, parse))

    def signs_as_root(self, signer: Any, context: dict[Any, Any]) -> bool:
        """No: whose account this is nobody can say here."""
        return False

    def request_created(self, request: AWSRequest) -> None:
        """Nothing is done with a request: it goes to AWS as it is."""

    def after_call(self, http_response: Any, parsed: dict[str, Any], context: dict[Any, Any]) -> None:
        """Compare it with the answer."""
        observed = context.pop(self, None)
        if observed is not None:
            self._observer.after(observed, http_response.status_code, parsed)

    def after_call_error(self, context: dict[Any, Any]) -> None:
        """Know that no answer came."""
        observed = context.pop(self, None)
        if observed is not None:
            self._observer.no_answer(observed)
