"""The program's version: everything else that names it reads it here."""

VERSION = "0.5.0"
