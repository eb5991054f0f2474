"""One row per provider: adding one is a row in ``table``, a recorded answer, seldom a parse function.

A parser in ``shapes`` trusts its input and yields entries; ``client`` is the only place where a provider
meets HTTP, and turns whatever goes wrong into one ``ProviderError``. It makes one attempt: retries,
caching and what to show instead are the catalogue's business.
"""
