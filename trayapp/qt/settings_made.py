"""The pages of the settings dialog that are made by now, and what holds now shown on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from PySide6.QtWidgets import QWidget

from trayapp.core.settings import Settings
from trayapp.core.state import State
from trayapp.qt.accounts import ProvidersPage
from trayapp.qt.fields import FieldPage
from trayapp.qt.gateway_page import GatewayPage
from trayapp.qt.local_page import LocalPage
from trayapp.qt.models_page import ModelsPage
from trayapp.qt.profiles_page import ProfilesPage
from trayapp.ui import form
from trayapp.ui.accounts import AccountView

P = TypeVar("P", bound=QWidget)


class Made:
    """They are made one by one while the dialog opens, so any of them may be missing."""

    def __init__(self, names: Sequence[str]) -> None:
        """``names`` of all pages, in their order."""
        self._names = names
        self._pages: dict[str, QWidget] = {}

    def __iter__(self) -> Iterator[tuple[str, QWidget]]:
        """Each with its name, in their order."""
        return iter(self._pages.items())

    def put(self, name: str, page: QWidget) -> None:
        """This page is made now."""
        pages = {**self._pages, name: page}
        self._pages = {it: pages[it] for it in self._names if it in pages}

    def named(self, name: str) -> QWidget | None:
        """The page of this name."""
        return self._pages.get(name)

    def those(self, kind: type[P]) -> list[P]:
        """The pages of this kind: of most kinds there is one."""
        return [page for page in self._pages.values() if isinstance(page, kind)]

    # -- what holds now; what was entered stays unless ``forget`` --------------------------------

    def show_settings(self, settings: Settings, declared: Sequence[form.Page]) -> None:
        """With the pages as the form declares them."""
        for page in declared:
            self._show_settings(settings, page, forget=False)

    def show_state(self, state: State) -> None:
        """Strategy, tokens, hidden models, profiles."""
        for page in self._pages.values():
            _show_state(page, state)

    def show_accounts(self, placed: Sequence[AccountView]) -> None:
        """In the order of the menu."""
        for page in self._pages.values():
            _show_accounts(page, placed)

    def show_all(self, declared: form.Page, settings: Settings, state: State, placed: Sequence[AccountView]) -> None:
        """All that holds on one page, and nothing that was entered."""
        page = self._pages.get(declared.name)
        if page is not None:
            self._show_settings(settings, declared, forget=True)
            _show_accounts(page, placed, forget=True)
            _show_state(page, state, forget=True)

    def _show_settings(self, settings: Settings, declared: form.Page, *, forget: bool) -> None:
        page = self._pages.get(declared.name)
        if isinstance(page, FieldPage):
            page.show_fields(declared, forget=forget)
        elif isinstance(page, LocalPage | GatewayPage):
            page.show_settings(settings, declared, forget=forget)


def _show_accounts(page: QWidget, placed: Sequence[AccountView], *, forget: bool = False) -> None:
    if isinstance(page, ProvidersPage):
        page.show_accounts(placed, forget=forget)
    elif isinstance(page, ProfilesPage):
        page.show_accounts(placed)


def _show_state(page: QWidget, state: State, *, forget: bool = False) -> None:
    if isinstance(page, LocalPage | ProfilesPage):
        page.show_state(state, forget=forget)
    elif isinstance(page, GatewayPage):
        page.show_state(state)
    elif isinstance(page, ModelsPage):
        page.hidden.show_state(state)
