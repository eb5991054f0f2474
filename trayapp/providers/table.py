"""Every provider we know, one row each."""

from __future__ import annotations

from trayapp.providers.spec import ProviderSpec
from trayapp.providers.table_cloud import CLOUD
from trayapp.providers.table_hosts import HOSTS
from trayapp.providers.table_local import LOCAL

SPECS: tuple[ProviderSpec, ...] = (*LOCAL, *CLOUD, *HOSTS)

_BY_ID = {row.id: row for row in SPECS}


def spec(id: str) -> ProviderSpec:
    """The row with this id. Raises KeyError."""
    return _BY_ID[id]
