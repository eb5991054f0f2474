"""What the user asks of one server, answered in sentences: unload a model or all, load one, give a load up."""

from __future__ import annotations

from trayapp.core.errors import Kind, ProviderError, UserError
from trayapp.core.language import _
from trayapp.local.hands import Hands
from trayapp.local.loads import Loads, Outcome
from trayapp.local.residency import Installed, Server, canonical, in_cloud
from trayapp.local.tracking import Tracked
from trayapp.local.watch import Watch


class Asking:
    """Does it, and says what became of it."""

    def __init__(self, server: Server, watch: Watch, hands: Hands, loads: Loads) -> None:
        self._server, self._watch, self._hands, self._loads = server, watch, hands, loads

    async def unload(self, name: str | None) -> str:
        """Have this model leave, or all; nothing is said where nothing is loaded.

        Raises UserError where none left, ProviderError where the server does not answer.
        """
        await self._hands.see()
        wanted = [it for it in self._watch.residents.values() if not it.seen.remote] if name is None else []
        if name is not None:
            wanted = [await self._resident(name)]
        faults = {it.seen.name: await self._dismissed(it) for it in wanted}
        left = [name for name, fault in faults.items() if not fault]
        await self._hands.gone(left)
        said = [fault or self._became(name) for name, fault in faults.items()]
        if said and not left:
            raise UserError("\n".join(said))
        return "\n".join(said)

    async def warm(self, name: str, wait: bool) -> str:
        """Load it, or with no ``wait`` begin to. Raises UserError, or ProviderError for a server that is silent."""
        model = await self._installed(name)
        await self._hands.see()
        loaded = self._watch.of(model.key)
        if loaded is not None and loaded.told is None:
            return _("“{model}” is loaded already.").format(model=name)
        first = not self._loads.pending
        load = self._loads.ask(model)
        load.lasting = True
        if wait:
            return _ended(name, await self._loads.wait(load))
        if first:
            return _("“{model}” is being loaded.").format(model=name)
        return _("“{model}” will be loaded when its turn comes.").format(model=name)

    def cancel(self, name: str | None) -> bool:
        """Give up the load of this model, or all; whether there was one."""
        if name is None:
            return self._loads.cancel(lambda _model: True)
        model = self._watch.stocked(name)
        key = model.key if model is not None else None
        return self._loads.cancel(lambda it: it.key == key or canonical(it.name) == canonical(name))

    async def _resident(self, name: str) -> Tracked:
        it = self._watch.find(name)
        if it is None:  # perhaps by another of its names
            await self._watch.stock()
            it = self._watch.find(name)
        if in_cloud(name) or (it is not None and it.seen.remote):
            raise UserError(_("“{model}” runs in the cloud and takes no memory here.").format(model=name))
        if it is None:
            raise UserError(_("“{model}” is not loaded.").format(model=name))
        return it

    async def _installed(self, name: str) -> Installed:
        if in_cloud(name):
            raise UserError(_("“{model}” runs in the cloud; there is nothing to load.").format(model=name))
        await self._watch.stock()
        model = self._watch.stocked(name)
        if model is None:
            raise UserError(_("“{model}” is not installed on this server. Install it there first.").format(model=name))
        if model.remote:
            raise UserError(_("“{model}” runs in the cloud; there is nothing to load.").format(model=name))
        return model

    async def _dismissed(self, it: Tracked) -> str:
        """Tell it to leave; why that could not be, in words."""
        name = it.seen.name
        if it.seen.busy and not self._server.leases:  # that would cut its answer off
            return _("“{model}” is answering. Unload it when it has finished.").format(model=name)
        exc = await self._hands.dismiss(name)
        if exc is None:
            return ""
        if exc.failure.kind is Kind.GONE and self._server.leases:
            told = _("“{model}” was deleted while it was loaded: it will be unloaded when the server is restarted.")
            return told.format(model=name)
        return _("“{model}” was not unloaded: {why}").format(model=name, why=_why(exc))

    def _became(self, name: str) -> str:
        """What became of a model that was told to leave, as far as that was seen."""
        it = self._watch.residents.get(name)
        if it is None:
            return _("“{model}” is unloaded.").format(model=name)
        if it.told is None:
            return _("“{model}” was used again at once, so it is still loaded.").format(model=name)
        return _("“{model}” is answering: it will be unloaded when it has finished.").format(model=name)


def _ended(name: str, outcome: Outcome) -> str:
    if outcome.failure:
        raise UserError(outcome.failure)
    if outcome.seconds is None:
        return _("“{model}” is loaded already.").format(model=name)
    told = _("“{model}” is loaded; that took {seconds} s.")
    return told.format(model=name, seconds=f"{outcome.seconds:.1f}")


def _why(exc: ProviderError) -> str:
    return exc.failure.detail or str(exc.failure.kind)
