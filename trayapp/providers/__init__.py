"""One row per provider: adding one is a row in ``table``, a recorded answer, seldom a parse function.

A parser in one of the ``shapes`` trusts its input and yields entries, one row at a time through the guard in
``fields``; ``client`` is the door to HTTP and turns whatever goes wrong into one ``ProviderError``. It makes one
attempt: retries, caching and what to show instead are the catalogue's business. Below the door, ``walk`` reads
the pages of a list, ``wire`` sends one request and bounds its answer, ``refusals`` tells what an answer that is
no list means. A key enters a request in ``spec`` and nowhere else.
"""
