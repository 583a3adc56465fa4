"""The seam of a real account: botocore's events, by which calls are observed and let go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore.model import OperationModel

    from pytest_kmslab.calls.api_call import ApiCall
    from pytest_kmslab.observe.observer import Observer


class ObservingHooks:
    """Handlers of botocore's events; without an active observer they do nothing at all.

    What is expected of a call is kept in botocore's request context under the watcher itself.
    """

    def __init__(self) -> None:
        self._observer: Observer | None = None

    @property
    def handlers(self) -> tuple[tuple[str, Any], ...]:
        """What to add to `botocore.handlers.BUILTIN_HANDLERS`."""
        return (
            ("before-call", self.before_call),
            ("after-call", self.after_call),
            ("after-call-error", self.after_call_error),
        )

    def attach(self, observer: Observer) -> None:
        """Observe calls with this observer from now on."""
        self._observer = observer

    def detach(self) -> None:
        """Observe nothing any more."""
        self._observer = None

    def before_call(
        self,
        model: OperationModel,
        params: dict[str, Any],
        request_signer: Any,
        context: dict[Any, Any],
        **_: Any,
    ) -> None:
        """Predict one call; it goes on in any case."""
        observer = self._observer
        service = model.service_model.service_name
        if observer is None or not observer.active or service not in observer.services:
            return
        if not observer.backend.owns_url(params["url"]):
            return

        def describe() -> ApiCall:
            return _describe(observer, model, params["body"], request_signer, context)

        context[self] = observer.before(f"{service}:{model.name}", describe)

    def after_call(
        self, http_response: Any, parsed: dict[str, Any], context: dict[Any, Any], **_: Any
    ) -> None:
        """Compare it with the answer."""
        observed = context.pop(self, None)
        if observed is not None and self._observer is not None:
            self._observer.after(observed, http_response.status_code, parsed)

    def after_call_error(self, context: dict[Any, Any], **_: Any) -> None:
        """Know that no answer came."""
        observed = context.pop(self, None)
        if observed is not None and self._observer is not None:
            self._observer.no_answer(observed)


def _describe(
    observer: Observer, model: OperationModel, body: Any, signer: Any, context: dict[Any, Any]
) -> ApiCall:
    from pytest_kmslab.calls.api_call import ApiCall
    from pytest_kmslab.errors import UnreadError
    from pytest_kmslab.interception.botocore import signing_credentials, signing_region
    from pytest_kmslab.wire.parse_json import decode

    credentials = signing_credentials(signer, context)
    if credentials is None:
        raise UnreadError("who calls: the request is not signed")
    caller = observer.backend.view.caller(credentials)
    service = model.service_model.service_name
    return ApiCall(service, model.name, decode(model, body), signing_region(context), caller)
