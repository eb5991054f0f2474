"""Both loopback addresses or none."""

from __future__ import annotations

import socket

import pytest

from trayapp.core.errors import Kind, ProviderError
from trayapp.gateway.sockets import take
from trayapp.system.ports import Holder

needs_v6 = pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")


def close(taken: list[socket.socket]) -> None:
    for one in taken:
        one.close()


@needs_v6
def test_both_addresses_get_the_same_port() -> None:
    taken = take(0)
    names = [one.getsockname()[:2] for one in taken]
    close(taken)
    assert [host for host, _port in names] == ["127.0.0.1", "::1"]
    assert names[0][1] == names[1][1] != 0


@needs_v6
@pytest.mark.parametrize(
    ("family", "address"),
    [
        (socket.AF_INET, "127.0.0.1"),
        (socket.AF_INET6, "::1"),
        (socket.AF_INET, "0.0.0.0"),
        (socket.AF_INET6, "::"),
    ],
)
def test_a_holder_of_either_address_or_of_all_is_a_conflict(family: socket.AddressFamily, address: str) -> None:
    with socket.socket(family) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((address, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ProviderError) as caught:
            take(port, who=lambda _port: Holder("ollama", 4711))
    told = caught.value.failure
    assert told.kind is Kind.PORT_TAKEN
    assert told.detail == (
        f"Port {port} is in use by ollama (process 4711)."
        " End that program, or choose another port in Settings… → Gateway."
    )
    taken = take(port)
    assert taken[0].getsockname()[1] == port
    close(taken)


def test_two_of_us_do_not_share_a_port() -> None:
    taken = take(0)
    with pytest.raises(ProviderError):
        take(taken[0].getsockname()[1], who=lambda _port: Holder())
    close(taken)


def test_without_ipv6_one_address_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "has_ipv6", False)
    taken = take(0)
    assert [one.getsockname()[0] for one in taken] == ["127.0.0.1"]
    close(taken)
