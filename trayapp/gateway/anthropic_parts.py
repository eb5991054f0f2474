"""What reading and writing Anthropic's messages have in common: why an answer ended, and its tokens."""

from __future__ import annotations

from typing import Any

from trayapp.gateway.answers import counted
from trayapp.gateway.exchange import StopReason, Usage

STOPS = {
    StopReason.END: "end_turn",
    StopReason.LENGTH: "max_tokens",
    StopReason.TOOLS: "tool_use",
    StopReason.SEQUENCE: "stop_sequence",
    StopReason.FILTER: "refusal",
    StopReason.REFUSAL: "refusal",
}
"""Anthropic's words."""
REASONS = {
    "end_turn": StopReason.END,
    "max_tokens": StopReason.LENGTH,
    "model_context_window_exceeded": StopReason.LENGTH,
    "tool_use": StopReason.TOOLS,
    "stop_sequence": StopReason.SEQUENCE,
    "refusal": StopReason.REFUSAL,
    # a pause for Anthropic's own tools, of which none were offered
    "pause_turn": StopReason.END,
}


def usage_body(usage: Usage) -> dict[str, Any]:
    """The tokens as Anthropic tells them: cached ones are no part of ``input_tokens``."""
    body: dict[str, Any] = {
        "input_tokens": max(0, usage.input - usage.cached_read - usage.cached_write),
        "cache_creation_input_tokens": usage.cached_write,
        "cache_read_input_tokens": usage.cached_read,
        "output_tokens": usage.output,
    }
    if usage.reasoning:
        body["output_tokens_details"] = {"thinking_tokens": usage.reasoning}
    return body


def usage_of(said: Any, before: Usage | None = None) -> Usage | None:
    """The tokens that an answer tells; what it leaves out stays as it was told ``before``."""
    if not isinstance(said, dict):
        return before
    held = before or Usage()
    fresh = held.input - held.cached_read - held.cached_write
    if isinstance(said.get("input_tokens"), int):
        fresh = counted(said["input_tokens"])
    read, write = said.get("cache_read_input_tokens"), said.get("cache_creation_input_tokens")
    cached_read = held.cached_read if read is None else counted(read)
    cached_write = held.cached_write if write is None else counted(write)
    details = said.get("output_tokens_details")
    thinking = counted(details.get("thinking_tokens")) if isinstance(details, dict) else 0
    return Usage(
        input=fresh + cached_read + cached_write,
        output=counted(said.get("output_tokens")) or held.output,
        cached_read=cached_read,
        cached_write=cached_write,
        reasoning=thinking or held.reasoning,
    )
