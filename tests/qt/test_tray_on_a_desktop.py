"""The tray on real parts: a session bus, a tray host that draws over it, an XEmbed tray with a pointer."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

from tests.support import desktop as parts
from tests.support.snihost import SniHost

ROOT = Path(__file__).parents[2]
FACTS = "   128k · $3/$15 · tools"


class Program:
    """tests.qt.menu_program, and what it says."""

    def __init__(self, env: dict[str, str]) -> None:
        self.said: queue.Queue[str] = queue.Queue()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.qt.menu_program"],
            cwd=ROOT,
            env={**env, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.put(line.strip())

    def hears(self, text: str) -> None:
        """Wait until it says a line that begins like this."""
        heard = []
        try:
            while True:
                heard.append(self.said.get(timeout=10))
                if heard[-1].startswith(text):
                    return
        except queue.Empty:
            pytest.fail(f"it never said “{text}”, but: {heard}")

    def do(self, **order: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        self.hears("done")

    def __enter__(self) -> Program:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()
        self.reader.join()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


@pytest.fixture
def program(desk: dict[str, str], sni: SniHost) -> Iterator[Program]:
    with Program(desk) as made:
        made.hears("up")
        yield made


def test_names_arrive_as_they_are_and_headers_cannot_be_clicked(program: Program, sni: SniHost) -> None:
    item = sni.wait_item()
    labels = ["● nothing", "Head_er & co", f"m_0{FACTS}", f"m_1{FACTS}", "Refresh", "Settings…", "Quit"]
    assert sni.menu(item).labels == labels
    assert not sni.find(item, "Head_er & co").enabled


@pytest.mark.parametrize("closes", ["before", "after", "never"])
def test_a_click_arrives_however_the_host_orders_it(program: Program, sni: SniHost, closes: Any) -> None:
    item = sni.wait_item()
    sni.click(item, f"m_1{FACTS}", closes=closes)
    program.hears("asked PickModel(ref=ModelRef(provider='gpt_4', model='m_1')")


def test_a_submenu_is_filled_when_it_opens_and_says_whose_it_is(program: Program, sni: SniHost) -> None:
    item = sni.wait_item()
    program.do(sections={"openai": 30, "xai": 3}, inline=False)
    assert sni.menu(item).labels == ["● nothing", "openai (30)", "xai (3)", "Refresh", "Settings…", "Quit"]
    assert len(sni.open(item, "openai (30)").children) == 30
    program.hears("opened openai")
    sni.close(item, "openai (30)")
    sni.click(item, "xai (3)", f"m_2{FACTS}")
    program.hears("asked PickModel(ref=ModelRef(provider='xai', model='m_2')")


def test_an_open_menu_stays_as_it_is_and_a_late_click_hits_what_was_shown(program: Program, sni: SniHost) -> None:
    item = sni.wait_item()
    shown = sni.open(item)
    with sni.counting(item) as signals:
        program.do(sections={"xai": 3})
    assert not signals
    sni.close(item)
    sni._event(item, shown.child(f"m_0{FACTS}").id, "clicked")
    program.hears("asked PickModel(ref=ModelRef(provider='gpt_4', model='m_0')")
    parts.until(lambda: "xai (3)" in sni.menu(item).labels, "the new view")


def test_five_thousand_models_cost_the_host_few_messages(program: Program, sni: SniHost) -> None:
    item = sni.wait_item()
    accounts = {f"account {at}": 100 for at in range(50)}
    with sni.counting(item) as signals:
        program.do(sections=accounts, inline=False)
        program.do(sections=dict.fromkeys(accounts, 99), inline=False)
    assert 0 < signals.total() <= 220


MEMORY = "Memory: RAM – keep 3 loaded, 30 min"
LOADED = "4.7 GB · GPU · 12 min left"


def test_the_memory_submenu_opens_with_radio_rows_and_models_in_it(program: Program, sni: SniHost) -> None:
    item = sni.wait_item()
    program.do(sections={"xai": 3}, loaded=["phi_4", "qwen"], strategy="ram")
    inside = sni.open(item, MEMORY)
    program.hears("looked True")
    assert [(row.props["toggle-type"], row.checked) for row in inside.children[:4]] == [
        ("radio", True),
        ("radio", False),
        ("radio", False),
        ("radio", False),
    ]
    assert [row.label for row in inside.children if row.submenu] == [f"phi_4   {LOADED}", f"qwen   {LOADED}"]
    model = sni.open(item, MEMORY, f"qwen   {LOADED}")
    assert model.labels == ["Unload", "Keep in memory", "It leaves in 12 min unless somebody uses it."]
    assert model.child("Keep in memory").props["toggle-type"] == "checkmark"
    assert not model.children[-1].enabled
    sni.close(item, MEMORY, f"qwen   {LOADED}")
    program.hears("looked False")


@pytest.mark.parametrize("closes", ["before", "after", "never"])
def test_a_click_in_the_memory_submenu_and_below_it_arrives(program: Program, sni: SniHost, closes: Any) -> None:
    item = sni.wait_item()
    program.do(sections={"xai": 3}, loaded=["phi_4", "qwen"], strategy="ram")
    sni.click(item, MEMORY, "SSD – keep 1 loaded, 2 min   typically 4–8 GB", closes=closes)
    program.hears("asked SetStrategy(strategy='ssd')")
    sni.click(item, MEMORY, f"qwen   {LOADED}", "Unload", closes=closes)
    program.hears("asked Unload(ref=ModelRef(provider='ollama', model='qwen'))")
    sni.click(item, MEMORY, "Unload all", closes=closes)
    program.hears("asked Unload(ref=None)")


def test_a_model_that_came_while_the_menu_was_open_is_in_the_submenu_that_opens_then(
    program: Program, sni: SniHost
) -> None:
    item = sni.wait_item()
    program.do(sections={"xai": 3}, loaded=["qwen"], strategy="ram")
    top = sni.open(item)
    program.do(sections={"xai": 3}, loaded=["phi_4", "qwen"], strategy="ram")
    inside = sni.menu(item, top.child(MEMORY).id, 1)
    assert f"phi_4   {LOADED}" in inside.labels
    with sni.counting(item) as signals:
        program.do(sections={"xai": 3}, loaded=[], strategy="ram")
    assert not signals
    assert sni._layout(item, inside.id).labels == inside.labels


def test_models_in_memory_cost_the_host_nothing_until_the_submenu_is_opened(program: Program, sni: SniHost) -> None:
    item = sni.wait_item()
    program.do(sections={"xai": 3}, loaded=["qwen"], strategy="ram")
    with sni.counting(item) as signals:
        program.do(sections={"xai": 3}, loaded=[f"m{at}" for at in range(100)], strategy="ram")
    assert not signals
    assert len([row for row in sni.open(item, MEMORY).children if row.submenu]) == 100
    sni.close(item, MEMORY)
    program.hears("looked False")
    with sni.counting(item) as signals:
        program.do(sections={"xai": 3}, loaded=[f"m{at}" for at in range(99)], strategy="ssd")
    assert signals.total() <= 2  # the title


def test_a_redraw_of_the_same_costs_nothing(program: Program, sni: SniHost) -> None:
    item = sni.wait_item()
    program.do(sections={"xai": 30}, inline=False)
    with sni.counting(item) as signals:
        program.do(sections={"xai": 30}, inline=False)
    assert not signals


def test_a_left_click_is_heard(program: Program, sni: SniHost) -> None:
    sni.activate(sni.wait_item())
    program.hears("activated")


def test_the_icon_follows_the_state(program: Program, sni: SniHost) -> None:
    item = sni.wait_item()
    before = sni.icon(item)
    program.do(sections={}, icon="attention")
    parts.until(lambda: sni.icon(item) != before, "another icon")


def test_a_host_that_comes_late_is_found(desk: dict[str, str]) -> None:
    with Program(desk) as program:
        program.hears("up")
        with SniHost(desk["DBUS_SESSION_BUS_ADDRESS"]) as host:
            program.hears("available True")
            assert "Head_er & co" in host.menu(host.wait_item()).labels
        program.hears("available False")


def test_a_host_that_restarts_has_the_icon_again_and_only_once(program: Program, sni: SniHost) -> None:
    sni.wait_item()
    sni.restart()
    program.hears("available False")
    program.hears("available True")
    sni.click(sni.wait_item(), "Quit")
    program.hears("asked Quit()")
    assert len(sni.items) == 1


def test_a_late_xembed_tray_is_found_by_looking_again(desk: dict[str, str]) -> None:
    with Program(desk) as program:
        program.hears("up")
        try:
            with parts.trayer(desk):
                program.hears("available True")
        except parts.MissingProgramError as missing:
            pytest.skip(str(missing))


def test_a_host_is_found_even_after_a_window_stood_in(desk: dict[str, str]) -> None:
    with Program(desk) as program:
        program.hears("up")
        program.do(rest=True)
        with SniHost(desk["DBUS_SESSION_BUS_ADDRESS"]) as host:
            program.hears("available True")
            assert len({host.wait_item()}) == len(host.items) == 1
