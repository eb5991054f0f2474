"""A child program that uses Keys as the application does, and prints what it saw as one line of JSON.

``cycle``: store, read, remove, with the longest time for which the event loop stood still meanwhile.
``quit``: ask for an unlock, wait until somebody says so on standard input, and leave with the prompt open.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

from trayapp.core.clock import SystemClock
from trayapp.core.secret import Secret
from trayapp.system.keys import Keys

SLOT = "probe@https://example.com:443"


class Gaps:
    """The longest time between two turns of the loop, in milliseconds."""

    def __init__(self) -> None:
        self.worst = 0.0
        self._last = time.perf_counter()
        asyncio.get_running_loop().call_later(0.001, self._tick)

    def _tick(self) -> None:
        now = time.perf_counter()
        self.worst = max(self.worst, (now - self._last) * 1e3)
        self._last = now
        asyncio.get_running_loop().call_later(0.001, self._tick)


async def cycle(turns: int) -> dict[str, Any]:
    before = set(sys.modules)
    keys = Keys(clock=SystemClock())
    gaps = Gaps()
    await asyncio.sleep(0.05)
    idle, gaps.worst = gaps.worst, 0.0
    first = [str(await keys.look()), str(await keys.put(SLOT, Secret("sk-probe")))]
    imports, gaps.worst = gaps.worst, 0.0
    times: dict[str, list[float]] = {"look": [], "get": [], "put": []}
    for _ in range(turns):
        started = time.perf_counter()
        await keys.look()
        looked = time.perf_counter()
        keys.forget()
        found = await keys.get(SLOT, may_prompt=False)
        got = time.perf_counter()
        await keys.put(SLOT, Secret("sk-probe"))
        times["look"].append(looked - started)
        times["get"].append(got - looked)
        times["put"].append(time.perf_counter() - got)
    await keys.remove(SLOT)
    gone = await keys.get(SLOT, may_prompt=False)
    keys.close()
    return {
        "first": first,
        "same": found == Secret("sk-probe"),
        "gone": gone is None,
        "idle_gap_ms": round(idle, 1),
        "import_gap_ms": round(imports, 1),
        "gap_ms": round(gaps.worst, 1),
        "median_ms": {name: round(sorted(taken)[len(taken) // 2] * 1e3, 1) for name, taken in times.items()},
        "late_imports": sorted({"jeepney", "secretstorage", "keyring"} & (set(sys.modules) - before)),
    }


async def leave() -> dict[str, Any]:
    keys = Keys(clock=SystemClock())
    asking = asyncio.create_task(keys.unlock())
    while await asyncio.to_thread(sys.stdin.readline) == "":
        pass
    asking.cancel()
    keys.close()
    return {"left": True}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(cycle(int(sys.argv[2])) if sys.argv[1] == "cycle" else leave())), flush=True)
