"""Corners of the actors that chance seldom finds: the same in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from resistor.ports import Arrival, Entry, Passer, Subscription
from tests.contract.store.twins import Pass, Step, Twins


def arrives(id_: str) -> Step:
    """Return the arrival of an event that is kept for a minute."""
    return Step(
        "topics",
        "arrive",
        ([Arrival(namespace="shop", event="paid", keys=(None,), id=id_, payload=b"{}")],),
    )


def passer(run: str) -> Passer:
    """Return the action of a run."""
    return Passer(run, "charge", 1)


def limited(run: str, *, priority: int = 5) -> Step:
    """Return the entry of a run's action at a gate with room for one."""
    return Step("gates", "enter", ([Entry(gate="m limit", passer=passer(run), limit=1, priority=priority)],))


def rated(run: str) -> Step:
    """Return the entry of a run's action at a gate that lets one through every ten seconds."""
    return Step("gates", "enter", ([Entry(gate="m rate", passer=passer(run), interval=10.0)],))


def hold(*runs: str) -> Step:
    """Return that actions of these runs wait for a module."""
    return Step("pauses", "hold", ([("pay", passer(run), 5) for run in runs],))


def claim(actor: str) -> Step:
    """Return a claim of two."""
    return Step(actor, "claim", options={"limit": 2, "lease": 30.0})


LOOK = [
    Step(
        "topics",
        "subscribe",
        ([Subscription(run="r", address="", namespace="shop", event="paid", key=None)],),
    ),
    Step("gates", "look", (["m limit", "m rate"],)),
    Step("pauses", "held", (["pay"],)),
    Step("pauses", "paused"),
]
PAUSE, RESUME = Step("pauses", "pause", ("pay", "broken")), Step("pauses", "resume", ("pay",))
CORNERS: Mapping[str, Sequence[Step | Pass]] = {
    "an event is over after its time, while later ones keep the topic": [
        arrives("e1"),
        Pass(30),
        arrives("e2"),
        Pass(30),
        arrives("e3"),
        Pass(59),
        Pass(1),
    ],
    "who asks again keeps the place": [
        limited("a"),
        limited("b"),
        Pass(1),
        limited("c"),
        Pass(1),
        limited("b"),
        limited("c", priority=9),
        Step("gates", "leave", ([("m limit", passer("a"))],)),
    ],
    "a rate remembers for a minute": [
        rated("a"),
        Pass(59),
        rated("b"),
        Pass(1),
        rated("c"),
        Pass(70),
        Pass(1),
    ],
    "a gate is looked at until all are told": [
        limited("a"),
        limited("b"),
        Pass(60),
        claim("gates"),
        Step("gates", "leave", ([("m limit", passer("a"))],)),
        Pass(10),
        claim("gates"),
        Pass(30),
        claim("gates"),
    ],
    "a module that is paused again releases nobody": [PAUSE, hold("a"), RESUME, PAUSE, claim("pauses")],
    "who asks for a module that goes on waits no more": [PAUSE, hold("a", "b"), RESUME, hold("a")],
    "a page of those who waited is named": [
        PAUSE,
        hold("c", "a", "b"),
        RESUME,
        claim("pauses"),
        Step("pauses", "released", ([("pay", passer("a")), ("pay", passer("b"))],)),
        claim("pauses"),
        Step("pauses", "unhold", ([("pay", passer("c"))],)),
        Pass(30),
        claim("pauses"),
    ],
}


@pytest.mark.parametrize("corner", CORNERS)
async def test_a_corner_of_an_actor_is_the_same_in_memory(twins: Twins, corner: str) -> None:
    await twins.follow(CORNERS[corner], LOOK, look_every=1)
