"""Benchmarks, each against its own limit and its own baseline in the same run: ``python -m tests.bench NAME``."""
