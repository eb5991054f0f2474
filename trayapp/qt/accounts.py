"""The Providers page: every account with its state, and a form for the one that is selected."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QStackedWidget,
    QStyle,
    QVBoxLayout,
    QWidget,
)

from trayapp.core.accounts import Account, KeyFrom, new_id
from trayapp.core.intents import CopyKey, OrderAccounts, SaveAccount
from trayapp.core.language import _
from trayapp.providers.spec import ProviderSpec
from trayapp.qt.account_form import AccountForm, Warn
from trayapp.qt.add_account import AddDialog
from trayapp.qt.dialogs import Perform, Start, failed, plain
from trayapp.qt.fields import make_scrolling, tab_after
from trayapp.qt.local_order import moved, push
from trayapp.ui.accounts import AccountView, Offer
from trayapp.ui.form import access_keys, access_letters

_PROVIDER = Qt.ItemDataRole.UserRole


class ProvidersPage(QWidget):
    """Holds a form for each account that was looked at; nothing typed is lost by looking at another."""

    changed = Signal()

    def __init__(
        self,
        *,
        perform: Perform,
        start: Start,
        specs: Sequence[ProviderSpec],
        offers: Callable[[], Sequence[Offer]],
        warn: Warn,
        taken: str = "",
    ) -> None:
        super().__init__()
        self._perform = perform
        self._start = start
        self._specs = {spec.id: spec for spec in specs}
        self._offers = offers
        self._warn = warn
        self._views: dict[str, AccountView] = {}
        self._wanted = ""
        keyed = access_keys((_("Add…"), _("Up"), _("Down")), taken)
        self._taken = taken + access_letters(keyed)
        self.forms: dict[str, AccountForm] = {}
        self._areas: dict[str, QScrollArea] = {}
        self.list = QListWidget()
        self.list.setAccessibleName(_("Accounts"))
        self.list.setWordWrap(True)
        self.list.setSpacing(2)
        self.list.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.list.currentItemChanged.connect(lambda: self._select())
        self.list.setMinimumWidth(self.fontMetrics().averageCharWidth() * 18)
        self.list.setMaximumWidth(self.fontMetrics().averageCharWidth() * 30)
        self.add_button = push(keyed[0], self.open_add_dialog, _("Add a provider"))
        self.up_button = push(keyed[1], lambda: self._move(-1), _("Let the selected account stand higher in the menu"))
        self.down_button = push(keyed[2], lambda: self._move(1), _("Let the selected account stand lower in the menu"))
        self.stack = QStackedWidget()
        empty = plain(_("Add a provider to see its models in the tray."))
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.stack.addWidget(empty)
        left = QVBoxLayout()
        left.addWidget(self.list, 1)
        places = QHBoxLayout()
        places.addWidget(self.up_button)
        places.addWidget(self.down_button)
        left.addLayout(places)
        left.addWidget(self.add_button)
        layout = QHBoxLayout(self)
        layout.addLayout(left)
        layout.addWidget(self.stack, 1)

    @property
    def dirty(self) -> tuple[AccountForm, ...]:
        """The forms in which something else is entered than what holds."""
        return tuple(form for form in self.forms.values() if form.dirty)

    def show_accounts(self, views: Sequence[AccountView], *, forget: bool = False) -> None:
        """Show these accounts as they are now; what the user has entered stays unless ``forget``."""
        self._views = {view.provider: view for view in views}
        for provider in [it for it in self.forms if it not in self._views]:
            self._drop(provider)
        for provider, form in self.forms.items():
            form.show_view(self._views[provider], forget=forget)
        if [self.list.item(row).data(_PROVIDER) for row in range(self.list.count())] != list(self._views):
            self._rebuild()
        warning = self.style().standardIcon(QStyle.StandardPixmap.SP_MessageBoxWarning)
        for row in range(self.list.count()):
            self._label(self.list.item(row), warning)
        if self._wanted in self._views:
            self.select(self._wanted)

    def select(self, provider: str) -> None:
        """Show this account's form, now or when the account is there."""
        self._wanted = provider if provider not in self._views else ""
        for row in range(self.list.count()):
            if self.list.item(row).data(_PROVIDER) == provider:
                self.list.setCurrentRow(row)

    def open_add_dialog(self) -> None:
        """Ask which provider to add; where that is being asked already, it comes to the front."""
        for open_already in self.window().findChildren(AddDialog):
            if open_already.isVisible():
                open_already.raise_()
                return
        dialog = AddDialog(self.window(), self._specs.values(), self._offers())
        dialog.picked.connect(lambda spec: self._start(self._add(spec)))
        dialog.used.connect(lambda offer, copy: self._start(self._use(offer, copy)))
        dialog.open()

    # -- adding ---------------------------------------------------------------------------------

    async def _add(self, spec: str) -> None:
        account = self._new(spec)
        if await self._save(account) and self._specs[spec].key_required and not self._specs[spec].asks:
            form = self.forms.get(account.id)
            if form is not None:
                form.open_key_dialog()

    async def _use(self, offer: Offer, copy: bool) -> None:
        account = self._new(offer.spec, address=offer.address, from_env=bool(offer.variable) and not copy)
        if await self._save(account) and copy:
            reply = await self._perform(CopyKey(account.id))
            if account.id in self.forms:
                self.forms[account.id].outcome.say(reply.text)

    async def _save(self, account: Account) -> bool:
        self._wanted = account.id
        reply = await self._perform(SaveAccount(account))
        if not reply.ok:
            self._wanted = ""
            failed(self.window(), reply.text)
            return False
        self.select(account.id)
        return True

    def _new(self, spec: str, *, address: str = "", from_env: bool = False) -> Account:
        row = self._specs[spec]
        same = sum(view.account.spec == spec for view in self._views.values())
        name = f"{row.name} {same + 1}" if same else ""
        return Account(
            new_id(spec, name, self._views),
            spec,
            name=name,
            base_url=address if address != row.base_url else "",
            key_from=KeyFrom.ENVIRONMENT if from_env else KeyFrom.KEYRING,
        )

    # -- the list -------------------------------------------------------------------------------

    def _rebuild(self) -> None:
        current = self.list.currentItem()
        kept = current.data(_PROVIDER) if current is not None else ""
        row = max(0, self.list.currentRow())
        self.list.blockSignals(True)
        self.list.clear()
        for provider in self._views:
            item = QListWidgetItem(self.list)
            item.setData(_PROVIDER, provider)
        last = self.list.count() - 1
        self.list.setCurrentRow(list(self._views).index(kept) if kept in self._views else min(row, last))
        self.list.blockSignals(False)
        self._select()

    def _move(self, by: int) -> None:
        """The selected account one place up or down, in the menu as well: at once, for it is seen there."""
        order, _at = moved(tuple(self._views), self.list.currentRow(), by)
        if order != tuple(self._views):
            self._start(self._place(order))

    async def _place(self, order: tuple[str, ...]) -> None:
        reply = await self._perform(OrderAccounts(order))
        if not reply.ok:
            failed(self.window(), reply.text)

    def _offer_places(self) -> None:
        at = self.list.currentRow()
        for button, there in ((self.up_button, at > 0), (self.down_button, 0 <= at < len(self._views) - 1)):
            if button.hasFocus() and not there:
                self.list.setFocus()  # a button that cannot be pressed any more would pass it on to anywhere
            button.setEnabled(there)

    def _label(self, item: QListWidgetItem, warning: QIcon) -> None:
        view = self._views[item.data(_PROVIDER)]
        item.setText(f"{view.title}\n{view.state}")
        item.setIcon(warning if view.attention else QIcon())

    def _select(self) -> None:
        self._offer_places()
        item = self.list.currentItem()
        if item is None:
            self.stack.setCurrentIndex(0)
            return
        provider = item.data(_PROVIDER)
        form = self.forms.get(provider)
        if form is None:
            view = self._views[provider]
            form = AccountForm(
                view,
                self._specs.get(view.account.spec),
                perform=self._perform,
                start=self._start,
                warn=self._warn,
                taken=self._taken,
            )
            form.changed.connect(self.changed)
            self.forms[provider] = form
            area = QScrollArea()
            make_scrolling(area, form)
            self._areas[provider] = area
            self.stack.addWidget(area)
            tab_after(self.add_button, form.controls)
        self.stack.setCurrentWidget(self._areas[provider])

    def _drop(self, provider: str) -> None:
        del self.forms[provider]
        area = self._areas.pop(provider)
        self.stack.removeWidget(area)
        area.deleteLater()
