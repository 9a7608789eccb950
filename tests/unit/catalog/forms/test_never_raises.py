"""Whatever stands in a file, loading says what is wrong with it and never raises."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resistor.catalog import load_text, workflow_from_source
from resistor.catalog.forms import KINDS, Form, WorkflowForm
from resistor.errors import DefinitionError

_FORMS: tuple[type[Form], ...] = (WorkflowForm, *KINDS.values())
_KEYS = sorted({key for form in _FORMS for key in form.known()})
_INNER = [
    "in",
    "branches",
    "join",
    "event",
    "until",
    "limit",
    "errors",
    "when",
    "cron",
    "every",
    "status",
    "x",
]

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.just(10**400),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        ["", "30s", "${input.a}", "${", "true", "none", "all", "a", "shop/placed@1", "0 6 * * *", "§"]
    ),
)
KEYS = st.sampled_from([*_KEYS, *_INNER])
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)
WORKFLOWS = st.fixed_dictionaries(
    {"version": st.just(1), "steps": st.lists(st.dictionaries(KEYS, VALUES, max_size=4), max_size=4)},
    optional={
        key: VALUES for key in _KEYS if key in WorkflowForm.known() and key not in ("version", "steps")
    },
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(WORKFLOWS | VALUES)
def test_a_definition_loads_or_has_problems(definition: Any) -> None:
    text = json.dumps({"shop": {"placed": definition}, "modules": {"a": {"defaults": definition}}})
    loaded = load_text(text.encode(), "a.json")
    assert loaded.problems
    for problem in loaded.problems:
        assert problem.line == 1
        assert "\n" not in problem.message
        assert "pydantic" not in str(problem).lower()
        assert "Input should" not in problem.message
        assert "another value" not in problem.message  # each error of pydantic's has its words


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(WORKFLOWS | VALUES)
def test_what_the_store_kept_is_a_workflow_or_a_definition_error(definition: Any) -> None:
    with suppress(DefinitionError):
        workflow_from_source("shop", "placed", json.dumps(definition).encode())
