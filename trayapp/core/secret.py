"""A key that will not print itself."""

from __future__ import annotations

from typing import NoReturn


class Secret:
    """Holds a key. Only ``reveal`` gives it back, and only two modules may call that."""

    __slots__ = ("__weakref__", "_text")

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def struck_from(self, text: str, instead: str) -> str:
        """``text`` with every occurrence of the key replaced; short ones are left to the shapes."""
        return text.replace(self._text, instead) if len(self._text) >= 4 else text

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        import hmac  # brings OpenSSL: 3 ms that most runs of the command line can do without

        # half a letter, which a clipboard may hold, is compared as well
        mine, others = (it._text.encode("utf-8", "surrogatepass") for it in (self, other))
        return hmac.compare_digest(mine, others)

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is never pickled or copied to disk")
