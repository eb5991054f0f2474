#!/usr/bin/env python3
"""Looks for known vulnerabilities in every package that is pinned: python3 packaging/audit.py [ARGUMENTS OF PIP-AUDIT].

Asks https://osv.dev, which is told names and versions of packages. Where it cannot be reached nothing is set up, the
exit code is 3, and continuous integration goes on; a vulnerability that is found ends with 1.
"""

import os

from run import with_words

SERVICE = "https://api.osv.dev/v1/query"
PATIENCE = 5.0
"""Seconds to find out whether the service is there at all."""


def main(arguments: "list[str]") -> None:
    """See whether anybody is there to be asked, set up if need be, then become pip-audit."""
    import environment

    service = named(arguments) or SERVICE
    if why := missing(service):
        raise environment.SetUpError(f"Known vulnerabilities were not looked for: {service} cannot be reached ({why}).")
    folder = environment.place("proof", environment.PROOFS)
    if not environment.ready(folder):
        environment.make(folder, "dev", tools=environment.PROOFS)
    given = [] if named(arguments) else ["--osv-url", SERVICE]
    files = [it for path in (environment.CONSTRAINTS, environment.TOOLS, environment.PROOFS) for it in ("-r", path)]
    fixed = ["--vulnerability-service", "osv", "--disable-pip", "--no-deps", "--progress-spinner", "off"]
    environment.run(folder, "-m", "pip_audit", *fixed, *given, *files, *arguments)


def named(arguments: "list[str]") -> str:
    """Another service of the same kind, such as a mirror, if the arguments name one."""
    for index, word in enumerate(arguments):
        if word == "--osv-url" and index + 1 < len(arguments):
            return arguments[index + 1]
        if word.startswith("--osv-url="):
            return word.partition("=")[2]
    return ""


def missing(service: str) -> str:
    """Why the service cannot be asked, or nothing. Any answer at all will do; the system's proxy is used."""
    import urllib.error
    import urllib.request

    if not service.startswith(("https://", "http://127.0.0.1:")):
        return "not an https address"
    try:
        urllib.request.urlopen(service, timeout=PATIENCE).close()  # noqa: S310 - looked at above
    except urllib.error.HTTPError as error:
        error.close()  # it is there: this route wants a question
    except (OSError, ValueError) as error:
        return str(getattr(error, "reason", error))
    return ""


if __name__ == "__main__":
    with_words(main, os.path.abspath(__file__))
