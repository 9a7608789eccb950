"""Each kind of step from its form. One function a kind; `KIND_OF` says which."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from resistor.catalog.blocks import INDEX
from resistor.catalog.compiling.canonical import canonical
from resistor.catalog.compiling.gates import gates_of
from resistor.catalog.compiling.options import catches, retry
from resistor.catalog.compiling.place import Place
from resistor.catalog.evaluated import EXPRESSION_MARK, RESULT
from resistor.catalog.forms import (
    AskForm,
    CompensateForm,
    EmitForm,
    EndForm,
    ForForm,
    ForkForm,
    Form,
    ListenForm,
    ModuleForm,
    MomentForm,
    RaiseForm,
    RunForm,
    SetForm,
    StepForm,
    SwitchForm,
    TryForm,
    UntilForm,
    WaitForm,
    WhileForm,
)
from resistor.catalog.schemas import compile_schema
from resistor.engine.expressions import Template, compile_template
from resistor.engine.workflow import (
    Ask,
    Assign,
    Case,
    Compensation,
    Emit,
    End,
    For,
    Fork,
    Join,
    Kind,
    Listen,
    Module,
    Raise,
    RunWorkflow,
    Switch,
    Try,
    Wait,
    While,
)

_Thing = TypeVar("_Thing")


def _there(thing: _Thing | None) -> _Thing:
    """Give what the form has made sure of."""
    assert thing is not None  # noqa: S101 - a required key
    return thing


def _said_first(name: str, forms: Sequence[Form]) -> Any:
    """Return the value of the first that has one."""
    return next((value for form in forms if (value := getattr(form, name)) is not None), None)


def _name_or_template(text: str, place: Place) -> str | Template:
    return _there(place.template(text)) if EXPRESSION_MARK in text else text


# ------------------------------------------------------------------------------------ actions


def _module(form: ModuleForm, place: Place) -> Module:
    said = (form, *place.defaults.of(form.module, form.action))
    return Module(
        module=form.module,
        action=_name_or_template(form.action, place),
        metadata=canonical(form.metadata),
        input=place.template(form.with_),
        output=place.template(form.output, RESULT),
        timeout=_said_first("timeout", said),
        heartbeat=_said_first("heartbeat", said),
        retry=retry(_said_first("retry", said)),
        catches=catches(form.catch, place),
        compensation=None if form.compensate is None else _compensation(form.compensate, place),
        priority=form.priority,
        gates=gates_of(form.module, form.action, place.defaults.known(form.module)),
    )


def _compensation(form: CompensateForm, place: Place) -> Compensation:
    return Compensation(
        module=form.module,
        action=form.action,
        input=place.template(form.with_),
        metadata=canonical(form.metadata),
        retry=retry(_said_first("retry", (form, *place.defaults.of(form.module, form.action)))),
        gates=gates_of(form.module, form.action, place.defaults.known(form.module)),
    )


# ------------------------------------------------------------------------------------ steps in steps


def _switch(form: SwitchForm, place: Place) -> Switch:
    return Switch(
        tuple(
            Case(place.expression(case.when), place.block(str(number), case.do), case.then)
            for number, case in enumerate(form.switch)
        )
    )


def _fork(form: ForkForm, place: Place) -> Fork:
    fork = form.fork
    branches = {name: _there(place.block(name, steps)) for name, steps in fork.branches.items()}
    return Fork(branches, _join(fork.join), fork.on_error)


def _join(join: Any) -> Join:
    match join:
        case "all":
            return Join()
        case "any":
            return Join(count=1)
        case int():
            return Join(count=join)
        case _:
            return Join(names=tuple(join))


def _for(form: ForForm, place: Place) -> For:
    items = form.for_
    return For(
        items=_there(place.template(items.in_)),
        block=_there(place.block("*", form.do)),
        each=items.each,
        at=items.at,
        concurrency=items.concurrency,
        join=_join(items.join),
        on_error=items.on_error,
    )


def _while(form: WhileForm | UntilForm, place: Place) -> While:
    return While(
        condition=_there(place.expression(form.condition, INDEX)),
        block=_there(place.block("*", form.do)),
        is_until=isinstance(form, UntilForm),
        limit=form.limit,
        keep=form.keep,
    )


def _try(form: TryForm, place: Place) -> Try:
    block = _there(place.block("try", form.try_))
    return Try(block, catches(form.catch, place), place.block("finally", form.finally_))


# ------------------------------------------------------------------------------------ waiting


def _wait(form: WaitForm, place: Place) -> Wait:
    if isinstance(form.wait, MomentForm):
        return Wait(until=place.expression(form.wait.until))
    return Wait(seconds=form.wait)


def _listen(form: ListenForm, place: Place) -> Listen:
    listen = form.listen
    key = listen.key
    return Listen(
        event=listen.event,
        match=place.expression(listen.match),
        key_of_event=None if key is None else place.expression(key.event),
        key_of_run=None if key is None else place.expression(key.run),
        timeout=listen.timeout,
        count=listen.count,
        buffer=listen.buffer or 0.0,
    )


def _ask(form: AskForm, _: Place) -> Ask:
    ask = form.ask
    accepts = None if ask.form is None else compile_schema(ask.form)
    return Ask(ask.prompt, ask.form, ask.to, ask.timeout, accepts)


# ------------------------------------------------------------------------------------ the engine's own


def _emit(form: EmitForm, place: Place) -> Emit:
    return Emit(form.emit.event, place.template(form.emit.data), form.emit.namespace)


def _set(form: SetForm, place: Place) -> Assign:
    return Assign({name: compile_template(value, place.variables) for name, value in form.set.items()})


def _run(form: RunForm, place: Place) -> RunWorkflow:
    run = form.run
    return RunWorkflow(
        workflow=_name_or_template(run.workflow, place),
        namespace=run.namespace,
        version=run.version,
        input=place.template(run.input),
        key=place.template(run.id),
        is_detached=run.detach,
        timeout=form.timeout if form.timeout is not None else run.timeout,
        catches=catches(form.catch, place),
    )


def _raise(form: RaiseForm, place: Place) -> Raise:
    error = form.raise_
    kind = _there(place.template(error.type))
    return Raise(kind, place.template(error.message), place.template(error.details))


def _end(form: EndForm, place: Place) -> End:
    return End(form.end.status, place.template(form.end.output), form.end.message)


KIND_OF: dict[type[StepForm], Callable[[Any, Place], Kind]] = {
    ModuleForm: _module,
    SwitchForm: _switch,
    ForkForm: _fork,
    ForForm: _for,
    WhileForm: _while,
    UntilForm: _while,
    TryForm: _try,
    WaitForm: _wait,
    ListenForm: _listen,
    AskForm: _ask,
    EmitForm: _emit,
    SetForm: _set,
    RunForm: _run,
    RaiseForm: _raise,
    EndForm: _end,
}
"""The compiler of each form. A test holds it complete."""
