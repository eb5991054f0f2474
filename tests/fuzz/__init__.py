"""Hostile bytes for every parser: one table of targets, a short form for the suite, a long one with atheris."""
