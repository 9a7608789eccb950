"""What is sent to a module to see whether it keeps the contract, and in which order.

Called by `resistor module test`, and by tests of modules. Each action gets its examples, each of these a
second time as a redelivery, and then input that it must refuse.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from resistor.catalog.schemas import BadSchema
from resistor.messages import Action, json
from resistor.sdk.module import Module
from resistor.sdk.signature import Signature
from resistor.testing.module_check import judging
from resistor.testing.module_check.findings import Finding, Problem
from resistor.testing.module_check.malformed import NOT_JSON, Malformed, malformed
from resistor.testing.module_check.outcomes import Answered, Outcome, kind
from resistor.testing.module_check.workplace import Workplace

TIMEOUT_SECONDS = 10.0
"""So long an action may take for an answer where nobody says otherwise."""


async def check_module(module: Module, *, timeout_seconds: float = TIMEOUT_SECONDS) -> list[Finding]:
    """Check every action of `module`: its examples, their redelivery, malformed input, an unknown action.

    The actions really run, on a loop in a thread of their own; each may take `timeout_seconds` for an answer.
    Raises `OperatorMistake` for an example that is no JSON.
    """
    async with Workplace(timeout_seconds) as workplace:
        check = _Check(module, workplace)
        findings = [
            finding
            for action, signature in module.actions.items()
            for finding in await check.action(action, signature)
        ]
        return [*findings, await check.unknown()]


@dataclass(frozen=True, slots=True)
class _Sent:
    """An action that was sent, for people, as it was, and what came of it."""

    said: str
    action: Action
    came: Outcome


class _Check:
    """The check of one module."""

    def __init__(self, module: Module, workplace: Workplace) -> None:
        self._module = module
        self._workplace = workplace
        self._numbers = count(1)

    async def action(self, name: str, signature: Signature) -> list[Finding]:
        """Ask of one action everything that is asked."""
        examples = signature.examples() if signature.takes_input else (None,)
        sent = [
            await self._send(name, f"example {number}", json.encode(example))
            for number, example in enumerate(examples, 1)
        ]
        findings = [self._examples(name, signature, sent)]
        # What was not answered is a problem already.
        answered = [each for each in sent if isinstance(each.came, Answered) and each.came.raised is None]
        if answered:
            findings.append(await self._redelivery(name, answered))
        if signature.takes_input:
            findings += await self._malformed(name, signature, examples)
        return findings

    async def unknown(self) -> Finding:
        """Ask for an action that the module does not have."""
        names = (f"no-such-action-{number}" for number in count())
        name = next(each for each in names if each not in self._module.actions)
        sent = await self._send(name, "an unknown action", b"{}")
        return self._finding(
            None, "unknown action", [sent.came], [judging.of_unknown(sent.action, sent.came)]
        )

    def _examples(self, name: str, signature: Signature, sent: Sequence[_Sent]) -> Finding:
        problems = [judging.of_example(each.said, each.action, each.came) for each in sent]
        if not sent:
            problems.append(judging.no_example(self._module.name, name, signature.schema()))
        return self._finding(name, "examples", [each.came for each in sent], problems)

    async def _redelivery(self, name: str, sent: Sequence[_Sent]) -> Finding:
        """Deliver the same actions again, with the same tokens and idempotency keys."""
        seconds = [await self._workplace.perform(self._module, each.action) for each in sent]
        problems = [
            judging.of_redelivery(each.said, each.action, each.came, second)
            for each, second in zip(sent, seconds, strict=True)
        ]
        return self._finding(name, "redelivery", seconds, problems)

    async def _malformed(self, name: str, signature: Signature, examples: Sequence[object]) -> list[Finding]:
        cases, problems = _cases(signature, examples)
        refused = [case for case in cases if not case.is_undeclared]
        outcomes = [(await self._send(name, case.said, case.body)).came for case in refused]
        problems += map(judging.of_malformed, refused, outcomes)
        findings = [self._finding(name, "malformed input", outcomes, problems)]
        undeclared = [case for case in cases if case.is_undeclared]
        if undeclared:
            outcomes = [(await self._send(name, case.said, case.body)).came for case in undeclared]
            problems = list(map(judging.of_undeclared, undeclared, outcomes))
            findings.append(self._finding(name, "undeclared fields", outcomes, problems))
        return findings

    async def _send(self, name: str, said: str, body: bytes) -> _Sent:
        """Send the first attempt at a step of a run of its own."""
        number = next(self._numbers)
        action = Action(
            module=self._module.name,
            action=name,
            input=body,
            metadata=b"{}",
            run=f"check-{number}",
            namespace="test",
            workflow="module-test",
            version=1,
            step=name,
            attempt=1,
            idempotency_key=f"check-{number}-{name}",
            token=f"token-{number}",
            reply_to="0",
        )
        return _Sent(said, action, await self._workplace.perform(self._module, action))

    def _finding(
        self, action: str | None, check: str, outcomes: Sequence[Outcome], problems: Sequence[Problem | None]
    ) -> Finding:
        real = tuple(problem for problem in problems if problem is not None)
        return Finding(self._module.name, action, check, len(outcomes), Counter(map(kind, outcomes)), real)


def _cases(
    signature: Signature, examples: Sequence[object]
) -> tuple[Sequence[Malformed], list[Problem | None]]:
    """Return what the action must refuse, and what keeps that from being all there is."""
    schema = signature.schema()
    if schema is None:
        return (NOT_JSON,), [judging.no_schema("JSON Schema has no words for it")]
    try:
        return malformed(schema, examples), []
    except BadSchema as bad:
        return (NOT_JSON,), [judging.no_schema(str(bad))]
