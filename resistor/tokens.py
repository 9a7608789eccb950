"""Continue tokens: where a workflow goes on, in which version, signed.

The daemon signs one for every action and verifies the one on every result, before it looks at the
body. Opaque to modules, URL-safe: `r1.<key id>.<payload>.<mac>`, where the payload is base64url of a
MessagePack array (the fields of `Place`, in order) and the mac is HMAC-SHA256 over everything before it.

A token is derived, never drawn: the same place and the same key give the same bytes, so an action
that is published again after a crash carries the same token.

This file must never read a message's body, a clock or a setting.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error

import msgspec

from resistor.errors import OperatorMistake, Reason, RejectedMessage

FORMAT = "r1"
MAX_TOKEN_CHARACTERS = 2048  # the longest names the language allows make about 700
MOST_REMEMBERED = 10_000
"""Tokens that are known to be good because they were signed here: 10 MB at most."""

MIN_SECRET_BYTES = 16  # RFC 2104 §3: keys shorter than the hash weaken HMAC; 16 bytes is its floor here


class Place(msgspec.Struct, frozen=True, array_like=True):
    """The one place where a workflow continues, and which version of it.

    `digest` is the start of the definition's digest: a version that was registered twice with other
    content cannot be continued by mistake. `expires_at` is in whole seconds since the epoch.
    """

    namespace: str
    workflow: str
    version: int
    digest: str
    run: str
    step: str
    attempt: int
    module: str
    expires_at: int


_NOBODY = hmac.new(b"\0" * MIN_SECRET_BYTES, digestmod="sha256")

_encode_place = msgspec.msgpack.Encoder().encode
_decode_place = msgspec.msgpack.Decoder(Place).decode


class TokenKeys:
    """The keys of one installation: signs with the first, verifies with any.

    Two or more at once let keys rotate without a stop: put the new key first, and take the old one
    out when the longest step that it signed for is over.
    """

    def __init__(self, keys: tuple[tuple[str, bytes], ...]) -> None:
        """Take `(key id, secret)` pairs, the signing one first.

        Raises `OperatorMistake` for no key, a repeated or badly named id, or a secret under 16 bytes.
        """
        if not keys:
            raise OperatorMistake("no token key is configured")
        for key_id, secret in keys:
            if not key_id.isascii() or not key_id.replace("-", "").replace("_", "").isalnum():
                raise OperatorMistake(f"token key id {key_id!r}: only letters, digits, '-' and '_'")
            if len(secret) < MIN_SECRET_BYTES:
                raise OperatorMistake(
                    f"token key {key_id!r}: the secret has {len(secret)} bytes, {MIN_SECRET_BYTES} at least"
                )
        self._secrets = {key_id: hmac.new(secret, digestmod="sha256") for key_id, secret in keys}
        if len(self._secrets) != len(keys):
            raise OperatorMistake("a token key id is used twice")
        self._signing_id = keys[0][0]
        self._signing_secret = self._secrets[self._signing_id]
        self._signed: dict[str, Place] = {}

    def sign(self, place: Place) -> str:
        """Return the token of `place`."""
        payload = urlsafe_b64encode(_encode_place(place)).rstrip(b"=").decode()
        signed = f"{FORMAT}.{self._signing_id}.{payload}"
        token = f"{signed}.{_mac(self._signing_secret, signed)}"
        if len(self._signed) >= MOST_REMEMBERED:
            self._signed.clear()
        self._signed[token] = place
        return token

    def verify(self, token: str, *, now: float) -> Place:
        """Return the place that `token` names.

        `now` is in seconds since the epoch. Raises `RejectedMessage` with `bad_token` for anything that
        was not signed with one of these keys, and with `expired_token` for what was, too long ago.
        """
        place = self.read(token)
        if place.expires_at <= now:
            raise RejectedMessage(
                Reason.EXPIRED_TOKEN, f"the token expired {now - place.expires_at:.0f} s ago"
            )
        return place

    def read(self, token: str) -> Place:
        """Return the place that `token` names, expired or not. Raises `RejectedMessage` for a bad one.

        One that was signed here not long ago is known, every character of it: nothing proves more.
        """
        known = self._signed.pop(token, None)
        if known is not None:
            return known
        if len(token) > MAX_TOKEN_CHARACTERS or not token.isascii():
            raise RejectedMessage(Reason.BAD_TOKEN, "this is not a continue token")
        signed, _, mac = token.rpartition(".")
        parts = signed.split(".")
        if len(parts) != 3 or parts[0] != FORMAT:
            raise RejectedMessage(Reason.BAD_TOKEN, "this is not a continue token")
        secret = self._secrets.get(parts[1])
        # An unknown key id is compared too, so that it takes as long as a wrong mac.
        expected = _mac(secret or _NOBODY, signed)
        if not hmac.compare_digest(expected, mac) or secret is None:
            raise RejectedMessage(
                Reason.BAD_TOKEN, "the token was not signed with a key of this installation"
            )
        try:
            return _decode_place(urlsafe_b64decode(parts[2] + "=" * (-len(parts[2]) % 4)))
        except (msgspec.DecodeError, Base64Error, ValueError) as error:
            raise RejectedMessage(
                Reason.BAD_TOKEN, "the token was signed with our key but is torn"
            ) from error


def claimed(token: str) -> Place | None:
    """Return the place that `token` claims, or None. NOT verified: show it, and act on nothing in it."""
    parts = token.split(".")
    if len(token) > MAX_TOKEN_CHARACTERS or len(parts) != 4 or parts[0] != FORMAT:
        return None
    try:
        return _decode_place(urlsafe_b64decode(parts[2] + "=" * (-len(parts[2]) % 4)))
    except (msgspec.DecodeError, ValueError):  # Base64Error is a ValueError
        return None


def _mac(secret: hmac.HMAC, signed: str) -> str:
    mac = secret.copy()  # of one that has taken the key already: that is half of the work
    mac.update(signed.encode())
    return urlsafe_b64encode(mac.digest()).rstrip(b"=").decode()
