"""A graph → a picture by itself: SVG, with nothing to install and nothing to load.

    routes.py   which way each edge goes, by the structure alone
    layout.py   how large everything is, and where
    drawing.py  boxes, lines and text

Workflows are structured, so no general layout of graphs is needed: what runs in order is a vertical stack,
what is a choice or runs side by side stands in columns, and a jump has a lane of its own at the right of
the list in which it stays.
"""

from __future__ import annotations

from resistor.ops.graph.svg.drawing import to_svg

__all__ = ["to_svg"]
