"""Bytes and values of a provider's answer, taken for what they are: what the readers of all dialects do alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from trayapp.core.language import _
from trayapp.gateway.exchange import GarbledError
from trayapp.gateway.faults import fault_in_stream
from trayapp.gateway.fields import UNREADABLE

T = TypeVar("T")


def decoded(decode: Callable[[bytes], T], body: bytes) -> T:
    """A whole answer, or GarbledError."""
    try:
        return decode(body)
    except UNREADABLE as error:
        raise unreadable(error) from error


def unreadable(error: Exception) -> GarbledError:
    """What to raise for an answer that is none of its dialect."""
    return GarbledError(_("The provider's answer cannot be read: {reason}").format(reason=error))


def no_answer(error: Any) -> GarbledError:
    """What to raise where an answer should be: in the provider's words, where it says what is wrong."""
    return GarbledError(fault_in_stream(error).message if error else _("The provider sent no answer."))


def text_of(value: Any) -> str:
    """A text as it is; empty for anything else."""
    return value if isinstance(value, str) else ""


def counted(value: Any) -> int:
    """A number of tokens; zero for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
