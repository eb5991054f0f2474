"""Where everything meets: each object is built once, each intent is performed, and no Qt is needed.

``root.App`` holds the topics that the front listens to. State and settings have one writer each, and the
disk knows of a change before any listener does. ``keychain`` says which key belongs to which account,
``door`` speaks with other processes, ``alone`` does one thing when no tray runs.
"""
