"""The command line: asks the running tray, or reads the same files and does the same work without one.

``verbs`` declares every command once; the parser, the help page and the shell completion are read off it.
Verbs that only read look at the disk themselves and import neither Qt, HTTP nor asyncio. Verbs that change
something hand an intent to the tray; where none runs, ``remote`` takes the instance's lock and has the same
intent performed in this process. A key is read from a prompt or from standard input, never from an argument.
"""
