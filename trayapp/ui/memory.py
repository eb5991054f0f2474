"""Strategies, loaded models and local servers in words: for the menu, the settings and the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trayapp.core.language import _
from trayapp.local.residency import NEVER, Loading, Note, Resident, ServerState, Standing, Strategy
from trayapp.ui import words

# -- strategies -------------------------------------------------------------------------------------


def strategy_label(strategy: Strategy | None) -> str:
    """What it does in a few words, as in “RAM – keep 3 loaded, 30 min”."""
    if strategy is None:
        return _("Not managed – leave it to the servers")
    if not strategy.max_models:
        return _("None – unload after each answer")
    return _("{name} – keep {n} loaded, {time}").format(
        name=strategy.id.upper(), n=strategy.max_models, time=words.duration(strategy.keep)
    )


def strategy_words(strategy: Strategy | None) -> str:
    """What it does, in a sentence."""
    if strategy is None:
        return _("Not managed: the servers decide by themselves how long models stay in memory.")
    if not strategy.max_models:
        return _("None unloads each model right after its answer.")
    if strategy.max_models == 1:
        text = _(
            "{name} keeps 1 model loaded, for {time} after its last use; the one before leaves as soon as it is idle."
        )
    elif strategy.eviction == "immediate":
        text = _(
            "{name} keeps up to {n} models loaded, each for {time} after its last use; when there are more, all but"
            " the one used last leave as soon as they are idle."
        )
    else:
        text = _(
            "{name} keeps up to {n} models loaded, each for {time} after its last use; when there are more, the one"
            " used longest ago leaves first."
        )
    return text.format(name=strategy.id.upper(), n=strategy.max_models, time=words.duration(strategy.keep))


def typical_memory(strategy: str) -> str:
    """What a strategy takes, as requirements S3-32 to S3-34 have it; nobody's own figure."""
    return {
        "ram": _("typically 20–40 GB"),
        "ssd": _("typically 4–8 GB"),
        "none": _("typically 2–4 GB"),
    }.get(strategy, "")


def load_time(seconds: float | None) -> str:
    """How long a load takes: as measured here, else what is typical of an SSD."""
    if seconds is None:
        return _("A model that is not loaded typically takes 20–30 s to load.")
    return _("Your models usually take {time} to load.").format(time=words.duration(seconds))


# -- one loaded model ---------------------------------------------------------------------------------


def share(it: Resident) -> str:
    """Where it is: ``GPU``, ``CPU``, ``62 % GPU``; empty where the server does not say."""
    if it.gpu is None:
        return ""
    percent = round(100 * it.gpu)
    return _("GPU") if percent == 100 else _("CPU") if not percent else _("{n} % GPU").format(n=percent)


def left(it: Resident, now: float, server: str = "") -> str:
    """How long it stays if nobody uses it, by the policy's clock or the server's; empty where no clock runs."""
    if it.leaving or it.busy or it.kept:
        return ""
    if _end(it) == NEVER:
        if not server:
            return _("as long as there is room")
        return _("as long as {server} has room").format(server=server)
    seconds = _end(it) - now
    if seconds < 1:
        return _("now")
    return words.duration(seconds // words.MINUTE * words.MINUTE if seconds >= words.MINUTE else int(seconds))


def state(it: Resident) -> str:
    """What it does, and what is out of the ordinary about it; empty when it only waits."""
    told = {
        Note.DRIFT: _("set by another program"),
        Note.HIDDEN: _("only unloaded: its options cannot be seen"),
        Note.DELETED: _("its files were deleted"),
        Note.UNUSED: _("the server does not say when it was used"),
    }
    parts = (
        _("leaves after its answer") if it.leaving else _("answering") if it.busy else "",
        _("kept") if it.kept and not it.leaving else "",
        told[it.note] if it.note else "",
    )
    return " · ".join(filter(None, parts))


def facts(it: Resident, now: float, server: str = "") -> str:
    """All of that in one line, with its size: ``4.7 GB · GPU · 12 min left``."""
    size = words.size(it.size) if it.size else ""
    return " · ".join(filter(None, (size, share(it), state(it), _stay(it, now, server))))


def sentences(it: Resident, now: float, server: str, *, by_hand: bool = False) -> tuple[str, ...]:
    """The same in sentences, for somebody who wants to know why. ``by_hand``: kept by the user's own click."""
    told = {
        Note.DRIFT: _("Another program set how long it stays; idle, it is unloaded all the same."),
        Note.HIDDEN: _("It was loaded with options that cannot be seen, so it is only unloaded when its time is over."),
        Note.DELETED: _("Its files were deleted, so it cannot be unloaded before {server} ends."),
        Note.UNUSED: _("{server} does not say when it was used, so it is left alone."),
    }
    made = [_fate(it, now, server, by_hand)]
    if it.note is not None:
        made.append(told[it.note].format(server=server))
    if it.context:
        made.append(_("It was loaded with room for {n} tokens.").format(n=words.tokens(it.context)))
    return tuple(made)


def loading(it: Loading, now: float) -> str:
    """How a load of ours goes: ``8 s, usually 12 s``."""
    if it.waiting:
        return _("waits for another load")
    took = words.duration(max(0.0, now - it.since) // 1)
    if it.stuck:
        return _("{time}, longer than it should; room is being made").format(time=took)
    return _("{time}, usually {usual}").format(time=took, usual=words.duration(it.usual)) if it.usual else took


def _end(it: Resident) -> float:
    return min(it.due, it.expires)


def _stay(it: Resident, now: float, server: str) -> str:
    text = left(it, now, server)
    if not text or _end(it) == NEVER:
        return text
    return _("leaves now") if _end(it) - now < 1 else _("{time} left").format(time=text)


def _fate(it: Resident, now: float, server: str, by_hand: bool) -> str:
    if it.leaving:
        return _("It leaves as soon as its answer is done.")
    if it.kept and by_hand:
        return _("It stays until you take that back.")
    if it.kept:
        return _("It stays: an exception in the settings says so.")
    if it.busy:
        return _("It is answering; its time begins when it is done.")
    if _end(it) == NEVER:
        return _("It stays as long as {server} has room.").format(server=server)
    if _end(it) - now < 1:
        return _("It leaves now.")
    return _("It leaves in {time} unless somebody uses it.").format(time=left(it, now))


# -- one server -----------------------------------------------------------------------------------------


def standing(it: Standing, name: str) -> str:
    """What keeps a server's models out of the menu, and what to do, in a few words; empty when all is well."""
    remote = _("{name} runs on another computer") if it.remote else ""
    told = {
        ServerState.UNKNOWN: "",
        ServerState.RUNNING: remote,
        ServerState.NOT_RUNNING: _("{name} is not running – start it"),
        ServerState.STARTING: _("{name} is starting – wait a moment"),
        ServerState.TOO_OLD: _("{name} is too old – update it"),
        ServerState.REFUSING: _("{name} refuses trayapp – check its address"),
        ServerState.WRONG_PROGRAM: _("Another program answers in place of {name} – check the address"),
        ServerState.UNREACHABLE: _("{name} does not answer – check its computer and the network"),
    }
    return told[it.state].format(name=_versioned(it, name) if it.state is ServerState.TOO_OLD else name)


def standing_sentence(it: Standing, name: str) -> str:
    """How a server stands, in sentences that say what to do."""
    running = (
        _("{name} runs on another computer; what is said here about this computer's memory does not hold for it.")
        if it.remote
        else _("{name} is running.")
    )
    told = {
        ServerState.UNKNOWN: _("{name} was not asked yet."),
        ServerState.RUNNING: running,
        ServerState.NOT_RUNNING: _("{name} is not running, or its server is switched off. Start it."),
        ServerState.STARTING: _("{name} is starting and does not answer yet. Wait a moment."),
        ServerState.TOO_OLD: _("{name} is too old to say what it has loaded. Update it."),
        ServerState.REFUSING: _(
            "{name} refuses trayapp: it does not take requests under this host name, or from this origin. Use"
            " 127.0.0.1 in its address, or allow the origin where it is started (Ollama: OLLAMA_ORIGINS)."
        ),
        ServerState.WRONG_PROGRAM: _(
            "Another program answers at the address of {name}. End it, or set the address of {name} in the settings."
        ),
        ServerState.UNREACHABLE: _("{name} does not answer. Check whether its computer is on, and the network."),
    }
    named = _versioned(it, name) if it.state in (ServerState.RUNNING, ServerState.TOO_OLD) else name
    text = told[it.state].format(name=named)
    return f"{text} ({it.detail})" if it.detail else text


def _versioned(it: Standing, name: str) -> str:
    return f"{name} {it.version}" if it.version else name


# -- the command line -------------------------------------------------------------------------------------


def status_lines(found: Mapping[str, Any], names: Mapping[str, str]) -> tuple[str, ...]:
    """``trayapp local status`` from the object that ``--json`` prints; ``names`` are those of the accounts."""
    lines = [strategy_label(_strategy(found))]
    for server in found.get("servers", ()):
        name = names.get(server["account"], server["account"])
        told = Standing(
            ServerState(server["state"]), server.get("version") or "", server["remote"], server.get("detail") or ""
        )
        lines += ["", standing_sentence(told, name)]
        for one in server["loaded"]:
            it = _resident(one)
            about = facts(it, 0.0, name)
            lines.append(f"  {it.name}   {about}" if about else f"  {it.name}")
        for one in server["loading"]:
            load = Loading(one["name"], -one["seconds"], one["waiting"], one["usual_seconds"])
            lines.append("  " + _("{model}   loading, {time}").format(model=load.name, time=loading(load, 0.0)))
        if told.state is ServerState.RUNNING and not server["loaded"] and not server["loading"]:
            lines.append("  " + _("Nothing is loaded."))
    measured = _measured(found)
    return (*lines, *(("", *measured) if measured else ()))


def _strategy(found: Mapping[str, Any]) -> Strategy | None:
    id = found.get("cache_strategy")
    if id not in ("ram", "ssd", "none"):
        return None
    keep = str(found.get("keep_alive") or "0").removesuffix("s")
    return Strategy(id, found.get("max_models") or 0, float(keep))


def _resident(one: Mapping[str, Any]) -> Resident:
    """As it was before it was made plain, with times that count from nought."""
    size, gpu = one.get("size") or 0, one.get("gpu")
    expires, due = (NEVER if one.get(key) is None else one[key] for key in ("expires_in", "due_in"))
    return Resident(
        one["name"],
        one["name"],
        size,
        round(size * gpu) if gpu is not None else 0,
        expires,
        due,
        one.get("context"),
        kept=one["kept"],
        busy=one["busy"],
        leaving=one["leaving"],
        note=Note(one["note"]) if one.get("note") else None,
    )


def _measured(found: Mapping[str, Any]) -> tuple[str, ...]:
    rate, swap = found.get("cache_hit_rate"), found.get("avg_swap_time_ms")
    return tuple(
        filter(
            None,
            (
                _("Requests that found their model loaded: {n} %").format(n=round(100 * rate))
                if rate is not None
                else "",
                _("A load takes {time} on average.").format(time=words.duration(swap / 1000)) if swap else "",
            ),
        )
    )
