"""`retry` and `catch` of a step, compiled."""

from __future__ import annotations

from collections.abc import Sequence

from resistor.catalog.blocks import ERROR
from resistor.catalog.compiling.place import Place
from resistor.catalog.forms import ANY_ERROR, CatchForm, RetryForm
from resistor.engine.workflow import Catch, Retry

_USUAL = Retry()


def retry(form: RetryForm | None) -> Retry:
    """Compile a `retry`, the language's own where there is none: 3 attempts, exponential from 1 s."""
    if form is None:
        return _USUAL
    return Retry(
        limit=form.limit,
        delay=form.delay,
        backoff=form.backoff,
        factor=form.factor,
        # Who asks for a long delay and says nothing of the longest must not get a shorter one.
        max_delay=max(form.delay, _USUAL.max_delay) if form.max_delay is None else form.max_delay,
        jitter=form.jitter,
        within=form.within,
        on=None if form.on is None or ANY_ERROR in form.on else tuple(form.on),
        excepted=tuple(form.except_),
    )


def catches(forms: Sequence[CatchForm], place: Place) -> tuple[Catch, ...]:
    """Compile the entries of a `catch`."""
    return tuple(_catch(form, f"catch-{number}", place) for number, form in enumerate(forms))


def _catch(form: CatchForm, label: str, place: Place) -> Catch:
    return Catch(
        errors=None if form.errors is None or ANY_ERROR in form.errors else tuple(form.errors),
        condition=place.expression(form.if_, ERROR),
        retry=None if form.retry is None else retry(form.retry),
        block=place.block(label, form.do),
        then=form.then,
        output=place.template(form.output, ERROR),
    )
