"""What stands in for a provider that failed, on the page “Gateway”: models and roles in the order to be tried."""

from __future__ import annotations

from trayapp.core.language import _
from trayapp.qt.ordered_list import OrderedList, Words
from trayapp.ui import gateway
from trayapp.ui.form import access_keys


class Failover(OrderedList):
    """The preference ``gateway_failover``."""

    def __init__(self, *, help: str, taken: str = "") -> None:
        words = Words(
            title=_("When a provider fails"),
            placeholder=_("ACCOUNT/MODEL, or a role"),
            listed=_("Models and roles to try, in their order"),
            box=_("Model or role to try"),
            add=_("Add the model or role to the list"),
            remove=_("Remove the selected entry from the list"),
            up=_("Try the selected entry earlier"),
            down=_("Try the selected entry later"),
        )
        super().__init__(
            "gateway_failover",
            words,
            access_keys((_("Add"), _("Remove"), _("Up"), _("Down")), taken),
            help=help,
            more=_("The first in the list that is not in trouble itself is tried. An empty list: no other is tried."),
            rows=4,
            check=gateway.failover_problem,
        )
