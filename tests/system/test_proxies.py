"""The proxy before an address, as httpx has it."""

from __future__ import annotations

import httpx
import pytest

from trayapp.system.proxies import Proxies, of_the_system, read

PROXY = "http://proxy.test:3128"


@pytest.mark.parametrize(
    ("found", "url", "proxy"),
    [
        ({}, "https://api.test/v1", ""),
        ({"https": PROXY}, "https://api.test/v1", PROXY),
        ({"https": PROXY}, "http://api.test/v1", ""),
        ({"all": PROXY}, "http://api.test/v1", PROXY),
        ({"all": "http://other.test:1", "https": PROXY}, "https://api.test/v1", PROXY),
        ({"https": "proxy.test:3128"}, "https://api.test/v1", PROXY),
        ({"https": PROXY, "no": "*"}, "https://api.test/v1", ""),
        ({"https": PROXY, "no": " api.test , x"}, "https://api.test/v1", ""),
        ({"https": PROXY, "no": "test"}, "https://api.test/v1", ""),
        ({"https": PROXY, "no": ".api.test"}, "https://api.test/v1", PROXY),
        ({"https": PROXY, "no": ".test"}, "https://API.test/v1", ""),
        ({"https": PROXY, "no": "pi.test"}, "https://api.test/v1", PROXY),
        ({"https": PROXY, "no": "10.0.0.1"}, "https://10.0.0.1/v1", ""),
        ({"https": PROXY, "no": "10.0.0.0/8"}, "https://10.0.0.1/v1", ""),
        ({"https": PROXY, "no": "10.0.0.0/8"}, "https://11.0.0.1/v1", PROXY),
        ({"https": PROXY, "no": "api.test:8443"}, "https://api.test/v1", PROXY),
        ({"https": PROXY, "no": "api.test:8443"}, "https://api.test:8443/v1", ""),
        ({"https": PROXY, "no": "https://api.test"}, "https://api.test/v1", ""),
        ({"https": PROXY, "no": "fd00::1"}, "https://[fd00::1]/v1", ""),
        ({"https": PROXY, "no": "[fd00::1]"}, "https://[fd00::1]/v1", ""),
        ({"all": PROXY}, "http://localhost:11434", ""),
        ({"all": PROXY}, "http://a.localhost", ""),
        ({"all": PROXY}, "http://127.0.0.1:11434", ""),
        ({"all": PROXY}, "http://127.9.9.9", ""),
        ({"all": PROXY}, "http://[::1]:11434", ""),
        ({"all": PROXY}, "http://127.0.0.1.example", PROXY),
    ],
)
def test_which_proxy_stands_before_an_address(found: dict[str, str], url: str, proxy: str) -> None:
    assert read(found).for_url(url) == proxy


def test_the_environment_is_what_httpx_reads_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", PROXY)
    monkeypatch.setenv("NO_PROXY", "inside.test")
    proxies = of_the_system()
    assert proxies.for_url("https://api.test/") == PROXY
    assert proxies.for_url("https://a.inside.test/") == ""
    mounted = httpx.Client(trust_env=True)
    try:
        patterns = {pattern.pattern for pattern in mounted._mounts}
    finally:
        mounted.close()
    assert {"https://", "all://*inside.test"} <= patterns


def test_without_any_there_is_none() -> None:
    assert Proxies().for_url("https://api.test/") == ""
