"""From a checked tree to a program: one closure a node, no interpreter.

    scheme.py     what the planners share
    reading.py    a.b, a[b], a.?b, has(a.b), steps
    calls.py      operators and functions
    loops.py      map, filter, all, exists, exists_one, cel.bind
    planner.py    which of them; literals and names

Called by `program.py`. Why text is parsed and checked by `cel_expr_python` 0.1.3 but not evaluated by it (all
measured on Python 3.11):

- it lists a mapping's keys in an order that differs from process to process, and the engine's first rule is
  that the same input gives the same bytes;
- it gives back one reference too few to None for every null that it converts: after some 5,000 of them the
  interpreter aborts; and `{"a": optional.of(1)}` as a result is a segmentation fault;
- it cuts text at a NUL character, and refuses a datetime or an integer over 64 bits anywhere in the data,
  named or not;
- `map` copies the list each round: 5,000 elements take 0.7 s and 440 MB, and over 10,000 are refused;
- text that is doubled 27 times takes 1.3 GB: there is no budget; and every evaluation converts all data.
"""

from __future__ import annotations

from resistor.engine.expressions.planning.planner import plan

__all__ = ["plan"]
