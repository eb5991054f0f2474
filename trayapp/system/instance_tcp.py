"""The instance's door on Windows: a port of 127.0.0.1, and a token in a private file.

Any program of this computer can call the port, and after a crash any program can listen there. So both
sides prove that they have read the token, and neither ever sends it.
"""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

from trayapp.system import files

TYPE_CHECKING = False  # typing's own takes 8 ms to import
if TYPE_CHECKING:
    import asyncio

_LINE = 1024


def address(runtime: Path) -> Path:
    """The file with the port and the token."""
    return runtime / "trayapp.port"


def listen(runtime: Path) -> socket.socket:
    """A socket that takes calls from now on. Only the holder of the lock may ask for it."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if exclusive := getattr(socket, "SO_EXCLUSIVEADDRUSE", None):  # else Windows lets others share it
            listener.setsockopt(socket.SOL_SOCKET, exclusive, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        listener.setblocking(False)
        files.write_private(address(runtime), f"{listener.getsockname()[1]} {os.urandom(32).hex()}\n".encode())
    except OSError:
        listener.close()
        raise
    return listener


def tidy(runtime: Path) -> None:
    """Remove the file. Only the holder of the lock may."""
    address(runtime).unlink(missing_ok=True)


def connect(runtime: Path, deadline: float) -> socket.socket | None:
    """A connection whose other end has proved itself, or None where nobody of ours listens."""
    try:
        port, token = _read(runtime)
        connection = socket.create_connection(("127.0.0.1", port), max(0.001, deadline - time.monotonic()))
    except (FileNotFoundError, ConnectionRefusedError, ValueError):
        return None
    try:
        ours = os.urandom(16).hex()
        connection.sendall(f"{ours}\n".encode())
        theirs, _, proof = _recv_line(connection, deadline).partition(" ")
        if not _same(proof, _proof(token, "server", ours)):
            raise ConnectionAbortedError("somebody else listens at the port that was ours")
        connection.sendall(f"{_proof(token, 'client', theirs)}\n".encode())
    except ConnectionError:
        connection.close()
        return None
    except OSError:
        connection.close()
        raise
    return connection


async def admit(runtime: Path, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Whether the caller has read the token."""
    _, token = _read(runtime)
    theirs = (await reader.readuntil(b"\n"))[:_LINE].decode("ascii", "replace").strip()
    ours = os.urandom(16).hex()
    writer.write(f"{ours} {_proof(token, 'server', theirs)}\n".encode())
    proof = (await reader.readuntil(b"\n"))[:_LINE].decode("ascii", "replace").strip()
    return _same(proof, _proof(token, "client", ours))


def _read(runtime: Path) -> tuple[int, str]:
    """Port and token. Raises OSError, and ValueError for what is not ours."""
    port, token = files.read_bytes(address(runtime), _LINE).decode("ascii").split()
    if len(token) != 64 or not 0 < int(port) < 65536:
        raise ValueError(port)
    return int(port), token


def _proof(token: str, role: str, nonce: str) -> str:
    import hmac

    return hmac.new(bytes.fromhex(token), f"{role} {nonce}".encode(), "sha256").hexdigest()


def _same(one: str, other: str) -> bool:
    import hmac

    return hmac.compare_digest(one.encode(), other.encode())


def _recv_line(connection: socket.socket, deadline: float) -> str:
    line = b""
    while not line.endswith(b"\n"):
        connection.settimeout(max(0.001, deadline - time.monotonic()))
        part = connection.recv(_LINE)
        if not part or len(line) > _LINE:
            raise ConnectionAbortedError("no proof came")
        line += part
    return line.decode("ascii", "replace").strip()
