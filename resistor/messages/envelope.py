"""A message as any AMQP 0-9-1 client sees it, without the client: body, headers and properties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from resistor.errors import Reason, RejectedMessage

TOKEN_HEADER = "resistor-token"  # noqa: S105 - the header's name
ATTEMPT_HEADER = "resistor-attempt"

JSON_CONTENT = "application/json"
APP_ID = "resistor"


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """One message's body and the properties that Resistor reads or writes.

    `timestamp` is in seconds since the epoch. `message_id` names this one publish; what a message
    means for idempotency is in the event's or the token's hands.
    """

    body: bytes = b""
    headers: Mapping[str, Any] = {}
    message_id: str | None = None
    correlation_id: str | None = None
    reply_to: str | None = None
    type: str | None = None
    content_type: str | None = JSON_CONTENT
    content_encoding: str | None = None
    timestamp: float | None = None
    app_id: str | None = None
    user_id: str | None = None
    priority: int | None = None

    @property
    def media_type(self) -> str:
        """The content type in lower case and without parameters; JSON where there is none."""
        return (self.content_type or JSON_CONTENT).split(";")[0].strip().lower()

    def text_header(self, name: str) -> str | None:
        """Return header `name`, or None where it is absent. Raises `RejectedMessage` if it is not text."""
        value = self.headers.get(name)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bytes | bytearray):
            try:
                return bytes(value).decode()
            except UnicodeDecodeError:
                pass
        raise RejectedMessage(Reason.BAD_HEADERS, f"header {name!r} is not text")

    def require_json(self, *, also: tuple[str, ...] = ()) -> None:
        """Raise `RejectedMessage` unless the body says that it is plain JSON.

        No content type at all is taken for JSON: many clients set none. An encoding is refused, so that
        a few bytes can never unfold into gigabytes here.
        """
        kind = self.media_type
        if kind not in (JSON_CONTENT, *also):
            raise RejectedMessage(Reason.BAD_HEADERS, f"content type {kind!r}: only {JSON_CONTENT} is read")
        if self.content_encoding not in (None, "", "identity", "utf-8", "UTF-8"):
            raise RejectedMessage(
                Reason.BAD_HEADERS, f"content encoding {self.content_encoding!r}: send it plain"
            )
