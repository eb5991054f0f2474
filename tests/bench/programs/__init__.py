"""Programs that benchmarks start: the least that Qt can do, our menu alone, and the whole program with a timer."""
