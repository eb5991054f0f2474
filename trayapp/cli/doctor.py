"""The command that says what is wrong and what to do. It asks no provider and sends nothing anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trayapp.cli import output
from trayapp.cli.codes import DONE, FAILED
from trayapp.cli.console import Console
from trayapp.core.errors import UserError
from trayapp.core.language import _

if TYPE_CHECKING:
    from trayapp.ui.findings import Finding, Seen


def doctor(console: Console, args: Any) -> int:
    """``trayapp doctor``: code 1 where something is wrong. A running tray is asked for what only it knows."""
    from trayapp.core.redaction import struck
    from trayapp.ui import diagnostics

    seen, own = _look(console)
    found = diagnostics.ordered([*own, *diagnostics.findings(seen)])
    code = FAILED if diagnostics.wrong(found) else DONE
    if args.json:
        console.json(
            {
                "ok": code == DONE,
                "running": seen.machine.running,
                "findings": [
                    {
                        "severity": it.severity.value,
                        "account": it.about or None,
                        "text": struck(it.text),
                        "remedy": struck(it.remedy) or None,
                    }
                    for it in found
                ],
            }
        )
        return code
    said = None
    for it in found:
        if it.severity is not said:
            said = it.severity
            console.say(f"{diagnostics.heading(said)}:")
        console.say(output.clean(f"  {struck(it.text)}"))
        if it.remedy:
            console.say(output.clean(f"      → {struck(it.remedy)}"))
    console.say(diagnostics.summary(found))
    return code


def _look(console: Console) -> tuple[Seen, list[Finding]]:
    """What there is to see, and what the asking itself brought to light."""
    import msgspec

    from trayapp.app.diagnosis import without_tray
    from trayapp.ui.findings import Finding, Seen, Severity

    own: list[Finding] = []
    try:
        reply = console.remote.ask("doctor")
        if reply is not None and reply.ok:
            return msgspec.convert(reply.data, Seen), own
        if reply is not None:
            own.append(_other_version())
    except UserError as exc:
        own.append(Finding(Severity.ERROR, str(exc)))
    except msgspec.ValidationError:
        own.append(_other_version())
    return without_tray(console.paths, env=console.env, now=console.now), own


def _other_version() -> Finding:
    from trayapp.ui.findings import Finding, Severity

    return Finding(
        Severity.WARNING,
        _("The running trayapp is of another version than this command."),
        _("Quit it and start it again."),
    )
