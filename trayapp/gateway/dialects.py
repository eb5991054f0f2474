"""The dialects in and out, one row each: which functions read and write a request, an answer, an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from trayapp.core.secret import Secret
from trayapp.gateway import (
    anthropic_in,
    anthropic_in_answer,
    anthropic_out,
    anthropic_out_answer,
    completions_in,
    ollama_in,
    ollama_in_answer,
    ollama_out,
    ollama_out_answer,
    openai_chat_in,
    openai_chat_out,
    openai_chat_out_answer,
    responses_in,
    responses_in_answer,
)
from trayapp.gateway.exchange import Answer, Fault, Request, Stamp, Target
from trayapp.gateway.streams import StreamReader, StreamWriter
from trayapp.providers.spec import Dialect


class Spoken(StrEnum):
    """What a caller speaks: a dialect and a route of it that asks a model something."""

    CHAT = "openai-chat"
    RESPONSES = "openai-responses"
    COMPLETIONS = "openai-completions"
    MESSAGES = "anthropic-messages"
    OLLAMA_CHAT = "ollama-chat"
    OLLAMA_GENERATE = "ollama-generate"


class Inward(Struct, frozen=True):
    """A dialect as callers speak it."""

    dialect: Dialect
    read_request: Callable[[bytes], Request]
    """Raises BadRequestError."""
    write_answer: Callable[[Answer, Stamp, Request], bytes]
    """Raises GarbledError where the model wrote what the dialect cannot say."""
    stream_writer: Callable[[Stamp, Request], StreamWriter]
    write_error: Callable[[Fault], bytes]
    stream_type: str = "text/event-stream"
    """Content type of a stream; that of everything else is ``application/json``."""


class WriteRequest(Protocol):
    """Raises CannotCarryError or BadRequestError."""

    def __call__(self, request: Request, model: str, target: Target = ..., /) -> bytes: ...


class MakeReader(Protocol):
    """A reader of one stream. ``seed`` makes ids for calls without one; ``secrets`` are struck out of errors."""

    def __call__(self, seed: str = "", *secrets: Secret | None) -> StreamReader: ...


class Outward(Struct, frozen=True):
    """A dialect as upstreams speak it."""

    write_request: WriteRequest
    read_answer: Callable[[bytes, str], Answer]
    """Body and seed; raises GarbledError."""
    stream_reader: MakeReader


IN: Mapping[Spoken, Inward] = {
    Spoken.CHAT: Inward(
        Dialect.OPENAI,
        openai_chat_in.read_request,
        openai_chat_in.write_answer,
        openai_chat_in.StreamWriter,
        openai_chat_in.write_error,
    ),
    Spoken.RESPONSES: Inward(
        Dialect.OPENAI,
        responses_in.read_request,
        responses_in_answer.write_answer,
        responses_in_answer.StreamWriter,
        responses_in_answer.write_error,
    ),
    Spoken.COMPLETIONS: Inward(
        Dialect.OPENAI,
        completions_in.read_request,
        completions_in.write_answer,
        completions_in.StreamWriter,
        completions_in.write_error,
    ),
    Spoken.MESSAGES: Inward(
        Dialect.ANTHROPIC,
        anthropic_in.read_request,
        anthropic_in_answer.write_answer,
        anthropic_in_answer.StreamWriter,
        anthropic_in_answer.write_error,
    ),
    Spoken.OLLAMA_CHAT: Inward(
        Dialect.OLLAMA,
        ollama_in.read_chat,
        ollama_in_answer.write_chat,
        ollama_in_answer.StreamWriter,
        ollama_in_answer.write_error,
        "application/x-ndjson",
    ),
    Spoken.OLLAMA_GENERATE: Inward(
        Dialect.OLLAMA,
        ollama_in.read_generate,
        ollama_in_answer.write_generate,
        ollama_in_answer.GenerateWriter,
        ollama_in_answer.write_error,
        "application/x-ndjson",
    ),
}

OUT: Mapping[Dialect, Outward] = {
    Dialect.OPENAI: Outward(
        openai_chat_out.write_request, openai_chat_out_answer.read_answer, openai_chat_out_answer.AnswerReader
    ),
    Dialect.ANTHROPIC: Outward(
        anthropic_out.write_request, anthropic_out_answer.read_answer, anthropic_out_answer.AnswerReader
    ),
    Dialect.OLLAMA: Outward(ollama_out.write_request, ollama_out_answer.read_answer, ollama_out_answer.AnswerReader),
}
