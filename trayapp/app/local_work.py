"""What happens to local models when the user asks: a strategy chosen, a model loaded, kept or unloaded."""

from __future__ import annotations

from trayapp.app.root import App, replaced
from trayapp.core.errors import Kind, ProviderError, UserError
from trayapp.core.intents import CancelWarmUp, Keep, Reply, SetStrategy, Unload, WarmUp
from trayapp.core.language import _
from trayapp.core.models import ModelRef
from trayapp.local.residency import canonical, strategy_of
from trayapp.ui.memory import strategy_words

STRATEGIES = ("ram", "ssd", "none")


async def set_strategy(app: App, intent: SetStrategy) -> Reply:
    """Remember it; the engines hear of it and act at once. Raises UserError for one that does not exist."""
    if intent.strategy is not None and intent.strategy not in STRATEGIES:
        raise UserError(_("There is no strategy “{id}”: it is ram, ssd or none.").format(id=intent.strategy))
    await app.remember(lambda state: replaced(state, strategy=intent.strategy))
    text = strategy_words(strategy_of(app.settings.value, intent.strategy))
    note = _("It takes effect as soon as trayapp runs.") if app.alone and intent.strategy else ""
    return Reply(True, f"{text} {note}".rstrip(), {"strategy": intent.strategy})


async def unload(app: App, intent: Unload) -> Reply:
    """Have one model leave, or all of all servers; what becomes of it is said in words."""
    if intent.ref is not None:
        return Reply(True, await app.local.engine(intent.ref.provider).unload(intent.ref.model))
    said = []
    for server in app.local.servers():
        try:
            said.append(await app.local.engine(server.id).unload(None))
        except ProviderError as exc:
            if exc.failure.kind is not Kind.NOT_RUNNING:
                raise  # a server that does not run has nothing in memory
    return Reply(True, "\n".join(filter(None, said)) or _("No model is loaded."))


async def keep(app: App, intent: Keep) -> Reply:
    """Keep a model until this is taken back; every name of it counts."""
    ref = ModelRef(intent.ref.provider, canonical(intent.ref.model))
    app.local.engine(ref.provider)  # says so where there is none
    others = tuple(it for it in app.state.value.kept if it != ref)
    await app.remember(lambda state: replaced(state, kept=(*others, ref) if intent.on else others))
    text = _("{model} stays in memory.") if intent.on else _("{model} is treated like the others again.")
    return Reply(True, text.format(model=intent.ref.model))


async def warm_up(app: App, intent: WarmUp) -> Reply:
    """Begin to load a model, or wait until it is loaded."""
    engine = app.local.engine(intent.ref.provider)
    if intent.wait or app.alone:
        return Reply(True, await engine.warm(intent.ref.model, wait=True))
    return Reply(True, await engine.warm(intent.ref.model, wait=False))


async def cancel_warm_up(app: App, intent: CancelWarmUp) -> Reply:
    """Give up one load or all."""
    if intent.ref is not None:
        given_up = app.local.engine(intent.ref.provider).cancel(intent.ref.model)
    else:
        each = [engine.cancel(None) for engine in app.local.engines.values()]
        given_up = any(each)
    return Reply(given_up, _("Given up.") if given_up else _("Nothing is being loaded."))
