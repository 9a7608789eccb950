"""Small workflows for the engine's tests, made without files."""

from __future__ import annotations

import hashlib
from typing import Any

from resistor.engine.expressions import compile_template
from resistor.engine.workflow import Step, Workflow
from resistor.messages import json


def step(step_id: str, module: str = "m", *, with_: Any = None) -> Step:
    """A step whose action is called as the step is."""
    return Step(step_id, module, step_id, input=None if with_ is None else compile_template(with_))


def workflow(*steps: Step, version: int = 1, **more: Any) -> Workflow:
    """`shop/order.placed` with these steps."""
    source = json.encode([step.id for step in steps])
    digest = "sha256:" + hashlib.sha256(source).hexdigest()
    return Workflow("shop", "order.placed", version, digest, source, steps, **more)
