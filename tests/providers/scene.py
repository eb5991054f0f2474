"""A provider made of samples, for one row of the table: what it is asked is noted."""

from __future__ import annotations

import json
from typing import Any

import httpx

from tests.support import samples
from trayapp.core.accounts import Account
from trayapp.core.secret import Secret
from trayapp.providers.client import Fetched, list_models
from trayapp.providers.spec import ProviderSpec, Timeouts, base_url, fill, origin

QUICK = Timeouts(connect=1.0, receive=1.0, pool=1.0, retries=0, base_delay=0.1)
KEY = Secret("k3y-of-the-tests-0123456789abcdefXYZ")

EXTRA = {
    "azure-openai": "azure-openai-models",
    "bedrock": "bedrock-inference-profiles",
    "cerebras": "cerebras-public",
    "fireworks": "fireworks-inference",
    "xai": "xai-models",
}
"""Samples of second lists; a row with a second list and no name here has no sample."""
VALUES = {"resource": "acme", "region": "us-east-1", "workspace": "ws1"}


def account(row: ProviderSpec, base: str = "", **values: str) -> Account:
    return Account(row.id, row.id, base_url=base, values={**VALUES, **values})


class Scene:
    """Answers a row's list routes with its samples and everything else with 404; ``asked`` are the requests."""

    def __init__(self, row: ProviderSpec, **instead: bytes | httpx.Response) -> None:
        """``instead``: another answer for ``main``, ``page2``, ``extra`` or ``extra2``."""
        self.row = row
        self.asked: list[httpx.Request] = []
        self._instead = instead
        whose = account(row)
        base = base_url(row, whose)
        self.main = base + fill(row.list_path, row, whose)
        self.extra = ""
        if row.extra_list is not None:
            start = origin(base) if row.extra_list.rooted else base
            self.extra = str(httpx.URL(start + row.extra_list.path))

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        address = str(request.url.copy_with(query=None))
        if address == self.main:
            return self._page("main", "page2", self.row.id, self.row.paging, request)
        if address == self.extra and self.row.extra_list is not None:
            name = EXTRA.get(self.row.id, f"{self.row.id}-extra")
            return self._page("extra", "extra2", name, self.row.extra_list.paging, request)
        return httpx.Response(404, json={"error": {"message": "no such route"}})

    def client(self) -> httpx.AsyncClient:
        return client(self)

    async def fetch(self, key: Secret | None = KEY, **more: Any) -> Fetched:
        async with self.client() as http:
            return await list_models(
                self.row, http, account=account(self.row), key=key, timeouts=QUICK, now=lambda: 0.0, **more
            )

    def _page(self, first: str, second: str, name: str, paging: Any, request: httpx.Request) -> httpx.Response:
        param = paging.param if paging is not None else ""
        further = bool(param) and request.url.params.get(param, "1") != "1"
        answer = self._instead.get(second if further else first)
        if isinstance(answer, httpx.Response):
            return answer
        if answer is None:
            answer = samples.raw(f"{name}.page2" if further else name)
        return httpx.Response(200, content=answer, headers={"content-type": "application/json"})


def client(handler: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.MockTransport(handler))


def always(status: int, body: Any = None, headers: dict[str, str] | None = None) -> httpx.AsyncClient:
    """A client whose every request gets this answer."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client(lambda _request: httpx.Response(status, content=content, headers=headers))
