"""What the environment sets is shown and left alone in the dialog; tables of figures are typed on one line."""

from __future__ import annotations

import msgspec
from pytestqt.qtbot import QtBot

from tests.qt.dialog import APPLY, Opened, ready
from tests.qt.parts import SETTINGS
from trayapp.core.intents import SaveSettings
from trayapp.core.settings import DESKTOP, Waits
from trayapp.ui import form


async def test_what_the_environment_sets_is_shown_as_such_and_never_saved(qtbot: QtBot) -> None:
    it = await ready(Opened, qtbot=qtbot, forced={"tray_wait": "TRAYAPP_TRAY_WAIT"})
    it.settings.publish(msgspec.structs.replace(SETTINGS, tray_wait=3))
    it.dialog.show_page(DESKTOP)
    row = it.row("tray_wait")
    assert (row.text, row.control.isEnabled(), row.forced.isVisible()) == ("3", False, True)
    assert "Set by TRAYAPP_TRAY_WAIT" in row.forced.text()
    assert "TRAYAPP_TRAY_WAIT" in row.control.accessibleDescription()
    assert not it.row("click_left").forced.isVisible()
    assert not it.dialog.dirty
    it.enter("confirm_switch", form.ON)
    await it.press(APPLY)
    assert it.desk.asked == [SaveSettings(msgspec.structs.replace(SETTINGS, confirm_switch=True))]


async def test_a_table_is_typed_on_one_line_and_checked(qtbot: QtBot) -> None:
    it = await ready(Opened, qtbot=qtbot)
    it.enter("provider_ttl_overrides", "ollama=soon")
    assert "“ollama” has to be a whole number" in it.row("provider_ttl_overrides").error.text()
    it.enter("provider_ttl_overrides", "ollama=300, anthropic=86400")
    it.enter("timeouts", "fast.receive=20")
    await it.press(APPLY)
    (saved,) = it.desk.asked
    assert isinstance(saved, SaveSettings)
    assert saved.settings.provider_ttl_overrides == {"ollama": 300, "anthropic": 86400}
    assert saved.settings.timeouts == {"fast": Waits(receive=20)}
