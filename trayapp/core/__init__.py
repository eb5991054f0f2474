"""The nouns and their rules. Values are frozen structs; nothing here opens a file, a socket or a window.

Times are seconds since the epoch, prices US dollars per million tokens, sizes bytes, limits tokens.
``None`` is unknown everywhere, and never zero. ``provider`` always names an *account*, the user's own
configuration of a provider; ``spec`` names a row of the table of known providers.
"""
