"""Reads a request field by field with the path of each, and refuses in a sentence what nobody reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from trayapp.core.language import _
from trayapp.gateway.exchange import BadRequestError, CannotCarryError

_decode = msgspec.json.Decoder().decode
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that are no JSON; the last for an abyss of brackets."""


def must_be(path: str, kind: str) -> BadRequestError:
    """The error for a value of the wrong kind."""
    return BadRequestError(_("“{field}” must be {kind}.").format(field=path or _("The body"), kind=kind), path)


def cannot(path: str, why: str = "") -> CannotCarryError:
    """The error for what the chosen model's dialect has no word for."""
    said = _("“{field}” cannot be carried to the chosen model.").format(field=path)
    hint = why or _("Its API has no such setting: leave it out, or choose a model of a provider that speaks your API.")
    return CannotCarryError(f"{said} {hint}", path)


def unknown(path: str) -> CannotCarryError:
    """The error for a field that no translation knows."""
    return cannot(path, _("The gateway does not know it and cannot translate it: leave it out."))


class Fields:
    """One object of a request. What is null counts as absent; what was not read when ``done`` is called, as unknown."""

    __slots__ = ("_left", "path")

    def __init__(self, value: object, path: str = "") -> None:
        if not isinstance(value, dict):
            raise must_be(path, _("an object"))
        self._left: dict[str, Any] = {name: item for name, item in value.items() if item is not None}
        self.path = path

    def at(self, name: str) -> str:
        """The path of one of its fields."""
        return f"{self.path}.{name}" if self.path else name

    def __contains__(self, name: str) -> bool:
        return name in self._left

    def take(self, name: str) -> Any:
        """The value as it is; None where there is none."""
        return self._left.pop(name, None)

    def leave(self, *names: str) -> None:
        """These need no translation: why, is said where their names stand."""
        for name in names:
            self._left.pop(name, None)

    def text(self, name: str, default: str = "") -> str:
        value = self._left.pop(name, default)
        if not isinstance(value, str):
            raise must_be(self.at(name), _("a text"))
        return value

    def needed(self, name: str) -> str:
        """A text that must be there and must not be empty."""
        value = self.text(name)
        if not value:
            raise BadRequestError(_("“{field}” is missing.").format(field=self.at(name)), self.at(name))
        return value

    def flag(self, name: str) -> bool | None:
        value = self._left.pop(name, None)
        if value is not None and not isinstance(value, bool):
            raise must_be(self.at(name), _("true or false"))
        return value

    def number(self, name: str) -> float | None:
        value = self._left.pop(name, None)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise must_be(self.at(name), _("a number"))
        return value

    def integer(self, name: str, least: int | None = None) -> int | None:
        value = self.number(name)
        if value is None:
            return None
        if value != value or value in (float("inf"), float("-inf")) or value != int(value):
            raise must_be(self.at(name), _("a whole number"))
        if least is not None and value < least:
            raise must_be(self.at(name), _("at least {least}").format(least=least))
        return int(value)

    def one_of(self, name: str, *words: str) -> str:
        """One of these words; empty where there is none."""
        value = self.text(name)
        if value and value not in words:
            raise must_be(self.at(name), _("one of: {words}").format(words=", ".join(words)))
        return value

    def items(self, name: str) -> list[Any]:
        value = self._left.pop(name, None)
        if value is None:
            return []
        if not isinstance(value, list):
            raise must_be(self.at(name), _("a list"))
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts, or one text for a list of one."""
        value = self._left.pop(name, None)
        if value is None:
            return ()
        value = [value] if isinstance(value, str) else value
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise must_be(self.at(name), _("a text or a list of texts"))
        return tuple(value)

    def mapping(self, name: str) -> dict[str, Any]:
        """An object as it is; empty where there is none."""
        value = self._left.pop(name, None)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise must_be(self.at(name), _("an object"))
        return value

    def fields(self, name: str) -> Fields:
        """An object to be read like this one; an absent one is empty."""
        return Fields(self._left.pop(name, {}), self.at(name))

    def each(self, name: str) -> Iterator[Fields]:
        """The objects of a list."""
        return objects(self.items(name), self.at(name))

    def only(self, name: str, *values: object) -> None:
        """Refuses a value that is none of these, which mean the same as leaving it out."""
        if name in self._left and self._left.pop(name) not in values:
            raise cannot(self.at(name))

    def done(self) -> None:
        """Everything that counts has been read."""
        for name in self._left:
            raise unknown(self.at(name))


def objects(values: list[Any], path: str) -> Iterator[Fields]:
    """The objects of a list, each with its path."""
    for number, value in enumerate(values):
        yield Fields(value, f"{path}[{number}]")


def body_fields(body: bytes) -> Fields:
    """The fields of a request's body, or BadRequestError."""
    try:
        return Fields(_decode(body))
    except UNREADABLE as error:
        raise BadRequestError(_("The body is not JSON that can be read: {reason}").format(reason=error)) from error
