"""The neutral form in which two dialects meet: what is asked, what is answered, and what streams in between.

Whatever a dialect's reader cannot put into these values it refuses with a sentence; whatever a dialect's writer
cannot say of them it refuses as well. The lists of what is left out on purpose stand in the package's docstring.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from msgspec import Struct

from trayapp.core.errors import UserError


class BadRequestError(UserError):
    """The caller's request makes no sense; the text is a full sentence for its author."""

    status = 400

    def __init__(self, sentence: str, parameter: str = "") -> None:
        super().__init__(sentence)
        self.parameter = parameter
        """Path of the field at fault, such as ``messages[2].content[0].type``; empty: the whole body."""


class CannotCarryError(BadRequestError):
    """The request is sound, but the dialect of the chosen model has no word for a part of it."""


class GarbledError(Exception):
    """What came from upstream is no answer in its dialect; the text is a full sentence."""

    status = 502


_KINDS = {"/9j/": "image/jpeg", "R0lG": "image/gif", "UklG": "image/webp"}


class Text(Struct, frozen=True, tag="text"):
    """Words."""

    text: str


class Image(Struct, frozen=True, tag="image"):
    """A picture: either an address or its bytes in base64 with their media type (``image/png``)."""

    url: str = ""
    data: str = ""
    media_type: str = ""
    detail: str = ""
    """How closely OpenAI is to look (``low``, ``high``); the others always look closely."""

    @property
    def kind(self) -> str:
        """The media type; where it is not told, as by Ollama's callers, by the first letters of the base64."""
        return self.media_type or _KINDS.get(self.data[:4], "image/png")


class Thinking(Struct, frozen=True, tag="thinking"):
    """What a model said to itself. ``signature`` and ``redacted`` mean something to Anthropic only."""

    text: str = ""
    signature: str = ""
    redacted: str = ""
    """Encrypted thinking; then there is no text."""


class Refusal(Struct, frozen=True, tag="refusal"):
    """A model's own words for not answering."""

    text: str


class ToolCall(Struct, frozen=True, tag="tool_call"):
    """A model wants a tool to be run."""

    id: str
    name: str
    arguments: str
    """JSON text of an object as the model wrote it; empty means none. A model may have written nonsense."""


class ToolResult(Struct, frozen=True, tag="tool_result"):
    """What a tool gave back; stands in a user's message."""

    id: str
    """Id of the call it answers."""
    parts: tuple[Text | Image, ...]
    is_error: bool = False
    name: str = ""
    """The tool's name, where the request tells it."""


Part = Text | Image | Thinking | Refusal | ToolCall | ToolResult
AnswerPart = Text | Thinking | Refusal | ToolCall


class Role(StrEnum):
    """Who speaks. A system message among the others is one that does not open the conversation."""

    USER = "user"
    ASSISTANT = "assistant"
    SYSTEM = "system"


class Message(Struct, frozen=True):
    """One turn."""

    role: Role
    parts: tuple[Part, ...]
    name: str = ""
    """OpenAI's name of a participant."""


class Tool(Struct, frozen=True):
    """A function that the model may ask for."""

    name: str
    description: str = ""
    schema: dict[str, Any] = {}
    """JSON schema of its arguments."""
    strict: bool | None = None
    """Whether the arguments must fit the schema; None: not said."""


class Choice(StrEnum):
    """Whether a tool must, may or must not be called."""

    AUTO = "auto"
    NONE = "none"
    REQUIRED = "required"


class ToolChoice(Struct, frozen=True):
    """``name`` narrows REQUIRED to one tool."""

    mode: Choice = Choice.AUTO
    name: str = ""


class Effort(StrEnum):
    """How much a model may think, from OpenAI's ``none`` to Anthropic's ``max``."""

    NONE = "none"
    MINIMAL = "minimal"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    XHIGH = "xhigh"
    MAX = "max"


_NEAR = ((4_096, Effort.LOW), (16_384, Effort.MEDIUM))


def effort_near(budget: int) -> Effort:
    """The effort that comes nearest to so many tokens of thinking."""
    return next((effort for most, effort in _NEAR if budget <= most), Effort.HIGH)


class Reasoning(Struct, frozen=True):
    """What was said about thinking; any of the three may be missing."""

    effort: Effort | None = None
    budget: int | None = None
    """Tokens."""
    wanted: bool | None = None
    """A plain yes or no, as Ollama's ``think`` and Anthropic's ``thinking.type``."""


class Format(Struct, frozen=True):
    """The answer must be JSON; with a schema, of that form."""

    schema: dict[str, Any] | None = None
    name: str = ""
    description: str = ""
    strict: bool | None = None


class Sampling(Struct, frozen=True, omit_defaults=True):
    """How the next word is drawn; None: not said, so the chosen model's own default counts."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    repeat_penalty: float | None = None
    stop: tuple[str, ...] = ()
    logit_bias: dict[str, float] = {}
    logprobs: bool = False
    top_logprobs: int = 0


class Request(Struct, frozen=True):
    """One question to a model, in nobody's dialect."""

    model: str
    messages: tuple[Message, ...] = ()
    system: tuple[Text, ...] = ()
    """What opens the conversation before anybody speaks."""
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice = ToolChoice()
    parallel: bool | None = None
    """Whether several tools may be called at once; None: not said."""
    max_tokens: int | None = None
    sampling: Sampling = Sampling()
    format: Format | None = None
    reasoning: Reasoning = Reasoning()
    verbosity: str = ""
    """OpenAI's ``low`` or ``high``; empty: not said, or medium."""
    user: str = ""
    """The caller's own mark for its user, opaque."""
    stream: bool = False
    include_usage: bool = True
    """Whether the caller wants the tokens told at the end of a stream (OpenAI: only if asked)."""


class Target(Struct, frozen=True):
    """What is known of the upstream a request is written for; every default is the careful choice."""

    max_output: int | None = None
    """The model's own limit in tokens, where the catalogue knows it."""
    thinks: bool | None = None
    """Whether the model can think; False: what was said about thinking is left out, as it would be refused."""
    own: bool = False
    """It is OpenAI itself (or Azure), not one of its many imitators."""
    thinking_back: bool = False
    """It wants the model's earlier thinking back as ``reasoning_content``, as DeepSeek and Moonshot do while tools
    are called; others refuse the field."""
    ask_usage: bool = True
    """An OpenAI upstream is asked for tokens at the end of a stream, whether or not the caller asked."""
    openai_caller: bool = False
    """The caller speaks OpenAI's dialect, in which ``temperature`` and ``top_p`` are 1 unless said."""


class Usage(Struct, frozen=True):
    """Tokens. ``input`` counts all of them, cached ones too (Anthropic's own figure leaves these out)."""

    input: int = 0
    output: int = 0
    cached_read: int = 0
    cached_write: int = 0
    reasoning: int = 0
    """How many of ``output`` were thinking."""


class StopReason(StrEnum):
    """Why an answer ended."""

    END = "end"
    LENGTH = "length"
    TOOLS = "tools"
    SEQUENCE = "sequence"
    """One of the caller's stop words came."""
    FILTER = "filter"
    """The vendor's filter cut it off."""
    REFUSAL = "refusal"


class Answer(Struct, frozen=True):
    """A whole answer."""

    parts: tuple[AnswerPart, ...] = ()
    stop: StopReason = StopReason.END
    sequence: str = ""
    """The stop word that came, where it is told."""
    usage: Usage | None = None
    """None: not told."""
    model: str = ""
    """What upstream calls the model; callers are told the name they asked for."""
    logprobs: tuple[dict[str, Any], ...] = ()
    """One object per token, as OpenAI and Ollama both write them."""


class Start(Struct, frozen=True, tag="start"):
    """Upstream has begun to answer; comes at most once and first."""

    model: str = ""
    usage: Usage | None = None
    """What is known of the input already."""


class TextDelta(Struct, frozen=True, tag="text"):
    """More words."""

    text: str
    logprobs: tuple[dict[str, Any], ...] = ()


class ThinkingDelta(Struct, frozen=True, tag="thinking"):
    """More thinking, or the signature that ends it, or a redacted piece."""

    text: str = ""
    signature: str = ""
    redacted: str = ""


class RefusalDelta(Struct, frozen=True, tag="refusal"):
    """More of a refusal."""

    text: str


class ToolStart(Struct, frozen=True, tag="tool_start"):
    """A tool call begins. Calls are counted from zero, in the order in which they began."""

    index: int
    id: str
    name: str


class ToolDelta(Struct, frozen=True, tag="tool_delta"):
    """More JSON text of a call's arguments; calls may interleave."""

    index: int
    arguments: str


class PartEnd(Struct, frozen=True, tag="part_end"):
    """The piece of text, thinking or the call that came last is complete."""


class Ping(Struct, frozen=True, tag="ping"):
    """Upstream is alive and has nothing to say yet."""


class Stop(Struct, frozen=True, tag="stop"):
    """The answer is whole: the last event of a good stream."""

    reason: StopReason = StopReason.END
    sequence: str = ""
    usage: Usage | None = None


class Fault(Struct, frozen=True, tag="fault"):
    """What went wrong: the last event of a bad stream, and what every error body is made from."""

    message: str
    """A full sentence, free of keys."""
    status: int = 502
    parameter: str = ""
    code: str = ""
    """A short word for programs, such as ``model_not_found``; may be empty."""


Event = Start | TextDelta | ThinkingDelta | RefusalDelta | ToolStart | ToolDelta | PartEnd | Ping | Stop | Fault


class Stamp(Struct, frozen=True):
    """What an answer carries besides its content; the gateway hands it in, for this code has no clock."""

    id: str
    """Letters and digits, new for every request; each dialect puts its own beginning before it."""
    model: str
    """The name the caller asked for."""
    created: float
    """Seconds since the epoch."""
    elapsed: Callable[[], float] = float
    """Seconds since the request came, asked when an answer ends (Ollama's clients divide by it)."""
