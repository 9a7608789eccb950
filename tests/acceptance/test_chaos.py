"""The chaos suite in short: a few of its cheapest faults, and the whole checker; and that it can fail."""

from __future__ import annotations

import pytest

from chaos import faults
from chaos.storm import storm
from tests.servers import ServerMissing, find_rabbitmq

pytestmark = pytest.mark.xdist_group("chaos")

QUICK = (
    "daemon dies after-commit",
    "daemon dies after-publish",
    "daemon killed",
    "module killed",
    "Redis forgets scripts",
    "Redis killed",
    "network to the broker reset",
    "network to Redis reset",
)


@pytest.fixture(autouse=True)
def few_faults(monkeypatch: pytest.MonkeyPatch, rabbitmq: object) -> None:
    """`rabbitmq` skips, or fails in CI, where there is none; the storm starts one of its own."""
    try:
        find_rabbitmq()
    except ServerMissing as missing:
        pytest.skip(str(missing))
    monkeypatch.setattr(faults, "KINDS", {kind: faults.KINDS[kind] for kind in QUICK})


@pytest.mark.timeout(400)
async def test_under_a_few_faults_every_law_holds() -> None:
    report = (await storm(runs=120, share=0.0, seed=1)).as_json()
    assert report["broken"] == []
    assert report["runs"] >= 120
    assert report["faults"] >= len(QUICK)
