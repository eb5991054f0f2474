"""Reads genai-prices: a module of literals and calls, walked as a syntax tree and never run.

Its entries have clauses that say which ids they price, and prices that begin on a day.
"""

from __future__ import annotations

import ast
import datetime
import re
from collections.abc import Callable, Iterator
from typing import Any

from trayapp.core.models import Price, Use

GENAI = {
    "anthropic": "anthropic",
    "aws": "bedrock",
    "azure": "azure-openai",
    "cerebras": "cerebras",
    "cohere": "cohere",
    "deepseek": "deepseek",
    "fireworks": "fireworks",
    "google": "gemini",
    "groq": "groq",
    "mistral": "mistral",
    "moonshotai": "moonshot",
    "openai": "openai",
    "openrouter": "openrouter",
    "perplexity": "perplexity",
    "together": "together",
    "x-ai": "xai",
    "zai": "zai",
}
Node = dict[str, Any]


def genai_prices(module: str) -> dict[str, list[Node]]:
    """Its models by our provider: calls become dicts with the called name under ``_``."""
    for statement in ast.parse(module).body:
        if isinstance(statement, ast.AnnAssign) and statement.value is not None:
            providers = _value(statement.value)
            return {GENAI[item["id"]]: item["models"] for item in providers if item["id"] in GENAI}
    raise ValueError("no list of providers in the module")


def _value(node: ast.expr) -> Any:
    match node:
        case ast.Constant():
            return node.value
        case ast.List() | ast.Tuple():
            return [_value(item) for item in node.elts]
        case ast.Dict():
            return {_value(key): _value(item) for key, item in zip(node.keys, node.values, strict=True) if key}
        case ast.UnaryOp(op=ast.USub()):
            return -_value(node.operand)
        case ast.Attribute() | ast.Name():
            return ast.unparse(node)
        case ast.Call():
            named = {item.arg: _value(item.value) for item in node.keywords if item.arg}
            return {"_": ast.unparse(node.func), "args": [_value(item) for item in node.args], **named}
    raise ValueError(f"not plain data: {ast.dump(node)[:80]}")


def fits(clause: Node, id: str) -> bool:
    """Whether one of their match clauses fits an id; as theirs do, without regard to case."""
    text = id.lower()
    match clause["_"]:
        case "ClauseOr":
            return any(fits(part, id) for part in clause["or_"])
        case "ClauseAnd":
            return all(fits(part, id) for part in clause["and_"])
        case "ClauseRegex":
            return re.search(clause["regex"], text) is not None
        case name:
            field, test = _TESTS[name]
            return test(text, clause[field].lower())


_TESTS: dict[str, tuple[str, Callable[[str, str], bool]]] = {
    "ClauseEquals": ("equals", str.__eq__),
    "ClauseStartsWith": ("starts_with", str.startswith),
    "ClauseEndsWith": ("ends_with", str.endswith),
    "ClauseContains": ("contains", str.__contains__),
}


def names(model: Node, id: str) -> bool:
    """Whether the entry means this very id, not a pattern that happens to fit it."""
    return id.lower() in (model["id"].lower(), *_equals(model["match"]))


def names_itself(model: Node) -> bool:
    """Whether the entry's own id is meant as an id of the API, not as a family's name."""
    return model["id"].lower() in _equals(model["match"]) and ":" not in model["id"]


def _equals(clause: Node) -> Iterator[str]:
    if clause["_"] == "ClauseEquals":
        yield clause["equals"].lower()
    for part in clause.get("or_", ()):
        yield from _equals(part)


def genai_price(model: Node, day: datetime.date, use: Use | None) -> Price | None:
    """The price that holds on ``day``; clauses for a time of day are left out."""
    prices = model["prices"]
    if isinstance(prices, list):
        held = [item["prices"] for item in prices if _holds(item.get("constraint"), day)]
        prices = held[-1] if held else prices[0]["prices"]
    parts = [_amount(prices.get(name)) for name in ("input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok")]
    if parts[1] is None and use is Use.EMBEDDING:
        parts[1] = "0"  # nothing comes out that could cost
    return Price.per_million(*parts)


def _holds(constraint: Node | None, day: datetime.date) -> bool:
    if constraint is None:
        return True
    return constraint["_"] == "StartDateConstraint" and datetime.date(*constraint["start_date"]["args"]) <= day


def _amount(value: Any) -> Any:
    """The base of a tiered price; Decimal('1.2') is read as its text."""
    if isinstance(value, dict):
        return _amount(value["base"]) if value["_"] == "TieredPrices" else value["args"][0]
    return value
