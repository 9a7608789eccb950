"""What an action raises to answer with something else than its output.

Any other exception is an answer too: failed, worth another attempt, with the exception's class for its type.
"""

from __future__ import annotations

from typing import Any


class Fail(Exception):
    """The step has failed, and another attempt would not help.

    `type` is what workflows match on; `details` is anything that JSON can hold.
    """

    def __init__(self, type: str, message: str = "", *, details: Any = None) -> None:  # noqa: A002 - the contract's word
        """Fail with `type`, and a `message` for people."""
        super().__init__(f"{type}: {message}" if message else type)
        self.type = type
        self.message = message
        self.details = details


class Retry(Exception):
    """This attempt has failed; another one, after `after` seconds, may do better.

    Without `after` the workflow's own schedule says when. How many attempts there are is the workflow's word.
    """

    def __init__(
        self,
        message: str = "",
        *,
        after: float | None = None,
        type: str = "retry",  # noqa: A002 - the contract's word
        details: Any = None,
    ) -> None:
        """Ask for another attempt."""
        super().__init__(message or f"again after {after:g} s" if after is not None else message or "again")
        self.type = type
        self.message = str(self)
        self.after = after
        self.details = details


class Later(Exception):
    """Not done yet: hand the same action out again after `after` seconds, same attempt, same token.

    For polling something slow without holding a worker.
    """

    def __init__(self, *, after: float) -> None:
        """Ask to be called again."""
        super().__init__(f"later, after {after:g} s")
        self.after = after
