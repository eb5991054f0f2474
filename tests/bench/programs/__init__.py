"""Programs that benchmarks start: the least that Qt can do, to compare with, and our menu alone."""
