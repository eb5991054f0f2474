"""What there is to pick from: disk first, then the provider, then the next best by cause.

Age decides whether to ask again, never whether to show. Every list says where it comes from.

``standing`` is what is known of one account: its own last list, the last failure, the patience left. What is
shown follows from it and is stored nowhere; ``ledger`` holds the standings, publishes what follows and swaps
the books that ``lookup`` reads, from any thread and without a lock. ``asking`` changes standings by asking
providers, through ``flights`` (one question per account and generation, so many at once) and with
``patience``; ``writing`` and ``cache`` bring lists to the disk before anyone hears of them. A change of an
account raises its generation: what was asked before is dropped when it comes, wherever it is by then.
``service`` is the face of all that; ``refresher`` sets its one timer by ``freshness``.
"""
