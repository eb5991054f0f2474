"""Whether the tests of what decides would notice a small change: every such change is made, and they are run."""
