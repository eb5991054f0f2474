"""Strikes keys out of text that a person or a log is going to see."""

from __future__ import annotations

import re

from trayapp.core.secret import Secret

STRUCK = "…"

# Each vendor's own beginnings, then anything that calls itself a key, then what is too long and too mixed for
# a word: Mistral, Cohere, DeepInfra and Azure give their keys no beginning. Echoed keys are often masked in the
# middle with stars, so stars count as key letters. A letter before it makes it a word ("task-…"), unless that
# letter belongs to an escape ("\nsk-…").
_SHAPES = re.compile(
    r"""
    (?:(?<![A-Za-z])|(?<=\\[nrt]))
      (?:sk-|gsk_|xai-|nvapi-|hf_|r8_|pplx-|csk-|fw_|tgp_v1_|AIza|AQ\.|ya29\.|ABSK|bedrock-api-key-
        |github_pat_|gh[opsu]_|api_org_|A[KS]IA|eyJ)[A-Za-z0-9_\-*.+/=]{6,}
    | (?<=[Bb]earer\s)[^\s"',;]{6,}
    | (?:(?<![A-Za-z0-9\\])|(?<=\\[nrt]))[0-9a-f]{32}\.[A-Za-z0-9]{16}
    | (?:(?<![A-Za-z0-9\\])|(?<=\\[nrt]))(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])
      [A-Za-z0-9]{32,}[A-Za-z0-9_\-]*(?:\.[A-Za-z0-9]{16})?
    | (?:(?<=[?&]key=)|(?<=api_key=)|(?<=apikey=)|(?<=token=))[^\s&"']{6,}
    """,
    re.VERBOSE,
)


def struck(text: str, *known: Secret | None) -> str:
    """``text`` without these keys and without anything that looks like one."""
    for secret in known:
        if secret:
            text = secret.struck_from(text, STRUCK)
    return _SHAPES.sub(STRUCK, text)
