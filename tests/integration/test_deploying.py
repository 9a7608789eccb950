"""Versions side by side: who gets which, and how new ones come in while a daemon runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from resistor.daemon import reloading
from resistor.daemon.main import Daemon
from resistor.engine.rollout import share_of
from resistor.ops.registering import publish_catalog
from tests.integration.outside import body_of
from tests.integration.play import Play, catalog_of, text_of
from tests.integration.worker import echo

BOTH = """[
  {version: 1, steps: [{module: m, action: old}]},
  {version: 2, rollout: %s, steps: [{module: m, action: new}]}
]"""


def one(version: int, action: str, module: str = "m") -> str:
    return f"version: {version}\nsteps: [{{module: {module}, action: {action}}}]"


# --------------------------------------------------------------------------------------------- rollout


async def test_a_rollout_by_percent_is_sticky_by_its_key(play: Play) -> None:
    await play.begin({}, job=BOTH % "{percent: 50, key: '${input.customer}'}")
    versions: dict[int, int] = {}
    for customer in [*range(12), *range(12)]:
        version = (await play.play(data={"customer": customer})).run.origin.version
        assert versions.setdefault(customer, version) == version
    expected = {n: 2 if share_of("shop/job@2", str(n)) < 50 else 1 for n in range(12)}
    assert versions == expected
    assert set(expected.values()) == {1, 2}


async def test_a_rollout_by_condition_takes_those_who_fit_and_nobody_whom_it_cannot_judge(play: Play) -> None:
    await play.begin({}, job=BOTH % "{when: input.country == 'DE'}")
    for data, action in (({"country": "DE"}, "new"), ({"country": "FR"}, "old"), ({}, "old")):
        await play.play(data=data)
        assert play.m.actions()[-1] == action


# ------------------------------------------------------------------------------------------ variations


async def test_a_variation_runs_as_its_base_but_for_its_changes(play: Play) -> None:
    await play.begin(
        {"pack": echo},
        job="""
        steps:
          - {module: m, action: charge}
          - {module: m, action: survey}
          - {module: m, action: ship, metadata: {by: post}}
        """,
        vip="""
        extends: shop/job@1
        changes:
          - {after: charge, insert: [{module: m, action: wrap}]}
          - {step: survey, remove: true}
          - {step: ship, merge: {metadata: {speed: express}}}
        """,
    )
    await play.play("vip")
    assert play.m.actions() == ["charge", "wrap", "ship"]
    assert play.m.seen[-1]["metadata"] == {"by": "post", "speed": "express"}
    await play.play("job")
    assert play.m.actions()[3:] == ["charge", "survey", "ship"]


# ------------------------------------------------------------------------------------------- reloading


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(reloading, "LOOK_SECONDS", 0.02)
    return tmp_path


def write(files: Path, name: str = "shop.yaml", **workflows: str) -> None:
    (files / name).write_text(text_of(workflows))


async def starts_with(play: Play, daemon: Daemon, version: int, name: str = "job") -> None:
    """Wait until new runs begin with this version."""

    async def does() -> bool:
        current = daemon._definitions.offered.current("shop", name)
        return current is not None and current.version == version

    await play.house.until(does)


async def logged(play: Play, caplog: pytest.LogCaptureFixture, action: str, times: int = 1) -> str:
    """Wait for a log line; returns what it says."""

    def lines() -> list[str]:
        return [record.getMessage() for record in caplog.records if getattr(record, "action", "") == action]

    async def has() -> bool:
        return len(lines()) >= times

    await play.house.until(has)
    return lines()[-1]


@pytest.mark.parametrize("how", ["changed file", "SIGHUP"])
@pytest.mark.bad_input(45)
async def test_a_new_version_is_used_without_a_restart_and_the_old_runs_go_on(
    play: Play, files: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = play.out
    two = "version: 1\nsteps: [{module: m, action: first}, {module: m, action: second}]"
    write(files, job=two)
    daemon = await play.begin(job=two, settings={"definitions": files})
    run = await play.start()
    first = await out.action("m")
    if how == "SIGHUP":
        monkeypatch.setattr(reloading, "stamps", lambda paths: frozenset[object]())
        await play.house.until(lambda: _looked(daemon))
    write(files, job=one(2, "newer", module="brand-new"))
    if how == "SIGHUP":
        daemon.reload()
    await starts_with(play, daemon, 2)
    newer = await play.start()
    await out.complete(await out.action("brand-new"), "by a module that had no queue")
    assert (await play.ended(newer)).output == "by a module that had no queue"
    await out.complete(first)
    second = await out.action("m")
    assert (second.type, body_of(second)["version"]) == ("second", 1)
    await out.complete(second)
    assert (await play.ended(run)).run.origin.version == 1


async def _looked(daemon: Daemon) -> bool:
    return daemon._reloader._stamps == frozenset()


async def test_a_broken_file_changes_nothing_of_what_it_held_and_the_rest_loads(
    play: Play, files: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(files, job=one(1, "old"))
    daemon = await play.begin({}, job=one(1, "old"), settings={"definitions": files})
    (files / "shop.yaml").write_text("shop:\n  job:\n    version: 2\n    stpes: []\n")
    write(files, "more.yaml", more=one(1, "extra"))
    await starts_with(play, daemon, 1, "more")
    assert "shop.yaml:4:5" in await logged(play, caplog, "definition_wrong")
    assert (await play.play("job")).run.origin.version == 1
    await play.play("more")
    (files / "shop.yaml").write_text("shop: [\n")  # now not even a name can be read
    await logged(play, caplog, "definition_wrong", times=2)
    assert (await play.play("job")).run.origin.version == 1
    write(files, job=one(2, "mended"))
    await starts_with(play, daemon, 2)
    await play.play("job")
    assert play.m.actions() == ["old", "extra", "old", "mended"]


async def test_other_content_under_a_registered_version_is_refused_and_the_rest_loads(
    play: Play, files: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(files, job=one(1, "old"), other=one(1, "same"))
    settings = {"definitions": files}
    daemon = await play.begin({}, settings=settings, job=one(1, "old"), other=one(1, "same"))
    write(files, job=one(1, "different"), other=one(2, "newer"))
    await starts_with(play, daemon, 2, "other")
    assert "shop/job@1 is registered with other content" in await logged(play, caplog, "version_conflict")
    await play.play("job")
    await play.play("other")
    assert play.m.actions() == ["old", "newer"]


@pytest.mark.bad_input(45)
async def test_a_workflow_that_no_file_has_any_more_starts_nothing_and_its_runs_go_on(
    play: Play, files: Path
) -> None:
    write(files, job=one(1, "go"))
    write(files, "gone.yaml", gone=one(1, "go"))
    daemon = await play.begin(settings={"definitions": files}, job=one(1, "go"), gone=one(1, "go"))
    run = await play.start("gone")
    action = await play.out.action("m")
    (files / "gone.yaml").unlink()

    async def is_gone() -> bool:
        return daemon._definitions.offered.current("shop", "gone") is None

    await play.house.until(is_gone)
    await play.start("gone")
    assert (await play.out.dead()).headers["resistor-reason"] == "unknown_workflow"
    await play.out.complete(action, "still")
    assert (await play.ended(run)).output == "still"


async def test_what_an_unknown_event_brought_to_light_gets_its_queues_and_schedules(
    play: Play, files: Path
) -> None:
    await play.begin(job=one(1, "old"), settings={"outbox_grace_seconds": 0.1})
    scheduled = one(1, "go", module="brand-new") + "\nschedule: {every: 1d}"
    await publish_catalog(play.house.store.catalogue, catalog_of(job=one(1, "old"), more=scheduled))
    run = await play.start("more")
    await play.house.until(lambda: _has_schedule(play))
    await play.out.complete(await play.out.action("brand-new"))
    await play.ended(run)


async def _has_schedule(play: Play) -> bool:
    return bool(await play.house.store.schedules.read_all())


async def test_what_is_registered_from_elsewhere_is_seen_by_every_daemon(play: Play, files: Path) -> None:
    daemons = [await play.begin(job=one(1, "old")) for _ in range(2)]
    await play.work("m", {})
    await publish_catalog(play.house.store.catalogue, catalog_of(job=one(2, "new"), more=one(1, "go")))
    await play.play("more")  # at once: who does not know an event looks whether it was registered
    for daemon in daemons:
        await starts_with(play, daemon, 2)
    for _ in range(4):
        await play.play("job")
    assert play.m.actions() == ["go", *["new"] * 4]
