"""Artefacts tried as their users have them: installed into a bare Debian, started there, used, removed."""
