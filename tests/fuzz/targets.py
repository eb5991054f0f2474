"""The table of targets: another parser is another row in one of the three parts."""

from __future__ import annotations

from tests.fuzz.files import FILES
from tests.fuzz.gateway import GATEWAY
from tests.fuzz.network import NETWORK
from tests.fuzz.target import Target

TARGETS: dict[str, Target] = {it.name: it for it in (*NETWORK, *GATEWAY, *FILES)}
