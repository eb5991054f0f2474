"""What is wrong and what to do about it, in sentences: for the Diagnostics page and ``trayapp doctor``."""

from __future__ import annotations

from trayapp.core.language import _, plural
from trayapp.ui import releases, words
from trayapp.ui.ailments import account_finding
from trayapp.ui.findings import AccountSeen, FileTrouble, Finding, Machine, Seen, Severity

SCARCE = 50_000_000
"""Bytes left on a disk below which writing will soon fail."""
AGED = 180 * 86_400.0
"""Seconds after which prices and limits in the shipped catalogue are worth a new look."""


def findings(seen: Seen) -> tuple[Finding, ...]:
    """Everything that was looked at, the gravest first."""
    machine, accounts = seen.machine, seen.accounts
    found = [
        _running(machine),
        *_tray(machine),
        _keyring(machine, accounts),
        *(it for account in accounts if (it := account_finding(account)) is not None),
        *_variables(accounts),
        *_overridden(machine),
        *_problems(machine),
        *(Finding(Severity.WARNING, it, _("Mend it in Settings… → Local models → Rules.")) for it in machine.rules),
        *_files(machine),
        *_catalogue(machine),
        *_updates(machine),
    ]
    return ordered(found)


def ordered(found: list[Finding]) -> tuple[Finding, ...]:
    """The gravest first, otherwise as they came."""
    grades = list(Severity)
    return tuple(sorted(found, key=lambda it: grades.index(it.severity)))


def wrong(found: tuple[Finding, ...]) -> int:
    """How many of them are to be mended."""
    return sum(it.severity.wrong for it in found)


def summary(found: tuple[Finding, ...]) -> str:
    """All of them in one line."""
    number = wrong(found)
    return plural("{n} thing is wrong.", "{n} things are wrong.", number) if number else _("Nothing is wrong.")


def heading(severity: Severity) -> str:
    """What stands above the findings of one kind."""
    told = {
        Severity.ERROR: _("To be mended"),
        Severity.WARNING: _("Not as it should be"),
        Severity.NOTE: _("Good to know"),
        Severity.GOOD: _("In order"),
    }
    return told[severity]


def _running(machine: Machine) -> Finding:
    if machine.running:
        return Finding(Severity.GOOD, _("trayapp {version} is running.").format(version=machine.version))
    return Finding(
        Severity.NOTE,
        _("trayapp is not running: what follows is read off the disk, and no provider was asked."),
        _("Start it from the desktop's menu, or with “trayapp”."),
    )


def _tray(machine: Machine) -> list[Finding]:
    if machine.tray is None:
        return []
    if machine.tray:
        return [Finding(Severity.GOOD, _("The icon has its place in the tray."))]
    text = _("Your desktop offers no place for a tray icon, so a window stands in for it.")
    return [Finding(Severity.WARNING, text, words.without_tray())]


def _keyring(machine: Machine, accounts: tuple[AccountSeen, ...]) -> Finding:
    about = words.keyring(machine.keyring)
    if not about:
        return Finding(Severity.GOOD, _("The keyring is open."))
    wanted = any(it.enabled and (it.key in ("keyring", "session") or _lacks_stored_key(it)) for it in accounts)
    remedy = {
        "locked": _("Unlock it: “Keyring locked – unlock…” in the menu."),
        "denied": _("Unlock it: “Keyring locked – unlock…” in the menu."),
        "no-service": _("Install one, such as GNOME Keyring or KWallet, and log in again."),
    }
    needs = machine.keyring in remedy and wanted
    text = f"{about} {machine.reason}".rstrip()
    return Finding(Severity.WARNING if needs else Severity.NOTE, text, remedy.get(machine.keyring, "") if needs else "")


def _lacks_stored_key(it: AccountSeen) -> bool:
    return it.key == "missing" and not it.from_environment


def _variables(accounts: tuple[AccountSeen, ...]) -> list[Finding]:
    """Which keys come out of the environment, without a word of them."""
    used: dict[str, list[str]] = {}
    for it in accounts:
        if it.enabled and it.key == "environment" and it.variable:
            used.setdefault(it.variable, []).append(it.name)
    text = _("The key in the environment variable {variable} is used for {names}.")
    return [
        Finding(Severity.NOTE, text.format(variable=variable, names=", ".join(names)))
        for variable, names in used.items()
    ]


def _overridden(machine: Machine) -> list[Finding]:
    text = _("The environment variable {variable} sets “{name}”, whatever the settings say.")
    return [Finding(Severity.NOTE, text.format(variable=it, name=name)) for name, it in machine.overridden]


def _problems(machine: Machine) -> list[Finding]:
    return [Finding(Severity.WARNING, it) for it in machine.problems]


def _files(machine: Machine) -> list[Finding]:
    found = [_trouble(it) for it in machine.troubled]
    found += [
        Finding(
            Severity.WARNING,
            _("A file that could not be used was kept as “{path}”.").format(path=it),
            _("Copy what you need from it, then delete it."),
        )
        for it in machine.aside
    ]
    if machine.free is not None and machine.free < SCARCE:
        text = _("The disk is nearly full: {left} are left where lists are kept.")
        found.append(
            Finding(Severity.WARNING, text.format(left=words.weight(machine.free)), _("Make room, or lists are lost."))
        )
    if not found:
        found.append(Finding(Severity.GOOD, _("All folders can be written, and nobody else can read the files.")))
    if machine.log:
        found.append(Finding(Severity.GOOD, _("The log is “{path}”.").format(path=machine.log)))
    return found


def _trouble(it: FileTrouble) -> Finding:
    if it.trouble == "unwritable":
        return Finding(
            Severity.ERROR,
            _("“{path}” cannot be written.").format(path=it.path),
            _("Look whose it is, and whether the disk is full or read-only."),
        )
    if it.trouble == "open":
        return Finding(
            Severity.WARNING,
            _("Others on this computer can change “{path}”.").format(path=it.path),
            _("Close it to them: chmod go-rwx “{path}”").format(path=it.path),
        )
    # there are no keys in files; who shares settings on purpose need not change anything
    return Finding(
        Severity.NOTE,
        _("Others on this computer can read “{path}”. There is no key in it.").format(path=it.path),
        _("To close it to them: chmod go-rwx “{path}”").format(path=it.path),
    )


def _catalogue(machine: Machine) -> list[Finding]:
    if not machine.shipped:
        text = _("The catalogue that comes with trayapp is missing or cannot be read: models lack prices and limits.")
        return [Finding(Severity.ERROR, text, _("Install trayapp again."))]
    text = _("The shipped catalogue is of {day}.").format(day=machine.shipped)
    if machine.refreshed:
        sources = ", ".join(_("{source} of {day}").format(source=it, day=day) for it, day in machine.refreshed)
        text = f"{text} " + _("Refreshed since: {sources}.").format(sources=sources)
    if not machine.refreshed and machine.shipped_age is not None and machine.shipped_age > AGED:
        return [Finding(Severity.NOTE, text, _("Newer prices and limits: trayapp catalog update"))]
    return [Finding(Severity.GOOD, text)]


def _updates(machine: Machine) -> list[Finding]:
    """Nothing where nobody is asked for new versions and nothing is known of any."""
    it = machine.updates
    if not it.host and not it.on:
        return []
    if it.host and not it.on and it.age is None:
        return [Finding(Severity.GOOD, _("New versions are not looked for."))]
    if not it.host or it.failed:
        again = it.host and it.on
        return [Finding(Severity.NOTE, releases.standing(it), _("It is tried again once a day.") if again else "")]
    if it.newest:
        remedy = _("What is new: {url}").format(url=it.page) if it.page else ""
        return [Finding(Severity.NOTE, releases.standing(it), remedy)]
    return [Finding(Severity.GOOD, releases.standing(it))]
