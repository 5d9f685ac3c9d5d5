# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Guides of docs/, whose commands and configuration tests do word for word."""
from . import build


class Guide:
    """The code of one: its indented lines, block by block."""

    def __init__(self, name):
        self.blocks, block = [], []
        text = (build.TOP / "docs" / name).read_text()
        for line in [*text.splitlines(), "end"]:
            if line.startswith("    ") or (not line and block):
                block.append(line[4:])
            elif block:
                self.blocks.append("\n".join(block).strip())
                block = []

    def block_with(self, text):
        found = [block for block in self.blocks if text in block]
        assert len(found) == 1, (text, found)
        return found[0]
