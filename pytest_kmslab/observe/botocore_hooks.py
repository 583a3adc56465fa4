"""Calls to a real account, as botocore's events bring them: observed, or counted, and let go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_kmslab.calls.services import SERVICES
from pytest_kmslab.enforcement.entry import TAKER
from pytest_kmslab.enforcement.pipeline import Incoming
from pytest_kmslab.errors import UnreadError
from pytest_kmslab.interception.hooks import Onlooker
from pytest_kmslab.interception.signers import signing_credentials, signing_region
from pytest_kmslab.wire.parse_json import decode

if TYPE_CHECKING:
    from botocore.model import OperationModel

    from pytest_kmslab.account.model import Caller
    from pytest_kmslab.backends.protocol import Backend
    from pytest_kmslab.enforcement.trail import Trail, UndecidedCalls
    from pytest_kmslab.observe.observer import Observer


class CallCounter(Onlooker):
    """Counts the calls of decided services where nothing is observed, so that `allowed` can tell that there
    were any; each goes on as it is."""

    def __init__(self, backend: Backend, trail: Trail) -> None:
        self._backend = backend
        self._trail = trail

    def before_call(
        self, model: OperationModel, params: dict[str, Any], signer: Any, context: dict[Any, Any]
    ) -> None:
        """Count one call."""
        if not self._backend.owns_url(params["url"]):
            return
        context[TAKER] = self._backend
        if model.service_model.service_name in SERVICES:
            self._trail.count_call()


class CallObservation(Onlooker):
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
        # Counted here, as nothing passes the pipeline's own counter: `allowed` asks for it.
        self._trail.count_call()

        # Called by the observer, so that what goes wrong makes the call one that is not judged.
        def authenticate() -> Caller:
            credentials = signing_credentials(signer, context)
            if credentials is None:
                raise UnreadError("who calls: the request is not signed")
            return observer.backend.reader.caller(credentials)

        def parse() -> Any:
            return decode(model, params["body"])

        region = signing_region(signer, context)
        context[self] = observer.before(Incoming(service, model.name, region, authenticate, parse))

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
