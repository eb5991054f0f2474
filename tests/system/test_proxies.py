"""The proxy before an address."""

from __future__ import annotations

import contextlib
import sys
from types import ModuleType

import pytest

from trayapp.system.proxies import Proxies, _exceptions, of_the_system, read

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
        ({"all": PROXY, "no": "https://api.test"}, "http://api.test/v1", PROXY),
        ({"all": PROXY, "no": "all://api.test"}, "http://api.test/v1", ""),
        ({"https": PROXY, "no": "*.test"}, "https://api.test/v1", ""),
        ({"https": PROXY, "no": "*.test"}, "https://test/v1", PROXY),
        ({"https": PROXY, "no": "api.test"}, "https://api.test./v1", ""),
        ({"https": PROXY, "no": "fd00::/8"}, "https://[fd00::1]/v1", ""),
        ({"https": PROXY, "no": "fd00::/8"}, "https://api.test/v1", PROXY),
        ({"https": PROXY, "no": "fd00::/8"}, "https://10.0.0.1/v1", PROXY),
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


def test_the_environment_is_read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", PROXY)
    monkeypatch.setenv("NO_PROXY", "inside.test")
    proxies = of_the_system()
    assert proxies.for_url("https://api.test/") == PROXY
    assert proxies.for_url("https://a.inside.test/") == ""


@pytest.mark.parametrize(
    ("host", "proxy"),
    [("10.1.2.3", ""), ("11.1.2.3", PROXY), ("a.corp.test", ""), ("printer", ""), ("[fd00::1]", PROXY), ("a.b", PROXY)],
)
def test_exceptions_are_read_as_windows_and_macos_write_them(host: str, proxy: str) -> None:
    found = read({"https": PROXY}, ["10.*", " *.Corp.test ", "<local>", ""])
    assert found.for_url(f"https://{host}/v1") == proxy


def test_the_systems_own_exceptions_are_asked_for_where_nothing_stands_in_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    system = ModuleType("_scproxy")
    system._get_proxy_settings = lambda: {"exceptions": ("*.lan", "169.254/16"), "exclude_simple": True}  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "_scproxy", system)
    assert _exceptions("darwin") == ("*.lan", "169.254/16", "<local>")
    assert _exceptions("linux") == ()

    registry = ModuleType("winreg")
    registry.HKEY_CURRENT_USER = 1  # type: ignore[attr-defined]
    registry.OpenKey = lambda *_: contextlib.nullcontext("key")  # type: ignore[attr-defined]
    registry.QueryValueEx = lambda *_: ("10.*;<local>", 1)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "winreg", registry)
    assert _exceptions("win32") == ("10.*", "<local>")

    def none(*_: object) -> None:
        raise FileNotFoundError

    registry.OpenKey = none  # type: ignore[attr-defined]
    assert _exceptions("win32") == ()


def test_without_any_there_is_none() -> None:
    assert Proxies().for_url("https://api.test/") == ""
