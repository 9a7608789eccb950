"""The limits of a module and of its actions, as gates that an action passes one after the other.

Called for every module step and every compensation. What counts how many are out comes first, the narrower
before the wider: who waits for an account's turn takes no place of the module's. A rate comes last, because
what it gives cannot be given back.
"""

from __future__ import annotations

from collections.abc import Iterator

from resistor.catalog.compiling.place import template
from resistor.catalog.forms import ConcurrencyLimitForm, ModuleDefaultsForm, RateLimitForm
from resistor.catalog.modules import KEY_KNOWS
from resistor.engine.workflow import Gate


def gates_of(module: str, action: str, known: ModuleDefaultsForm | None) -> tuple[Gate, ...]:
    """Return the gates of an action. One whose name is worked out has those of its module only."""
    return () if known is None else tuple(_gates(module, action, known))


def _gates(module: str, action: str, known: ModuleDefaultsForm) -> Iterator[Gate]:
    own = known.actions.get(action)
    for name, form in ((f"{module}/{action}", own), (module, known)):
        if form is not None and form.concurrency is not None:
            yield _concurrency(name, form.concurrency)
    for name, form in ((f"{module}/{action}", own), (module, known)):
        if form is not None and form.rate is not None:
            yield _rate(name, form.rate)


def _concurrency(name: str, form: ConcurrencyLimitForm) -> Gate:
    return Gate(f"{name} concurrency", template(form.key, KEY_KNOWS), limit=form.limit)


def _rate(name: str, form: RateLimitForm) -> Gate:
    return Gate(f"{name} rate", template(form.key, KEY_KNOWS), interval=form.limit)
