"""What there is to pick from: disk first, then the provider, then the next best by cause.

Age decides whether to ask again, never whether to show. Every list says where it comes from.
"""
