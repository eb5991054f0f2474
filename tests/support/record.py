"""Records a provider's list for the tests: ``python -m tests.support.record ROW > tests/samples/ROW.json``.

The key comes from the row's environment variable. Whatever looks like a key, an account or a person is
struck out, and only the first rows are kept; look at the result before you commit it all the same.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections.abc import Mapping
from typing import Any

import httpx

from trayapp.core.accounts import Account
from trayapp.core.errors import ProviderError, UserError
from trayapp.core.redaction import STRUCK, struck
from trayapp.core.secret import Secret
from trayapp.providers.keys import from_environment
from trayapp.providers.spec import ProviderSpec, base_url, fill, timeouts_for
from trayapp.providers.table import SPECS, spec
from trayapp.providers.wire import Wire

ROWS = 40
_PRIVATE = re.compile(
    r"[\w.+-]+@[\w-]+\.[\w.]+"  # an address of a person
    r"|\borg-[A-Za-z0-9]{8,}|\bproj_[A-Za-z0-9]{8,}|\buser-[A-Za-z0-9]{8,}"
    r"|\b\d{12}\b"  # an AWS account
    r"|\b[0-9a-f]{32,}\b"
)


async def record(row: ProviderSpec, http: httpx.AsyncClient, env: Mapping[str, str], *, base: str = "") -> str:
    """The row's first page as JSON without keys. Raises ProviderError, or UserError where a value is missing."""
    values = {ask.name: value for ask in row.asks if (value := next(filter(None, map(env.get, ask.env)), ""))}
    account = Account(row.id, row.id, base_url=base, values=values)
    found = from_environment(row, env)
    if found is None and row.key_required and not row.list_public:
        raise UserError(f"set {' or '.join(row.key_env)} to a key of {row.name}")
    key = found[1] if found else None
    address = base_url(row, account)
    wire = Wire(row, http, account=account, key=key, timeouts=timeouts_for(row, account, address))
    answer = await wire.ask(address + fill(row.list_path, row, account), query=row.list_query)
    if not answer.ok:
        raise UserError(f"{row.name} answered {answer.status}")
    return json.dumps(cleaned(answer.json(), key), indent=1, ensure_ascii=False)


def cleaned(body: Any, key: Secret | None) -> Any:
    """The same shape without keys, people and accounts; lists cut to their first rows."""
    if isinstance(body, dict):
        return {cleaned(name, key): cleaned(value, key) for name, value in body.items()}
    if isinstance(body, list):
        return [cleaned(item, key) for item in body[:ROWS]]
    return _PRIVATE.sub(STRUCK, struck(body, key)) if isinstance(body, str) else body


async def _main(name: str) -> str:
    async with httpx.AsyncClient(follow_redirects=False) as http:
        return await record(spec(name), http, os.environ)


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in {row.id for row in SPECS}:
        sys.exit(f"usage: python -m tests.support.record ROW, one of: {', '.join(row.id for row in SPECS)}")
    try:
        print(asyncio.run(_main(sys.argv[1])))
    except (ProviderError, UserError) as exc:
        sys.exit(str(exc))
