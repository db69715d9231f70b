"""Passkeys: WebAuthn registration and authentication, by the library ``webauthn``."""

import json
from typing import Any
from urllib.parse import urlsplit

from boyau.service.identity.ceremonies import Ceremonies
from boyau.service.identity.store import AccessStore

PASSKEYS_MAX = 10
"""Of one person: a phone, a computer, a key in the safe, and some more."""


class PasskeyRefused(Exception):  # noqa: N818 - a condition
    """A ceremony that failed. Why is not told apart: whoever tries keys learns nothing."""


def _algorithms() -> list[Any]:
    """Return what a passkey may sign with. Not RSA: authenticators make keys of 2,048 bits, which is 112, not 128."""
    from webauthn.helpers.cose import COSEAlgorithmIdentifier as Alg

    return [Alg.EDDSA, Alg.ECDSA_SHA_256]


class Passkeys:
    """Passkeys in the access store. They are bound to its ``origin``, so that no other site can ask for them."""

    def __init__(self, store: AccessStore, ceremonies: Ceremonies) -> None:
        self._store, self._ceremonies = store, ceremonies

    @property
    def _site(self) -> str:
        return urlsplit(self._store.origin).hostname or ""

    def _options(self, options: Any, facts: Any) -> dict[str, Any]:
        import webauthn

        value: dict[str, Any] = json.loads(webauthn.options_to_json(options))
        return {"ceremony": self._ceremonies.begin((options.challenge, facts)), "publicKey": value}

    def begin_registration(self, account: str, label: str) -> dict[str, Any]:
        """Return what a browser needs to make a passkey for *account*."""
        import webauthn
        from webauthn.helpers import structs

        known = self._store.rows("select id from passkey where account = ?", account)
        options = webauthn.generate_registration_options(
            rp_id=self._site, rp_name="Boyau", user_name=label or account, user_id=account.encode(),
            authenticator_selection=structs.AuthenticatorSelectionCriteria(
                resident_key=structs.ResidentKeyRequirement.REQUIRED,
                user_verification=structs.UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=one) for (one,) in known],
            supported_pub_key_algs=_algorithms(),
        )  # fmt: skip
        return self._options(options, ("register", account))

    def end_registration(self, account: str, ceremony: object, credential: dict[str, Any]) -> None:
        """Keep a new passkey; raises ``PasskeyRefused``."""
        import webauthn

        challenge, facts = self._ceremonies.end(ceremony) or (b"", None)
        if facts != ("register", account):
            raise PasskeyRefused
        try:
            found = webauthn.verify_registration_response(
                credential=credential, expected_challenge=challenge, expected_rp_id=self._site,
                expected_origin=self._store.origin, require_user_verification=True,
                supported_pub_key_algs=_algorithms(),
            )  # fmt: skip
        except Exception:  # noqa: BLE001 - the library raises many kinds over what strangers send
            raise PasskeyRefused from None
        with self._store.change() as db:
            (count,) = db.execute("select count(*) from passkey where account = ?", (account,)).fetchone()
            taken = db.execute("select 1 from passkey where id = ?", (found.credential_id,)).fetchone()
            if count >= PASSKEYS_MAX or taken:
                raise PasskeyRefused
            db.execute(
                "insert into passkey values (?, ?, ?, ?, ?, null)",
                (found.credential_id, account, found.credential_public_key, found.sign_count, self._store.now()),
            )

    def begin_sign_in(self) -> dict[str, Any]:
        """Return what a browser needs to sign in; nobody is named, the passkey says who."""
        import webauthn
        from webauthn.helpers.structs import UserVerificationRequirement

        options = webauthn.generate_authentication_options(
            rp_id=self._site, user_verification=UserVerificationRequirement.REQUIRED
        )
        return self._options(options, ("sign-in", ""))

    def end_sign_in(self, ceremony: object, credential: dict[str, Any]) -> str:
        """Return whose passkey has answered; raises ``PasskeyRefused``."""
        import webauthn
        from webauthn.helpers import base64url_to_bytes

        challenge, facts = self._ceremonies.end(ceremony) or (b"", None)
        try:
            identity = base64url_to_bytes(str(credential.get("id", ""))[:1500])
        except ValueError:
            raise PasskeyRefused from None
        row = self._store.row(
            "select p.account, p.public, p.count from passkey p join account a on a.id = p.account "
            "where p.id = ? and a.disabled is null",
            identity,
        )
        if facts != ("sign-in", "") or row is None:
            raise PasskeyRefused
        try:
            # A counter that does not rise means a copied key; the library refuses it.
            found = webauthn.verify_authentication_response(
                credential=credential, expected_challenge=challenge, expected_rp_id=self._site,
                expected_origin=self._store.origin, credential_public_key=row[1], credential_current_sign_count=row[2],
                require_user_verification=True,
            )  # fmt: skip
        except Exception:  # noqa: BLE001 - as above
            raise PasskeyRefused from None
        with self._store.change() as db:
            db.execute(
                "update passkey set count = ?, used = ? where id = ?",
                (found.new_sign_count, self._store.now(), identity),
            )
        return str(row[0])

    def of(self, account: str) -> list[dict[str, Any]]:
        """List a person's passkeys; each is named by the beginning of its id."""
        found = self._store.rows("select id, created, used from passkey where account = ? order by created", account)
        return [{"passkey": one.hex()[:32], "created": created, "used": used} for one, created, used in found]

    def remove(self, account: str, name: str) -> bool:
        """Remove a passkey; the last one stays, for without it its owner could not come back."""
        with self._store.change() as db:
            known = [one for (one,) in db.execute("select id from passkey where account = ?", (account,))]
            wanted = [one for one in known if one.hex()[:32] == name]
            if not wanted or len(known) < 2:
                return False
            db.execute("delete from passkey where id = ?", (wanted[0],))
        return True
