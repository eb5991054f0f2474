"""The program's picture in the containers that Windows and macOS want: .ico and .icns, made of PNG files.

Both formats take PNG as it is: Windows since Vista, macOS since 10.7.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

SIZES = (16, 24, 32, 48, 64, 128, 256, 512)
_ICO_SIZES = (16, 24, 32, 48, 64, 256)
_ICNS_TYPES = {16: b"icp4", 32: b"icp5", 64: b"icp6", 128: b"ic07", 256: b"ic08", 512: b"ic09"}


def ico(pictures: Mapping[int, bytes]) -> bytes:
    """An .ico of these PNG files by their size in pixels."""
    sizes = [size for size in _ICO_SIZES if size in pictures]
    head = struct.pack("<HHH", 0, 1, len(sizes))
    offset = len(head) + 16 * len(sizes)
    for size in sizes:
        length = len(pictures[size])
        head += struct.pack("<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, length, offset)  # 0 stands for 256
        offset += length
    return head + b"".join(pictures[size] for size in sizes)


def icns(pictures: Mapping[int, bytes]) -> bytes:
    """An .icns of these PNG files by their size in pixels."""
    body = b"".join(
        kind + struct.pack(">I", 8 + len(pictures[size])) + pictures[size]
        for size, kind in _ICNS_TYPES.items()
        if size in pictures
    )
    return b"icns" + struct.pack(">I", 8 + len(body)) + body
