"""The Lua operations: loaded from their files, called by digest, loaded again when Redis forgot them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from hashlib import sha1
from importlib.resources import files

Argument = str | bytes | int | float


class Script:
    """One file of `lua/`."""

    def __init__(self, name: str) -> None:
        """Read `lua/<name>.lua`."""
        self.name = name
        self.text = files(__package__).joinpath("lua", f"{name}.lua").read_text(encoding="utf-8")

    @cached_property
    def digest(self) -> str:
        """What Redis calls it."""
        return sha1(self.text.encode(), usedforsecurity=False).hexdigest()

    def call(self, keys: Sequence[str], arguments: Sequence[Argument]) -> tuple[Argument, ...]:
        """Return the words of the EVALSHA command."""
        return ("EVALSHA", self.digest, len(keys), *keys, *arguments)


COMMIT = Script("commit")
PUBLISHED = Script("published")
CLAIM_DUE = Script("claim_due")
RELEASE = Script("release")
REGISTER = Script("register")

ALL = (COMMIT, PUBLISHED, CLAIM_DUE, RELEASE, REGISTER)
