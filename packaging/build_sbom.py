"""Writes the list of parts as CycloneDX, for programs that look for known faults: ``python3 packaging/build.py sbom``.

https://cyclonedx.org/docs/1.6/json/. Of the frozen program every file with machine code is listed with its checksum.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import build_licences
import release
from build_licences import Part
from release import NAME, VERSION

FILE = "sbom.cdx.json"
_EXPRESSION = re.compile(r"[A-Za-z0-9.+-]+(?: (?:OR|AND|WITH) [A-Za-z0-9.+-]+)*\Z")


def document(folder: Path | None = None) -> dict[str, Any]:
    """The list as plain data; with the files of the frozen program where ``folder`` is one."""
    held = build_licences.parts()
    components = [_component(it) for it in held]
    python = sys.version.split()[0]
    components.append(_library("python", python, "PSF-2.0", f"pkg:generic/python@{python}"))
    if folder is not None:
        components += _files(folder)
    root = f"pkg:pypi/{NAME}@{VERSION}"
    about = {
        "timestamp": datetime.fromtimestamp(release.epoch(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "component": {"type": "application", "bom-ref": root, "name": NAME, "version": VERSION, "purl": root}
        | {"licenses": [{"license": {"id": "MIT"}}]},
    }
    by_name = {it.name: _purl(it) for it in held}
    depends = [{"ref": root, "dependsOn": sorted(by_name[name] for name in build_licences.direct())}]
    depends += [{"ref": _purl(it), "dependsOn": sorted(by_name[name] for name in it.needs)} for it in held]
    made: dict[str, Any] = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "metadata": about}
    made |= {"components": components, "dependencies": depends}
    # a number that is the same for the same content
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(made, sort_keys=True))
    return {**made, "serialNumber": f"urn:uuid:{number}"}


def write(target: Path, folder: Path | None = None) -> Path:
    """Write it into the folder ``target``."""
    target.mkdir(parents=True, exist_ok=True)
    path = target / FILE
    path.write_text(json.dumps(document(folder), indent=1, sort_keys=True) + "\n", encoding="utf-8", newline="\n")
    return path


def _component(part: Part) -> dict[str, Any]:
    found = _library(part.name, part.version, part.licence, _purl(part))
    if part.home:
        found["externalReferences"] = [{"type": "website", "url": part.home}]
    return found


def _library(name: str, version: str, licence: str, purl: str) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
    if _EXPRESSION.match(licence):
        found["licenses"] = [{"expression": licence}]
    elif licence:
        found["licenses"] = [{"license": {"name": licence}}]
    return found


def _files(folder: Path) -> list[dict[str, Any]]:
    import shared_libraries

    return [
        {
            "type": "file",
            "bom-ref": f"file:{(where := path.relative_to(folder).as_posix())}",
            "name": where,
            "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(path.read_bytes()).hexdigest()}],
        }
        for path in shared_libraries.elf_files(folder)
    ]


def _purl(part: Part) -> str:
    return f"pkg:pypi/{part.name}@{part.version}"
