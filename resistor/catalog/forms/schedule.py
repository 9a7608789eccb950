"""`schedule`: when a workflow starts by itself."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, ClassVar, Self
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, Field, model_validator

from resistor.catalog.forms.form import Form, said
from resistor.catalog.forms.values import Duration, OneOf
from resistor.catalog.wording import did_you_mean, nearest, quote
from resistor.engine.workflow import Overlap

_FIELDS = "minute, hour, day of month, month and day of week"
_SOME_DAY = datetime(2000, 1, 1, tzinfo=UTC)
SHORTEST_EVERY = 1.0  # seconds: a schedule is no clock of a machine


def _cron(text: str) -> str:
    if len(text.split()) != 5:
        hint = "as in 0 6 * * MON-FRI: at six in the morning, Monday to Friday"
        raise said(f"{quote(text)} is not five fields: {_FIELDS}", hint)
    try:
        next(CronSim(text, _SOME_DAY))
    except CronSimError as error:
        raise said(f"{quote(text)} is not a cron expression: {_reason(error)}") from None
    except StopIteration:
        raise said(f"{quote(text)} never comes: there is no such day") from None
    return text


def _reason(error: CronSimError) -> str:
    """Turn "Bad day-of-week" into words."""
    return f"the {str(error).removeprefix('Bad ').replace('-', ' ')} is wrong"


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # ZoneInfoNotFoundError is a KeyError; a folder is an OSError
        raise said(f"{quote(name)} is not a time zone", _similar_zone(name)) from None
    return name


def _similar_zone(name: str) -> str:
    by_city = _zones_by_city()
    city = nearest(name.rpartition("/")[2], by_city)
    if city:
        return f"did you mean {quote(by_city[city])}?"
    return (
        did_you_mean(name, by_city.values()) or "the names are those of the tz database: Europe/Berlin, UTC"
    )


@cache
def _zones_by_city() -> dict[str, str]:
    return {zone.rpartition("/")[2]: zone for zone in sorted(available_timezones(), reverse=True)}


def _not_too_often(seconds: float) -> float:
    if seconds < SHORTEST_EVERY:
        raise said("a schedule starts a run every second at most", "1s, or longer")
    return seconds


class ScheduleForm(Form):
    """When a workflow starts by itself."""

    what: ClassVar[str] = "`schedule`"

    cron: Annotated[str, AfterValidator(_cron)] | None = Field(None, description=f"Five fields: {_FIELDS}")
    every: Annotated[Duration, AfterValidator(_not_too_often)] | None = Field(
        None, description="In place of cron"
    )
    timezone: Annotated[str, AfterValidator(_timezone)] | None = Field(
        None, description="Of cron. Default UTC"
    )
    input: dict[str, Any] = Field(default_factory=dict, description="The run's input, as it stands here")
    overlap: OneOf[Overlap] = Field(Overlap.SKIP, description="When the last run is not over yet")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.cron is None) == (self.every is None):
            raise said("`schedule` needs `cron` or `every`, one of them")
        if self.every is not None and self.timezone is not None:
            message = "`timezone` is for `cron`: `every` counts from run to run"
            raise said(message, path=("timezone",), at_key=True)
        return self
