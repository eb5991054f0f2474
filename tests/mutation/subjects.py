"""Which modules are changed, and which quick tests have to notice it: one row each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

LEAST = 0.9
"""The share of a module's mutants that has to be killed."""


class Subject(NamedTuple):
    """A module and the tests that stand beside it, as paths below the checkout."""

    module: str
    tests: Sequence[str]


SUBJECTS: Mapping[str, Subject] = {
    "policy": Subject("trayapp/local/policy.py", ["tests/local/test_policy.py"]),
    "fallback": Subject("trayapp/catalog/fallback.py", ["tests/catalog/test_fallback.py"]),
    "resolve": Subject("trayapp/gateway/resolve.py", ["tests/gateway/test_resolve.py"]),
    "guard": Subject("trayapp/gateway/guard.py", ["tests/gateway/test_guard.py"]),
    "schema": Subject("trayapp/core/schema.py", ["tests/core/test_schema.py", "tests/core/test_schema_preferences.py"]),
    "lenient": Subject("trayapp/core/lenient.py", ["tests/core/test_lenient.py", "tests/core/test_schema.py"]),
    "plan": Subject("trayapp/gateway/plan.py", ["tests/gateway/test_plan.py"]),
}
