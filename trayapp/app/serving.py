"""The program without a face, on a plain loop: the gateway, the lists and the local models, until somebody ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from trayapp.app.build import build
from trayapp.app.ending import Ending, catch
from trayapp.app.start import Started
from trayapp.core.language import _
from trayapp.core.overrides import PREFIX
from trayapp.core.secret import Secret
from trayapp.gateway.status import GatewayState
from trayapp.system import hardening
from trayapp.system.instance import Claim
from trayapp.system.keys import KeyringState, shown
from trayapp.system.paths import Paths

THIS_RUN = "this run"
"""The name of the token that ends with the program."""


def serve(
    paths: Paths,
    claim: Claim,
    env: Mapping[str, str],
    *,
    port: int | None,
    say: Callable[[str], object],
    complain: Callable[[str], object],
) -> bool:
    """Stay until somebody quits; False where it could not listen. ``say`` gets what stands on standard output.

    The gateway is on for this run, whatever the settings say, and at ``port`` if there is one. The claim is released.
    """
    env = {**env, f"{PREFIX}GATEWAY": "true"}
    hardening.begin(unreadable=True)
    if port is not None:
        env[f"{PREFIX}GATEWAY_PORT"] = str(port)
    try:
        return asyncio.run(_main(paths, claim, env, say, complain))
    finally:
        claim.release()


async def _main(
    paths: Paths,
    claim: Claim,
    env: Mapping[str, str],
    say: Callable[[str], object],
    complain: Callable[[str], object],
) -> bool:
    from trayapp.system import logs

    app = build(paths, env=env)
    logs.set_up(paths)
    loop, ending = asyncio.get_running_loop(), Ending(app)
    catch(app, loop)
    ending.heed(loop, by_loop=False)
    for problem in app.problems:
        complain(problem)
    # its user may sit at another computer and see no prompt: then what the keyring holds is out of reach
    token = None
    if await app.keychain.look() is not KeyringState.OK:
        token = await app.gateway.tokens.for_this_run(THIS_RUN)
    started = Started(app, claim)
    started.begin()
    try:
        await app.gateway.settled()
        status = app.gateway.status.value
        if status.state is not GatewayState.LISTENING:
            complain(status.problem)
            return False
        _welcome(f"{status.url}/v1", token, say)
        await app.leaving.wait()
        return True
    finally:
        started.end()
        await claim.close()
        await ending.closed()


def _welcome(url: str, token: Secret | None, say: Callable[[str], object]) -> None:
    say(_("trayapp listens at {url}").format(url=url))
    if token is None:
        say(_("Its token for tools: “trayapp gateway token”"))
    else:
        say(_("Token for this run: {token}").format(token=shown(token)))
