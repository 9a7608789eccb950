"""amqps:// to a RabbitMQ whose certificate an authority of the tests has signed, by both clients."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from yarl import URL

from resistor.bus import AmqpBus, Names, one_shot, topology
from resistor.errors import BrokerUnreachable
from resistor.ports import Outcome
from tests.certificates import Authority
from tests.contract.bus.post import bodies, letter, take
from tests.servers import RabbitMQ

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")

LARGE = b"z" * 400_000  # four frames


def over_tls(rabbitmq: RabbitMQ, **options: str | Path) -> str:
    """Give the URL of a virtual host that nobody has used, by the port that speaks TLS."""
    plain = URL(rabbitmq.new_vhost())
    return str(plain.with_scheme("amqps").with_port(rabbitmq.tls_port).update_query(_text(options)))


def trusted(rabbitmq: RabbitMQ) -> str:
    """Give the same, trusting the authority that has signed the server's certificate."""
    assert rabbitmq.authority is not None
    return over_tls(rabbitmq, cafile=rabbitmq.authority.certificate)


def _text(options: dict[str, str | Path]) -> dict[str, str]:
    return {name: str(value) for name, value in options.items()}


@pytest.mark.parametrize("trust", ["authority", "anybody"])
async def test_a_server_that_is_trusted_is_spoken_to(rabbitmq: RabbitMQ, names: Names, trust: str) -> None:
    url = trusted(rabbitmq) if trust == "authority" else over_tls(rabbitmq, no_verify_ssl="1")
    async with AmqpBus(url, names, client_name="test") as bus:
        await bus.declare(topology(names))
        contents = [b"%d" % number + LARGE for number in range(20)]
        outcomes = await bus.publish([letter(names.events, "a.b", body) for body in contents])
        assert outcomes == [Outcome.CONFIRMED] * 20
        lane = bus.lane(names.events_queue, prefetch=50)
        taken = await take(lane, 20)
        assert bodies(taken) == contents
        await lane.ack(taken)


async def refusal(url: str, names: Names) -> str:
    """Give what a command says that cannot reach its broker."""
    with pytest.raises(BrokerUnreachable) as caught:
        async with one_shot(url, names, client_name="test", timeout=1.5):
            pass
    return str(caught.value)


async def test_a_server_whose_authority_is_another_is_refused_and_it_is_said(
    rabbitmq: RabbitMQ, names: Names, tmp_path: Path
) -> None:
    another = Authority(tmp_path)
    for url in (over_tls(rabbitmq), over_tls(rabbitmq, cafile=another.certificate)):
        assert "certificate verify failed" in await refusal(url, names)


async def test_a_server_of_another_name_is_refused_and_it_is_said(rabbitmq: RabbitMQ, names: Names) -> None:
    url = URL(trusted(rabbitmq)).with_host("localhost")
    assert "certificate is not valid for 'localhost'" in await refusal(str(url), names)


async def test_a_file_that_is_not_there_is_named(rabbitmq: RabbitMQ, names: Names, client: str) -> None:
    if client == "aiormq":
        pytest.skip("it says that there is no such file, and not which")
    assert "'/nowhere/ca.pem'" in await refusal(over_tls(rabbitmq, cafile="/nowhere/ca.pem"), names)


async def test_a_port_that_speaks_no_tls_is_told_as_such(rabbitmq: RabbitMQ, names: Names) -> None:
    url = URL(over_tls(rabbitmq)).with_port(rabbitmq.port)
    assert "SSL" in await refusal(str(url), names)
