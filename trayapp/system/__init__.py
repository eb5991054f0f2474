"""The machine we run on: everything that blocks, behind one small module each.

Whatever differs between Linux, macOS and Windows lives here and nowhere else.
"""
