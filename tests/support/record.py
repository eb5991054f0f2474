"""Records a provider's answers for the tests: its list, and how it refuses a key.

``python -m tests.support.record ROW > tests/samples/ROW.json``
``python -m tests.support.record ROW --refused > tests/samples/errors/ROW.json``

The key comes from the row's environment variable; a refusal needs none. Whatever looks like a key, an account or a
person is struck out, and only the first rows are kept; look at the result before you commit it all the same.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import httpx

from trayapp.core.accounts import Account
from trayapp.core.errors import ProviderError, UserError
from trayapp.core.redaction import STRUCK, struck
from trayapp.core.secret import Secret
from trayapp.providers.keys import from_environment
from trayapp.providers.spec import ProviderSpec, base_url, fill, timeouts_for
from trayapp.providers.table import SPECS, spec
from trayapp.providers.wire import Answer, Wire

ROWS = 40
WRONG = Secret("a-key-that-nobody-has-0123456789")
_TOLD = ("content-type", "www-authenticate", "x-amzn-errortype")
"""Headers of a refusal that may matter; all others tell of the connection, or of who asked."""
_PRIVATE = re.compile(
    r"[\w.+-]+@[\w-]+\.[\w.]+"  # an address of a person
    r"|\borg-[A-Za-z0-9]{8,}|\bproj_[A-Za-z0-9]{8,}|\buser-[A-Za-z0-9]{8,}"
    r"|\b\d{12}\b"  # an AWS account
    r"|\b[0-9a-f]{32,}\b"
)


async def record(row: ProviderSpec, http: httpx.AsyncClient, env: Mapping[str, str], *, base: str = "") -> str:
    """The row's first page as JSON without keys. Raises ProviderError, or UserError where a value is missing."""
    found = from_environment(row, env)
    if found is None and row.key_required and not row.list_public:
        raise UserError(f"set {' or '.join(row.key_env)} to a key of {row.name}")
    key = found[1] if found else None
    answer = await _ask(row, http, env, base, key)
    if not answer.ok:
        raise UserError(f"{row.name} answered {answer.status}")
    return _text(cleaned(answer.json(), key))


async def refusal(row: ProviderSpec, http: httpx.AsyncClient, env: Mapping[str, str], *, base: str = "") -> str:
    """What the row answers to a wrong key, with its status, as JSON. Raises as ``record`` does."""
    answer = await _ask(row, http, env, base, WRONG)
    if answer.ok:
        raise UserError(
            f"{row.name} gives its list to a wrong key as well: its row needs list_public=True and a KeyCheck at a"
            " route that refuses, whose answer is written down by hand"
        )
    try:
        body = answer.json()
    except ValueError:
        body = answer.body.decode(errors="replace")
    told = {name: value for name, value in answer.headers.items() if name in _TOLD}
    return _text({"status": answer.status, "headers": told, "body": cleaned(body, WRONG)})


async def _ask(
    row: ProviderSpec, http: httpx.AsyncClient, env: Mapping[str, str], base: str, key: Secret | None
) -> Answer:
    values = {ask.name: value for ask in row.asks if (value := next(filter(None, map(env.get, ask.env)), ""))}
    account = Account(row.id, row.id, base_url=base, values=values)
    address = base_url(row, account)
    wire = Wire(row, http, account=account, key=key, timeouts=timeouts_for(row, account, address))
    return await wire.ask(address + fill(row.list_path, row, account), query=row.list_query)


def _text(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)


def cleaned(body: Any, key: Secret | None) -> Any:
    """The same shape without keys, people and accounts; lists cut to their first rows."""
    if isinstance(body, dict):
        return {cleaned(name, key): cleaned(value, key) for name, value in body.items()}
    if isinstance(body, list):
        return [cleaned(item, key) for item in body[:ROWS]]
    return _PRIVATE.sub(STRUCK, struck(body, key)) if isinstance(body, str) else body


async def _main(name: str, made: Callable[..., Coroutine[Any, Any, str]]) -> str:
    async with httpx.AsyncClient(follow_redirects=False) as http:
        return await made(spec(name), http, os.environ)


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--refused"]
    if len(words) != 1 or words[0] not in {row.id for row in SPECS}:
        ids = ", ".join(row.id for row in SPECS)
        sys.exit(f"usage: python -m tests.support.record ROW [--refused], ROW being one of: {ids}")
    try:
        print(asyncio.run(_main(words[0], refusal if "--refused" in sys.argv else record)))
    except (ProviderError, UserError) as exc:
        sys.exit(str(exc))
