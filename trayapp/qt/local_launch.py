"""The models that are warmed up when the program starts, one after the other, in an order of the user's."""

from __future__ import annotations

from collections.abc import Sequence

from trayapp.core.language import _
from trayapp.qt.ordered_list import OrderedList, Words
from trayapp.ui import rule_form


class AtLaunch(OrderedList):
    """The preference ``warm_at_launch``."""

    def __init__(self, labels: Sequence[str], *, help: str) -> None:
        """``labels``: of Add, Remove, Up and Down, with their access keys marked."""
        words = Words(
            title=_("Warm up at the start"),
            placeholder=_("ACCOUNT/MODEL"),
            listed=_("Models to warm up, in their order"),
            box=_("Model to warm up at the start"),
            add=_("Add the model to the list"),
            remove=_("Remove the selected model from the list"),
            up=_("Load the selected model earlier"),
            down=_("Load the selected model later"),
        )
        super().__init__("warm_at_launch", words, labels, help=help, rows=3, check=rule_form.model_problem)
