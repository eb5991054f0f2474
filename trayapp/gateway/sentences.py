"""What a caller is told when it gets no answer: a fault in its own dialect, in a sentence that says what to click."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from trayapp.core.errors import Failure, Kind, ProviderError, UserError
from trayapp.core.language import _, open_ended, with_detail
from trayapp.core.redaction import struck
from trayapp.gateway import faults, routes
from trayapp.gateway.dialects import IN, Spoken
from trayapp.gateway.exchange import BadRequestError, Fault, Request, Stamp
from trayapp.gateway.framing import named_event
from trayapp.gateway.plan import Route
from trayapp.providers.spec import Dialect

SPOKEN = {
    Route.CHAT: Spoken.CHAT,
    Route.COMPLETIONS: Spoken.COMPLETIONS,
    Route.RESPONSES: Spoken.RESPONSES,
    Route.MESSAGES: Spoken.MESSAGES,
    Route.OLLAMA_CHAT: Spoken.OLLAMA_CHAT,
    Route.OLLAMA_GENERATE: Spoken.OLLAMA_GENERATE,
}
"""Routes that ask for words, as the translation names them."""
_STATUS = {
    Kind.NO_KEY: 401,
    Kind.REFUSED: 401,
    Kind.FORBIDDEN: 403,
    Kind.GONE: 404,
    Kind.LIMITED: 429,
    Kind.NOT_RUNNING: 503,
    Kind.LOCKED: 503,
    Kind.NO_KEYRING: 503,
    Kind.DENIED: 503,
}
_encode = msgspec.json.Encoder().encode


def words(path: str, status: int, reason: str, sentence: str) -> tuple[str, bytes]:
    """For the listener: a refusal in the dialect of whoever asks at this path."""
    return "application/json", error_body(routes.dialect_of(path), Fault(sentence, status, code=str(reason)))


def error_body(dialect: Dialect, fault: Fault) -> bytes:
    """The body of an error that came before any answer."""
    if dialect is Dialect.ANTHROPIC:
        return faults.anthropic_error(fault)
    return faults.ollama_error(fault) if dialect is Dialect.OLLAMA else faults.openai_error(fault)


def error_frame(route: Route, fault: Fault, *, between: bool) -> bytes:
    """What ends a stream that was cut, in its dialect; where it is not ``between`` events it closes half of one first.

    Ollama's clients stumble over an empty line, so there is none but for that.
    """
    close = b"" if between else b"\n" if route.dialect is Dialect.OLLAMA else b"\n\n"
    if route is Route.RESPONSES:
        said = {"type": "error", "code": fault.code or "server_error", "message": fault.message, "param": None}
        return close + named_event("error", _encode(said))
    spoken = SPOKEN.get(route)
    if spoken is None:
        return b""
    writer = IN[spoken].stream_writer(Stamp("", "", 0.0), Request(""))
    return close + writer.write(fault)


def of_error(exc: ProviderError | UserError, name: str = "") -> Fault:
    """The fault behind an error. ``name`` is what the account is called, where it is about one."""
    if isinstance(exc, ProviderError):
        return _of_provider(exc, name)
    parameter = exc.parameter if isinstance(exc, BadRequestError) else ""
    code = getattr(exc, "reason", "")
    status = getattr(exc, "status", 400)
    return Fault(struck(str(exc)), status, parameter, str(code) or ("model_not_found" if status == 404 else ""))


def _of_provider(exc: ProviderError, name: str) -> Fault:
    status = _STATUS.get(exc.failure.kind, 502)
    if isinstance(exc.__context__, TimeoutError) and status == 502:
        status = 504
    return Fault(struck(sentence(exc.failure, name)), status, code=exc.failure.kind.value)


def sentence(failure: Failure, name: str) -> str:
    """What is wrong with an account, what the provider said of it, and what to do about it."""
    told = _told(failure.kind)
    if not told:
        return failure.detail or _("{name} could not be asked.").format(name=name)
    said, remedy = (it.format(name=name, id=failure.provider) for it in told)
    ours = failure.kind in (Kind.NO_KEY, Kind.LOCKED, Kind.DENIED, Kind.NO_KEYRING)  # no provider was asked
    return f"{with_detail(said, '' if ours else failure.detail)} {remedy}"


def _told(kind: Kind) -> tuple[str, str] | None:
    unlock = _("Unlock it: “Keyring locked – unlock…” in trayapp's menu. Then try again.")
    return {
        Kind.NO_KEY: (
            _("{name} has no key."),
            _("Add one in trayapp: Settings… → Providers, or “trayapp key set {id}”."),
        ),
        Kind.REFUSED: (
            _("{name} refused the key that trayapp holds for it."),
            _("Replace it: Settings… → Providers, or “trayapp key set {id}”."),
        ),
        Kind.FORBIDDEN: (
            _("{name} does not allow this with your key, region or network."),
            _("Check with the provider what the key may do, or click another model in trayapp's menu."),
        ),
        Kind.LIMITED: (
            _("{name} asks to wait: too many requests, or no credit left."),
            _("Wait, or click another model in trayapp's menu."),
        ),
        Kind.GONE: (
            _("{name} does not have what was asked for."),
            _("Click another model in trayapp's menu, or check the address in Settings… → Providers."),
        ),
        Kind.NOT_RUNNING: (
            _("{name} is not running."),
            _("Start it, or click a model of another provider in trayapp's menu."),
        ),
        Kind.UNREACHABLE: (
            _("{name} does not answer."),
            _("Check the network, or click a model of another provider in trayapp's menu."),
        ),
        Kind.TLS: (
            _("The connection to {name} could not be trusted."),
            _("Check this computer's clock, its proxy and its certificates."),
        ),
        Kind.GARBLED: (
            _("{name} gave an answer that could not be read."),
            _("Check its address in Settings… → Providers."),
        ),
        Kind.LOCKED: (_("The key of {name} cannot be read, for the keyring is locked."), unlock),
        Kind.DENIED: (_("The key of {name} cannot be read, for the keyring was not unlocked."), unlock),
        Kind.NO_KEYRING: (
            _("The key of {name} cannot be read, for this system has no keyring."),
            _("Install one, such as GNOME Keyring or KWallet, and log in again."),
        ),
    }.get(kind)


def of_answer(fault: Fault, failure: Failure, name: str, model: str) -> Fault | None:
    """Our own sentence for an answer that the user can do something about; None where the provider's own will do.

    ``fault`` is what the provider said. A refused key is always told in our words: theirs quote it.
    """
    if failure.kind in (Kind.REFUSED, Kind.NO_KEY, Kind.FORBIDDEN):
        return replace(fault, message=sentence(failure, name), code=fault.code or failure.kind.value)
    if failure.kind is Kind.GONE and (fault.code == "model_not_found" or "model" in fault.message.casefold()):
        told = _("{name} has no model “{model}” ({said}). Click another in trayapp's menu.")
        message = told.format(name=name, model=model, said=open_ended(fault.message))
        return replace(fault, message=message, code="model_not_found")
    return None
