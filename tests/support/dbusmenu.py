"""A menu as its program describes it over D-Bus (com.canonical.dbusmenu)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Node:
    """One entry of a menu as its host was told of it."""

    id: int
    props: dict[str, Any]
    children: list[Node] = field(default_factory=list)

    @property
    def label(self) -> str:
        """As a host shows it: one underscore marks the access key, two are one."""
        return str(self.props.get("label", "")).replace("__", "\0").replace("_", "").replace("\0", "_")

    @property
    def separator(self) -> bool:
        return bool(self.props.get("type") == "separator")

    @property
    def enabled(self) -> bool:
        return bool(self.props.get("enabled", True))

    @property
    def visible(self) -> bool:
        return bool(self.props.get("visible", True))

    @property
    def checkable(self) -> bool:
        return bool(self.props.get("toggle-type"))

    @property
    def checked(self) -> bool:
        return bool(self.props.get("toggle-state", 0) == 1)

    @property
    def submenu(self) -> bool:
        return bool(self.props.get("children-display") == "submenu")

    @property
    def labels(self) -> list[str]:
        return [child.label for child in self.children if not child.separator]

    def child(self, label: str) -> Node:
        for child in self.children:
            if child.label == label and not child.separator:
                return child
        raise LookupError(f"no “{label}” among {self.labels[:40]}")

    def walk(self) -> Iterator[Node]:
        yield self
        for child in self.children:
            yield from child.walk()

    def dump(self, depth: int = 0) -> str:
        """The menu as text, for a failing test to show."""
        mark = ("(•) " if self.checked else "( ) ") if self.checkable else ""
        line = "-----" if self.separator else f"{mark}{self.label}{'' if self.enabled else '   [disabled]'}"
        return "\n".join(["  " * depth + line, *(child.dump(depth + 1) for child in self.children)])


def node(raw: Any) -> Node:
    """From the answer of GetLayout: a number, properties, and the children in the same form."""
    number, props, children = raw
    return Node(number, {name: value[1] for name, value in props.items()}, [node(child[1]) for child in children])
