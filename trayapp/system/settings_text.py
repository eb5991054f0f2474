"""Changes the text of settings.toml where settings changed, and leaves every other line as its user wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from trayapp.core import schema
from trayapp.core.accounts import Account
from trayapp.core.rules import Rule
from trayapp.core.settings import VERSION, Settings

Raw = dict[str, Any]

HEADING = "# The settings of trayapp. Comments stay; API keys never belong here.\n"
_TABLES: Mapping[str, tuple[type[msgspec.Struct], str]] = {"accounts": (Account, "id"), "rules": (Rule, "name")}
"""What stands in the file as one table each, by its list: what it is, and the name that tells it from the others."""
_TABLE = re.compile(r"[ \t]*\[\[?[ \t]*([^\]]+?)[ \t]*\]\]?[ \t]*(?:#.*)?\Z")
_VERSION = re.compile(r"[ \t]*version[ \t]*=")


def merged(disk: Settings, base: Settings | None, new: Settings) -> Settings:
    """What the file should say: ``new`` wherever the program changed something since ``base``, else the file's own.

    So what the user edits by hand while the program runs is not undone by a click elsewhere. Tables are looked at
    entry by entry; lists and rules are one value, for their order counts. ``base`` None: everything is taken from
    ``new``.
    """
    if base is None:
        return new
    changed = {
        name: _value(getattr(disk, name), getattr(base, name), getattr(new, name))
        for name in Settings.__struct_fields__
        if name != "accounts" and getattr(new, name) != getattr(base, name)
    }
    before = {account.id: account for account in base.accounts}
    held = {account.id: account for account in disk.accounts}
    accounts: list[Account] = []
    for account in new.accounts:
        if account != before.get(account.id):
            accounts.append(account)
        elif account.id in held:
            accounts.append(held[account.id])
    known = {*before, *(account.id for account in new.accounts)}
    accounts += [account for account in disk.accounts if account.id not in known]
    return msgspec.structs.replace(disk, accounts=tuple(accounts), **changed)


def _value(disk: Any, base: Any, new: Any) -> Any:
    """The new value; of a table the new entries, and the file's own where nothing was changed."""
    if not isinstance(new, dict):
        return new
    kept = {key: value for key, value in disk.items() if key in new or key not in base}
    return {**kept, **{key: value for key, value in new.items() if key not in base or value != base[key]}}


def edited(text: str, wanted: Settings) -> str | None:
    """``text`` changed to say ``wanted``; None where only ``fresh`` can do that.

    Parts that could not be used stay as they are unless something else is wanted in their place.
    Raises what tomllib and ``schema.read_settings`` raise.
    """
    import tomllib

    raw = tomllib.loads(text)
    disk, _problems = schema.read_settings(raw)
    ends = "\r\n" if "\r\n" in text else "\n"
    blocks = _blocks(text.replace("\r\n", "\n"))
    try:
        _edit_preferences(blocks, raw, disk, wanted)
        for name in _TABLES:
            _edit_tables(blocks, raw, disk, wanted, name)
        result = "".join(block.text for block in blocks)
        understood, _problems = schema.read_settings(tomllib.loads(result))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return None  # tomlkit met a form that it cannot change, or the pieces do not fit
    if understood != wanted:
        return None
    return result.replace("\n", ends)


def fresh(raw: Mapping[str, Any], wanted: Settings) -> str:
    """The whole file anew: ``wanted``, and from ``raw`` the names that we do not know. Comments are lost."""
    raw = schema.migrated_settings(raw)
    lines = [HEADING, f"version = {VERSION}\n"]
    plain = schema.dump(wanted)
    tables = [_table_text(name, item) for name in _TABLES for item in plain.pop(name, ())]
    plain.update((name, value) for name, value in raw.items() if name not in Settings.__struct_fields__)
    lines += [_line(name, value) for name, value in plain.items() if name != "version"]
    return "".join([*lines, *tables])


def loses(text: str, result: str) -> bool:
    """Whether something in ``text`` that could not be used, but may be dear to its user, is not in ``result``."""
    import tomllib

    raw, new = tomllib.loads(text), tomllib.loads(result)
    for name, value in raw.items():
        if name in _TABLES:
            items = value if isinstance(value, list) else [value]
            kept = new.get(name, [])
            gone = [{name: [item]} for item in items if item not in kept]
        else:
            gone = [{name: value}] if name in Settings.__struct_fields__ and new.get(name) != value else []
        if any(schema.read_settings(part)[1] for part in gone):
            return True
    return False


class _Block:
    """A table with its header and the comment right above it, or what stands before the first."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text


def _blocks(text: str) -> list[_Block]:
    """Cut at each header; what is below a table stays with it.

    A header inside a long string is cut at as well; ``edited`` finds that out.
    """
    blocks = [_Block("", "")]
    comment: list[str] = []
    for line in re.findall(r"[^\n]*\n|[^\n]+", text):
        match = _TABLE.match(line.rstrip("\n"))
        table, dot, _below = match[1].partition(".") if match else ("", "", "")
        if match and not (dot and blocks[-1].name == table):
            blocks.append(_Block(table, "".join(comment) + line))
            comment = []
        elif line.lstrip().startswith("#"):
            comment.append(line)
        else:
            blocks[-1].text += "".join(comment) + line
            comment = []
    blocks[-1].text += "".join(comment)
    return blocks


def _edit_preferences(blocks: list[_Block], raw: Raw, disk: Settings, wanted: Settings) -> None:
    current = schema.migrated_settings(raw)
    changes = {name: value for name, value in current.items() if name not in _TABLES and raw.get(name) != value}
    changes |= {
        name: msgspec.to_builtins(getattr(wanted, name))
        for name in Settings.__struct_fields__
        if name not in _TABLES and getattr(wanted, name) != getattr(disk, name)
    }
    for name in raw.keys() - current.keys():  # a migration gave it another name
        _change(blocks, name)
    for name, value in changes.items():
        if name in raw:
            _change(blocks, name, value)
    new = [name for name in changes if name not in raw]
    new.sort(key=lambda name: name != "version")
    heading = [] if any(block.text.strip() for block in blocks) else [HEADING]
    blocks[0].text = _inserted(blocks[0].text, [*heading, *(_line(name, changes[name]) for name in new)])


def _change(blocks: list[_Block], name: str, *value: Any) -> None:
    """Give one name its value, or remove it, in the table of that name or in front of all tables."""
    import tomlkit

    block = next((block for block in blocks if block.name == name), blocks[0])
    doc = tomlkit.parse(block.text)
    if value:
        _put(doc, name, value[0])
    else:
        del doc[name]
    block.text = tomlkit.dumps(doc)


def _edit_tables(blocks: list[_Block], raw: Raw, disk: Settings, wanted: Settings, name: str) -> None:
    """Make the tables of one list say what is wanted; those that say it already stay as they are."""
    _kind, key = _TABLES[name]
    if getattr(disk, name) == getattr(wanted, name):
        return
    items = raw.get(name, [])
    own = [block for block in blocks if block.name == name]
    if isinstance(items, list) and len(own) == len(items) and (own or name not in raw):
        _check(own, items)
    else:  # written as one array, or as something else that held nothing of use
        import tomlkit

        head = tomlkit.parse(blocks[0].text)
        del head[name]
        blocks[0].text = tomlkit.dumps(head)
        items = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
        own = [_Block(name, _table_text(name, item)) for item in items]
        blocks += own
    held = {getattr(value, key): value for value in getattr(disk, name)}
    block_of: dict[str, _Block] = {}
    for block, item in zip(own, items, strict=True):
        called = item.get(key)
        usable = isinstance(called, str) and called in held and called not in block_of
        if usable and getattr(schema.read_settings({name: [item]})[0], name) == (held[called],):
            block_of[called] = block
    ordered: list[_Block] = []
    for value in getattr(wanted, name):
        called = getattr(value, key)
        if called not in block_of:
            ordered.append(_Block(name, _table_text(name, msgspec.to_builtins(value))))
            continue
        block = block_of.pop(called)
        if value != held[called]:
            _edit_table(block, value)
        ordered.append(block)
    removed = list(block_of.values())
    _rearrange(blocks, ordered, removed)


def _rearrange(blocks: list[_Block], ordered: list[_Block], removed: list[_Block]) -> None:
    """Put the tables in order into the places that their like had, the further ones at the end."""
    blocks[:] = [block for block in blocks if block not in removed]
    places = [number for number, block in enumerate(blocks) if block in ordered]
    for place, block in zip(places, ordered, strict=False):
        blocks[place] = block
    for block in ordered[len(places) :]:
        if blocks[-1].text and not blocks[-1].text.endswith("\n"):
            blocks[-1].text += "\n"
        blocks.append(block)
    for number, block in enumerate(blocks[:-1]):
        if block.text and not block.text.endswith("\n"):
            blocks[number].text += "\n"


def _edit_table(block: _Block, value: msgspec.Struct) -> None:
    import tomlkit

    doc: Any = tomlkit.parse(block.text)
    table = doc[block.name][0]
    plain: Raw = msgspec.to_builtins(value)
    for field in msgspec.structs.fields(_TABLES[block.name][0]):
        if field.name in plain:
            if table.get(field.name) != plain[field.name]:
                _put(table, field.name, plain[field.name])
        elif field.name in table:
            if field.default is None or field.default is msgspec.NODEFAULT:  # ttl and values
                del table[field.name]
            elif table[field.name] != msgspec.to_builtins(field.default):
                _put(table, field.name, msgspec.to_builtins(field.default))
    block.text = tomlkit.dumps(doc)


def _check(own: list[_Block], items: list[Any]) -> None:
    """Raises ValueError unless the pieces, read one by one, are what the whole was."""
    import tomllib

    for block, item in zip(own, items, strict=True):
        if tomllib.loads(block.text) != {block.name: [item]}:
            raise ValueError(block.text)


def _put(table: Any, name: str, value: Any) -> None:
    """Set one name and keep the comment beside it. Mappings are changed entry by entry."""
    if isinstance(value, dict) and isinstance(table.get(name), dict):
        inner = table[name]
        for gone in inner.keys() - value.keys():
            del inner[gone]
        for key, entry in value.items():
            if inner.get(key) != entry:
                _put(inner, key, entry)
    elif isinstance(value, dict):
        table[name] = _item(value)
    else:
        table[name] = value


def _inserted(head: str, lines: Iterable[str]) -> str:
    """Below the version if that comes first, else at the very top: there a line belongs to no table."""
    added = "".join(lines)
    if not added:
        return head
    at = 0
    for line in head.splitlines(keepends=True):
        at += len(line)
        if _VERSION.match(line):
            break
        if line.strip() and not line.lstrip().startswith("#"):
            at = 0
            break
    else:
        at = 0
    if at and not head[:at].endswith("\n"):
        added = "\n" + added
    return head[:at] + added + head[at:]


def _table_text(name: str, plain: Raw) -> str:
    return f"\n[[{name}]]\n" + "".join(_line(name, value) for name, value in plain.items())


def _line(name: str, value: Any) -> str:
    import tomlkit

    return f"{tomlkit.key(name).as_string()} = {_item(value).as_string()}\n"


def _item(value: Any) -> Any:
    """On one line, whatever it is: so it can stand anywhere."""
    import tomlkit

    if isinstance(value, Mapping):
        table = tomlkit.inline_table()
        for name, entry in value.items():
            table[name] = _item(entry)
        return table
    if isinstance(value, (list, tuple)):
        array = tomlkit.array()
        for entry in value:
            array.append(_item(entry))
        return array
    return tomlkit.item(value)
