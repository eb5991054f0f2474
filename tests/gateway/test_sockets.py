"""Both loopback addresses or none."""

from __future__ import annotations

import errno
import itertools
import socket
from typing import Any, cast

import pytest

from trayapp.core.errors import Kind, ProviderError
from trayapp.gateway.sockets import EXCLUSIVE, take
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


# other systems, and what cannot be had here at will


class Wire:
    """A machine's loopback addresses: ``busy`` are taken by others, ``behind`` by their listening at all addresses."""

    def __init__(self, *, busy: Any = (), behind: Any = (), refused: type[OSError] = OSError) -> None:
        self.busy, self.behind, self.refused = set(busy), set(behind), refused
        self.free = itertools.count(4001)
        self.made: list[Plug] = []

    def make(self, _family: int, _kind: int) -> socket.socket:
        self.made.append(Plug(self))
        return cast("socket.socket", self.made[-1])

    @property
    def open(self) -> list[tuple[str, int]]:
        return [it.at for it in self.made if not it.closed and it.listens]


class Plug:
    """A socket of such a machine."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.options: set[tuple[int, int]] = set()
        self.at = ("", 0)
        self.listens = self.closed = False

    def setsockopt(self, level: int, name: int, value: int) -> None:
        assert value == 1
        self.options.add((level, name))

    def bind(self, address: tuple[str, int]) -> None:
        if address in self.wire.busy or (address[0], 0) in self.wire.busy:
            raise self.wire.refused(errno.EADDRINUSE, "taken")
        self.at = address[0], address[1] or next(self.wire.free)

    def listen(self, _backlog: int) -> None:
        self.listens = True

    def getsockname(self) -> tuple[str, int]:
        return self.at

    def connect_ex(self, address: tuple[str, int]) -> int:
        return 0 if address in self.wire.behind else errno.ECONNREFUSED

    def settimeout(self, seconds: float) -> None:
        assert seconds < 1

    def setblocking(self, wanted: bool) -> None:
        assert not wanted

    def close(self) -> None:
        self.closed = True

    def __enter__(self) -> Plug:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@pytest.fixture
def _two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "has_ipv6", True)


@pytest.mark.usefixtures("_two")
@pytest.mark.parametrize(("platform", "wanted"), [("win32", EXCLUSIVE), ("linux", socket.SO_REUSEADDR)])
def test_on_windows_alone_the_port_has_to_be_taken_for_ourselves(platform: str, wanted: int) -> None:
    wire = Wire()
    take(4000, make=wire.make, platform=platform)
    assert wire.open == [("127.0.0.1", 4000), ("::1", 4000)]
    listening = [it for it in wire.made if it.listens]
    assert [{name for level, name in it.options if level == socket.SOL_SOCKET} for it in listening] == [{wanted}] * 2
    if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
        assert socket.SO_EXCLUSIVEADDRUSE == EXCLUSIVE


@pytest.mark.usefixtures("_two")
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_macos_lets_us_in_beside_a_holder_of_all_addresses_so_it_is_looked_for(address: str) -> None:
    wire = Wire(behind=[(address, 4000)])
    with pytest.raises(ProviderError, match="Port 4000 is in use by ollama"):
        take(4000, who=lambda _port: Holder("ollama"), make=wire.make, platform="darwin")
    assert all(it.closed for it in wire.made)
    free = Wire()
    take(4000, make=free.make, platform="darwin")
    assert free.open == [("127.0.0.1", 4000), ("::1", 4000)]
    assert all(it.closed for it in free.made if not it.listens)


@pytest.mark.usefixtures("_two")
def test_where_ipv6_is_switched_off_there_is_one_address() -> None:
    wire = Wire(busy=[("::1", 0)])
    take(4000, make=wire.make)
    assert wire.open == [("127.0.0.1", 4000)]


@pytest.mark.usefixtures("_two")
def test_a_free_port_is_looked_for_until_it_is_free_on_both_addresses() -> None:
    wire = Wire(busy=[("::1", 4002), ("::1", 4004)])
    taken = take(0, make=wire.make)
    assert wire.open == [("127.0.0.1", 4006), ("::1", 4006)]
    assert len(taken) == 2
    nowhere = Wire(busy=[("::1", port) for port in range(4001, 4100)])
    with pytest.raises(ProviderError, match="is in use by another program"):
        take(0, who=lambda _port: Holder(), make=nowhere.make)
    assert nowhere.open == []


def test_a_port_that_only_the_system_may_have_is_said_to_be_so() -> None:
    wire = Wire(busy=[("127.0.0.1", 80)], refused=PermissionError)
    with pytest.raises(ProviderError) as caught:
        take(80, make=wire.make)
    assert caught.value.failure.kind is Kind.PORT_TAKEN
    assert caught.value.failure.detail == (
        "The system does not let trayapp listen at port 80. Choose another in Settings… → Gateway."
    )
