"""Steps that hold other steps: `switch`, `fork`, `for`, `while`, `until`, `try`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from resistor.catalog.forms.form import Form, must_be, said
from resistor.catalog.forms.names import LoopVariable, branch
from resistor.catalog.forms.retrying import CatchForm
from resistor.catalog.forms.step import StepForm, Steps
from resistor.catalog.forms.values import Condition, Count, ListOrExpression, OneOf
from resistor.catalog.wording import did_you_mean, listed, quote
from resistor.engine.workflow import OnError


class CaseForm(Form):
    """One entry of a switch."""

    what: ClassVar[str] = "an entry of `switch`"

    when: Condition | None = Field(None, description="Expression; the last entry may have none: the default")
    do: Steps | None = Field(None, description="What is done where it matches")
    then: str | None = Field(
        None, description="Where the run goes on: a step of the same list, `exit`, `end`"
    )

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if self.do is None and self.then is None:
            raise said("an entry of `switch` needs `do` or `then`", "nothing is done by `do: []`")
        return self


class SwitchForm(StepForm, kind="switch"):
    """The first case that matches."""

    advice: ClassVar[Mapping[str, str]] = {"do": "each entry of `switch` has a `do` of its own"}

    switch: list[CaseForm] = Field(description="Cases, the first match wins")

    @model_validator(mode="after")
    def _default_is_last(self) -> Self:
        if not self.switch:
            raise said("a `switch` needs an entry", path=("switch",))
        for position, case in enumerate(self.switch[:-1]):
            if case.when is None:
                message = "only the last entry of a `switch` can be without `when`: it is the default"
                raise said(message, path=("switch", position))
        return self


# ------------------------------------------------------------------------------------ side by side


def _join(value: Any) -> Any:
    if isinstance(value, str) and value in ("all", "any"):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        if value < 1:
            raise must_be("1 or more")
        return value
    if isinstance(value, str):
        raise must_be("`all`, `any` or a number", did_you_mean(value, ("all", "any")))
    raise must_be("`all`, `any` or a number")


def _join_branches(value: Any) -> Any:
    if not isinstance(value, list):
        return _join(value)
    for position, name in enumerate(value):
        if not isinstance(name, str):
            raise said("the name of a branch is expected here", path=(position,))
    if not value:
        raise said("this names no branch", "leave `join` out to wait for all")
    return value


_JOIN: list[dict[str, Any]] = [{"enum": ["all", "any"]}, {"type": "integer", "minimum": 1}]
_NAMES = {"type": "array", "items": {"type": "string"}, "minItems": 1}

Join = Annotated[Any, PlainValidator(_join), WithJsonSchema({"anyOf": _JOIN})]
JoinBranches = Annotated[Any, PlainValidator(_join_branches), WithJsonSchema({"anyOf": [*_JOIN, _NAMES]})]


class BranchesForm(Form):
    """What stands under `fork`."""

    what: ClassVar[str] = "`fork`"
    advice: ClassVar[Mapping[str, str]] = {"branches": "branches: {a: [steps], b: [steps]}"}

    branches: dict[str, Steps] = Field(description="Lists of steps that run side by side, each with a name")
    join: JoinBranches = Field("all", description="`all`, `any`, a number, or names of branches")
    on_error: OneOf[OnError] = Field(OnError.FAIL, description="What becomes of the others when one fails")

    @model_validator(mode="after")
    def _names_are_good(self) -> Self:
        if not self.branches:
            raise said("a `fork` needs a branch", path=("branches",))
        for name in self.branches:
            try:
                branch(name)
            except ValueError as error:
                raise said(str(error), path=("branches", name), at_key=True) from None
        return self

    @model_validator(mode="after")
    def _join_is_possible(self) -> Self:
        if isinstance(self.join, int) and self.join > len(self.branches):
            there = f"there {'is' if len(self.branches) == 1 else 'are'} {len(self.branches)}"
            raise said(f"`join` waits for {self.join} branches, and {there}", path=("join",))
        for position, name in enumerate(self.join if isinstance(self.join, list) else ()):
            if name not in self.branches:
                hint = did_you_mean(name, self.branches) or f"there is {listed(self.branches)}"
                raise said(f"there is no branch {quote(name)}", hint, path=("join", position))
            if name in self.join[:position]:
                raise said(f"the branch {quote(name)} stands here twice", path=("join", position))
        return self


class ForkForm(StepForm, kind="fork"):
    """Branches side by side."""

    advice: ClassVar[Mapping[str, str]] = {"do": "each branch has its own list, under `branches`"}

    fork: BranchesForm = Field(description="Branches that run side by side")


class ItemsForm(Form):
    """What stands under `for`."""

    what: ClassVar[str] = "`for`"
    advice: ClassVar[Mapping[str, str]] = {"in": "in: ${input.lines}", "do": "write it beside `for`"}

    in_: ListOrExpression = Field(alias="in", description="The list: one `${…}`, or written out")
    each: LoopVariable = Field("item", description="The variable that holds the item")
    at: LoopVariable = Field("index", description="The variable that holds its position, from 0")
    concurrency: Count | None = Field(None, description="How many run at once. Default: all")
    join: Join = Field("all", description="`all`, `any`, or a number")
    on_error: OneOf[OnError] = Field(OnError.FAIL, description="What becomes of the others when one fails")

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        if self.each == self.at:
            raise said(f"`each` and `at` are both {quote(self.at)}", path=("at",))
        return self


class ForForm(StepForm, kind="for"):
    """The same steps for each item of a list."""

    for_: ItemsForm = Field(alias="for", description="The list, and how it is gone through")
    do: Steps = Field(description="What is done with each item")


# ------------------------------------------------------------------------------------ again and again


class _LoopForm(StepForm):
    do: Steps = Field(description="What is done in a round")
    limit: Count = Field(1000, description="The most rounds. Default 1000")
    keep: Count = Field(1, description="How many rounds' outputs are kept, the last ones. Default 1")

    @model_validator(mode="after")
    def _keeps_what_there_is(self) -> Self:
        if self.keep > self.limit:
            raise said(f"`keep` is more than `limit`, which is {self.limit}", path=("keep",))
        return self


class WhileForm(_LoopForm, kind="while"):
    """Rounds, as long as a condition holds that is tested before each."""

    condition: Condition = Field(
        alias="while", description="Expression, tested before a round; knows `index`"
    )


class UntilForm(_LoopForm, kind="until"):
    """Rounds, up to the one after which a condition holds."""

    condition: Condition = Field(alias="until", description="Expression, tested after a round; knows `index`")


# ------------------------------------------------------------------------------------ guarded


class TryForm(StepForm, kind="try"):
    """A guarded block."""

    advice: ClassVar[Mapping[str, str]] = {
        "retry": "as an entry of `catch`: catch: [{retry: …}]",
        "do": "the steps stand under `try`",
    }

    try_: Steps = Field(alias="try", description="Steps that may fail")
    catch: list[CatchForm] = Field(
        default_factory=list, description="What to do about some errors; the first match wins"
    )
    finally_: Steps | None = Field(None, alias="finally", description="Steps that run in any case")
