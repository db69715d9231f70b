"""Signing requests, for clients: ``Client(url, auth=RequestSigner("k-1f…", open_signer("machine.key")))``."""

import datetime as dt
import secrets
from collections.abc import Generator
from typing import Any

import httpx
from http_message_signatures import HTTPMessageSigner, algorithms

from boyau.proofs.note import Signer
from boyau.service.identity.signatures import TAG

VALID_SECONDS = 60
COVERED = ("@method", "@target-uri")


class RequestSigner(httpx.Auth):
    """Signs each request, also one sent again: with a nonce of its own. *signer* may keep its key in a token."""

    requires_request_body = True

    def __init__(self, key: str, signer: Signer) -> None:
        self._key, self._signer = key, signer
        self._prepare = HTTPMessageSigner(signature_algorithm=algorithms.ED25519)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign *request* and send it."""
        sign(request, self._key, self._signer, self._prepare)
        yield request


def sign(request: Any, key: str, signer: Signer, prepare: HTTPMessageSigner | None = None, **more: Any) -> None:
    """Sign an httpx request in place."""
    prepare = prepare or HTTPMessageSigner(signature_algorithm=algorithms.ED25519)
    for name in ("signature", "signature-input", "content-digest"):
        if name in request.headers:
            del request.headers[name]
    covered = (*COVERED, *(["idempotency-key"] if "idempotency-key" in request.headers else []))
    now = dt.datetime.now(dt.UTC)
    given: dict[str, Any] = {
        "created": now,
        "expires": now + dt.timedelta(seconds=VALID_SECONDS),
        "nonce": secrets.token_urlsafe(18),
    }
    given |= {"tag": TAG, "label": TAG, "covered_component_ids": covered} | more
    prepared = prepare.prepare(request, key_id=key, body=request.content or None, **given)
    prepare.apply(request, prepared, signer.sign(prepared.signature_base))
