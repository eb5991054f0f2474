"""Lists one provider's models, checks one key, asks who listens: the only place where a provider meets HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import StrEnum

import httpx
from msgspec import Struct

from trayapp.core.accounts import Account
from trayapp.core.errors import Kind, ProviderError, UserError
from trayapp.core.language import _
from trayapp.core.secret import Secret
from trayapp.providers import merging
from trayapp.providers.fields import NotAListError, at, kept_once
from trayapp.providers.refusals import blocked, condemns, refused, words
from trayapp.providers.spec import (
    Entry,
    KeyCheck,
    ProviderSpec,
    Timeouts,
    at_home,
    base_url,
    check_form,
    fill,
)
from trayapp.providers.walk import Walk
from trayapp.providers.wire import Answer, Wire

_PROBE = Timeouts(connect=1.0, receive=3.0, pool=5.0, retries=0, base_delay=1.0)
_GONE = (404, 405, 410)


class Fetched(Struct, frozen=True):
    """One account's list as it came."""

    entries: tuple[Entry, ...] = ()
    dropped: int = 0
    """Rows that could not be read; repeated ids do not count."""
    truncated: bool = False
    """There were more pages or rows than we read."""
    etag: str = ""
    last_modified: str = ""
    not_modified: bool = False
    size: int = 0
    """Decoded bytes of all answers."""


class Verdict(StrEnum):
    """What a provider thinks of a key."""

    GOOD = "good"
    REFUSED = "refused"
    UNSURE = "unsure"


class Checked(Struct, frozen=True):
    """A verdict and its reason in words, free of keys."""

    verdict: Verdict
    detail: str = ""


async def list_models(
    spec: ProviderSpec,
    http: httpx.AsyncClient,
    *,
    account: Account,
    key: Secret | None,
    timeouts: Timeouts,
    etag: str = "",
    last_modified: str = "",
    now: Callable[[], float] = time.time,
) -> Fetched:
    """One attempt to get the account's list. Raises ProviderError; its ``status`` is the answer's, if one came.

    At most ten pages of 8 MiB, 32 MiB and 20,000 rows in all. ``etag`` and ``last_modified`` are those of an
    earlier list; where nothing changed since, ``not_modified`` is all that comes back. ``now`` is the wall clock,
    which is asked when a provider names the time at which to come back.
    """
    wire = Wire(spec, http, account=account, key=key, timeouts=timeouts)
    if key is None and spec.key_required and not spec.list_public:
        raise wire.failed(Kind.NO_KEY)
    walk = Walk(wire, now)
    try:
        await walk.first(etag, last_modified)
    except ProviderError as exc:
        typed = _typed(spec, account)
        if not spec.typed or exc.failure.kind not in (Kind.GONE, Kind.FORBIDDEN):
            raise
        if not typed:
            asked = next(_(ask.label) for ask in spec.asks if ask.name == spec.typed)
            detail = _("{name} does not list them for this key: enter “{what}” in the settings.")
            raise wire.failed(exc.failure.kind, detail.format(name=spec.name, what=asked), status=exc.status) from None
        return Fetched(tuple(typed), size=wire.spent)
    if walk.not_modified:
        return Fetched(not_modified=True, etag=etag, last_modified=last_modified)
    entries = list(walk.entries.values())
    if spec.extra_list is not None:
        entries = (spec.merge or merging.by_id)(entries, await walk.more(spec.extra_list))
    elif spec.merge is not None:
        entries = spec.merge(entries, ())
    single = walk.pages == 1 and spec.extra_list is None
    return Fetched(
        tuple(kept_once([*entries, *_typed(spec, account)])),
        dropped=walk.dropped,
        truncated=walk.truncated,
        # a tag speaks for the answer that it came with, not for what was put together from several
        etag=walk.etag if single else "",
        last_modified=walk.last_modified if single else "",
        size=wire.spent,
    )


async def check_key(
    spec: ProviderSpec, http: httpx.AsyncClient, *, account: Account, key: Secret | None, timeouts: Timeouts
) -> Checked:
    """Ask the provider whether it takes the key. Never raises for a provider's fault: that is UNSURE.

    Only the answers that the row names condemn a key. A route that may answer anybody proves nothing,
    unless it turns away who comes without a key.
    """
    if not key:
        return Checked(Verdict.UNSURE, _("There is no key to test."))
    wire = Wire(spec, http, account=account, key=key, timeouts=timeouts)
    try:
        base = base_url(spec, account)
        home = at_home(spec, account)
        check = spec.check
        if check.path.startswith("http") and not home:  # another host must not see this account's key
            check = KeyCheck(spec.list_path, query=spec.list_query, bad_key=check.bad_key, proves_key=False)
        answer = await _asked(wire, base, check)
        if check.fallback and _not_there(answer) and not condemns(check.bad_key, answer, own_host=home):
            check = check.fallback
            answer = await _asked(wire, base, check)
        if not answer.ok or condemns(check.bad_key, answer, own_host=home):
            failure = refused(wire, answer, rules=check.bad_key, own_host=home, now=0.0).failure
            verdict = Verdict.REFUSED if failure.kind is Kind.REFUSED else Verdict.UNSURE
            return Checked(verdict, failure.detail)
        return await _weighed(wire, base, check, answer)
    except ProviderError as exc:
        return Checked(Verdict.UNSURE, exc.failure.detail)
    except UserError as exc:
        return Checked(Verdict.UNSURE, str(exc))


async def answers(spec: ProviderSpec, http: httpx.AsyncClient, *, account: Account) -> bool:
    """Whether the server at the account's address says that it is the one this row is about.

    False for rows without probes: a list of models could be anybody's. No key is sent.
    """
    wire = Wire(spec, http, account=account, key=None, timeouts=_PROBE)
    for path, fits in spec.probes:
        try:
            answer = await wire.ask(base_url(spec, account) + path, sign=False)
            if fits(answer.status, answer.json()):
                return True
        except NotAListError:
            continue
        except ProviderError as exc:
            if exc.status is None:  # nobody there
                return False
        except UserError:
            return False
    return False


async def _asked(wire: Wire, base: str, check: KeyCheck, *, sign: bool = True) -> Answer:
    url = check.path if check.path.startswith("http") else base + check.path
    form = check_form(check, wire.key) if check.form and wire.key else None
    url = fill(url, wire.spec, wire.account)
    return await wire.ask(url, method=check.method, query=check.query, form=form, sign=sign and not form)


async def _weighed(wire: Wire, base: str, check: KeyCheck, answer: Answer) -> Checked:
    """A good status, looked at more closely: a portal answers 200 as well."""
    name = wire.spec.name
    try:
        body = answer.json()
    except NotAListError:
        return Checked(Verdict.UNSURE, _("What came back is not an answer of {name}.").format(name=name))
    if isinstance(body, dict) and body.get("error"):
        return Checked(Verdict.UNSURE, words(answer, wire.key))
    if blocked(body, check.blocked):
        return Checked(Verdict.UNSURE, _("{name} knows the key, but says that it is blocked.").format(name=name))
    if check.ok_path and at(body, check.ok_path) is not True:
        return Checked(Verdict.UNSURE, wire.failed(Kind.GARBLED, words(answer, wire.key)).failure.detail)
    if check.proves_key:
        return Checked(Verdict.GOOD)
    without = await _asked(wire, base, check, sign=False)
    if without.status in (401, 403):
        return Checked(Verdict.GOOD)
    return Checked(Verdict.UNSURE, _("{name} answers without a key as well.").format(name=name))


def _not_there(answer: Answer) -> bool:
    """No such route, or a page for people in its place."""
    try:
        return answer.status in _GONE or (answer.ok and answer.json() is None)
    except NotAListError:
        return True


def _typed(spec: ProviderSpec, account: Account) -> list[Entry]:
    """Models that the user named by hand: ``name`` or, where it runs another model, ``name=model``."""
    entries = []
    for item in account.values.get(spec.typed, "").split(",") if spec.typed else ():
        name, _equals, base = (part.strip() for part in item.partition("="))
        if name:
            entries.append(Entry(name, base=base))
    return entries
