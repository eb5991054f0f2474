"""The program's version, and where newer ones are announced: everything else that names them reads them here."""

VERSION = "0.7.0"
RELEASES = ""
"""The address that names the newest version, as ``core.releases`` reads it; empty: this build never asks anybody."""
RELEASES_VARIABLE = "TRAYAPP_UPDATE_URL"
"""Holds another one: a company's mirror."""
