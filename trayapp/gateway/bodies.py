"""Request bodies: read within a limit, decoded within the same, changed in a few fields and nowhere else."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from typing import Any

import msgspec

from trayapp.core.language import _
from trayapp.gateway.refusal import Reason, RefusedError

_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_any = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_KEY = re.compile(rb'[\s,{]*("[^"\\]*(?:\\.[^"\\]*)*")\s*:\s*', re.DOTALL)
_CODINGS = {"gzip": 31, "x-gzip": 31, "deflate": 47}
"""Encodings to zlib's ``wbits``; deflate comes with a zlib header or, from some, with none."""
_STEP = 2**16
_MEMBERS = 100
"""Parts of one body that are packed by themselves: gzip may hold several, clients send one."""
_NOT_PADDING = re.compile(rb"[^\0]")


class Body:
    """The object in a request's body. Only its top level is parsed: values stay the bytes that they were.

    So big integers, the spelling of numbers, the order of fields and unknown fields all pass as they came.
    """

    def __init__(self, body: bytes) -> None:
        """Raises RefusedError (400) for what is no JSON object, or names a field twice."""
        try:
            self._fields: dict[str, Any] = _decode(body)
        except msgspec.ValidationError:
            raise _bad(_("The body has to be a JSON object.")) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            if not body.strip():
                raise _bad(_("The body is missing: it has to be a JSON object.")) from None
            raise _bad(_("The body is not readable as JSON: {reason}.").format(reason=_reason(exc))) from None
        _no_field_twice(body, self._fields)
        self._as_it_came: bytes | None = body

    @property
    def model(self) -> str:
        """Empty where none is named. Raises RefusedError for what is no text."""
        value = self.get("model", "")
        if not isinstance(value, str):
            raise _bad(_("“model” has to be a text."))
        return value

    @property
    def stream(self) -> bool | None:
        """None where it is not said. Raises RefusedError for what is neither true nor false."""
        value = self.get("stream")
        if value is not None and not isinstance(value, bool):
            raise _bad(_("“stream” has to be true or false."))
        return value

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def get(self, name: str, default: Any = None) -> Any:
        """A field's value, parsed now. Raises RefusedError for what is no JSON, which nobody has looked at before."""
        raw = self._fields.get(name)
        if raw is None:
            return default
        try:
            return _any(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            words = _("“{name}” in the body is not readable as JSON: {reason}.")
            raise _bad(words.format(name=name, reason=_reason(exc))) from None

    def put(self, name: str, value: Any) -> None:
        """Replace a field, where it stands, or add it at the end."""
        self._fields[name] = msgspec.Raw(_encode(value))
        self._as_it_came = None

    def drop(self, name: str) -> None:
        if self._fields.pop(name, None) is not None:
            self._as_it_came = None

    def ask_for_usage(self) -> bool:
        """Have an OpenAI stream tell its tokens. True if the caller did not ask, so must not see that chunk."""
        options = self.get("stream_options")
        if not isinstance(options, dict):
            options = {}
        if options.get("include_usage") is True:
            return False
        self.put("stream_options", {**options, "include_usage": True})
        return True

    def encoded(self) -> bytes:
        """The body to be sent; as it came where nothing was changed."""
        return _encode(self._fields) if self._as_it_came is None else self._as_it_came


def declared_length(value: str | None, limit: int) -> int | None:
    """The length that the headers tell. Raises RefusedError (413) before anything is read."""
    if value is None:
        return None
    length = int(value) if value.isdecimal() and len(value) < 19 else limit + 1
    if length > limit:
        raise too_large(limit)
    return length


def known(coding: str) -> bool:
    """Whether a body with this content-encoding can be read."""
    return coding.strip().lower() in ("", "identity", *_CODINGS)


def unknown_coding() -> RefusedError:
    """What is said to a body in any other encoding."""
    sentence = _("The body's encoding is not known here: send it as it is, or with gzip.")
    return RefusedError(415, Reason.UNKNOWN_ENCODING, sentence, headers={"Accept-Encoding": "gzip, deflate, identity"})


def plain_bytes(body: bytes, coding: str, limit: int) -> bytes:
    """``body`` without its content-encoding. Raises RefusedError: 415 for an unknown one, 413 past the limit, 400."""
    coding = coding.strip().lower()
    if coding in ("", "identity"):
        return body
    wbits = _CODINGS.get(coding)
    if wbits is None:
        raise unknown_coding()
    try:
        if coding == "deflate" and not _has_zlib_header(body):
            wbits = -15
        return _inflated(body, wbits, limit)
    except zlib.error:
        raise _bad(_("The body is not what its encoding says.")) from None


def too_large(limit: int) -> RefusedError:
    """What is said to a body beyond ``limit`` bytes."""
    sentence = _("The body is larger than {size} MB: send less at once.")
    return RefusedError(413, Reason.BODY_TOO_LARGE, sentence.format(size=limit // 2**20))


def _inflated(body: bytes, wbits: int, limit: int) -> bytes:
    """Decoded step by step, so that a small body which grows a thousandfold never gets the memory.

    zlib copies what it leaves over at each step and after each member: steps are small and members counted, else a
    body of nothing but ends would take hours.
    """
    pieces: list[bytes] = []
    size = at = 0
    for _member in range(_MEMBERS + 1):
        following = _NOT_PADDING.search(body, at)
        if following is None:
            return b"".join(pieces)
        at = following.start()
        decoder = zlib.decompressobj(wbits)
        while not decoder.eof:
            given = body[at : at + _STEP]
            piece = decoder.decompress(given, min(_STEP, limit + 1 - size))
            at += len(given) - len(decoder.unconsumed_tail) - len(decoder.unused_data)
            size += len(piece)
            if size > limit:
                raise too_large(limit)
            pieces.append(piece)
            if not piece and not given and not decoder.eof:
                raise zlib.error
    raise zlib.error


def _has_zlib_header(body: bytes) -> bool:
    return len(body) > 1 and body[0] & 15 == 8 and (body[0] << 8 | body[1]) % 31 == 0


def _no_field_twice(body: bytes, fields: Mapping[str, Any]) -> None:
    """Raises RefusedError where a name comes twice: programs differ in which one they believe.

    The parser keeps the last, so with a name given twice another value stands behind the first, or not all is seen.
    """
    at = 0
    for _each in fields:
        found = _KEY.match(body, at)
        if found is None:  # in the midst of a number that begins as the kept one does
            raise _twice()
        value = bytes(fields[_any(found[1])])
        at = found.end() + len(value)
        if body[found.end() : at] != value:
            raise _twice()
    if body[at:].strip() != b"}" and body.strip(b" \t\r\n{}"):
        raise _twice()


def _twice() -> RefusedError:
    return _bad(_("The body names a field twice."))


def _reason(exc: BaseException) -> str:
    if isinstance(exc, RecursionError):
        return _("it is nested too deeply")
    return " ".join(str(exc).split())[:200].rstrip(".")


def _bad(sentence: str) -> RefusedError:
    return RefusedError(400, Reason.BAD_REQUEST, sentence)
