"""What a model is for, by its name: the last resort where a list says nothing."""

from __future__ import annotations

import re
from functools import cache

from trayapp.core.models import Use

# Short words count only between separators, so that no name is hit in its middle.
_PATTERNS: tuple[tuple[Use, str], ...] = (
    (Use.RERANK, r"rerank"),
    (Use.EMBEDDING, r"embed|(?:^|[-_/.:])(?:bge|e5|gte|minilm)(?:[-_.:]|$)|retriever"),
    (
        Use.AUDIO,
        r"whisper|transcri|(?:^|[-_/.:])(?:tts|asr|audio|speech|voice|orpheus|parakeet|realtime|live|lyria)(?:[-_.:]|$)",
    ),
    (Use.VIDEO, r"(?:^|[-_/.:])(?:sora|veo|video)(?:[-_.:]|\d|$)"),
    (
        Use.IMAGE,
        r"(?:^|[-_/.:])(?:dall-e|image|imagen|flux|sdxl|stable-(?:diffusion|image))(?:[-_.:]|\d|$)",
    ),
    (Use.OTHER, r"moderation|guard(?:[-_.:]|\d|$)|-reward|(?:^|[-_/.:])(?:deplot|ocr)(?:[-_.:]|$)"),
)
_OPENAI_CHAT = r"(?:ft:)?(?:gpt-|o\d|chatgpt-)"
_OPENAI_OTHER = r"search|instruct|davinci|babbage|computer-use"


def by_name(model: str) -> Use | None:
    """Not for chat, and what for; None where the name says nothing, which is how chat models are named."""
    name = model.lower()
    return next((use for use, pattern in _PATTERNS if _compiled(pattern).search(name)), None)


def openai_use(model: str) -> Use:
    """OpenAI's own names, which say it all: a chat model begins like one and holds no other word."""
    name = model.lower()
    if found := by_name(name):
        return found
    chat = _compiled(_OPENAI_CHAT).match(name) and not _compiled(_OPENAI_OTHER).search(name)
    return Use.CHAT if chat else Use.OTHER


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # compiled when first asked for: launch reads the table and parses nothing
    return re.compile(pattern)
