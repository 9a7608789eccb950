"""The same expression and data give the same bytes, in every process; and nothing is loaded too early."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
from resistor.engine.expressions import compile_template
from tests.unit.engine.expressions.lending import KNOWN, Lender
print(compile_template([
    "${input.map.map(k, k)}",
    "${ {'d': 1, 'a': 2, 'c': 3, 'b': 4}.map(k, k + k) }",
    "${merge(input.map, {'y': 1, 'x': 2})}",
    "${['b', 'a', 'b', 'c'].distinct()}",
    "${input.lines.group_by('sku')}",
    "${input.map.entries().from_entries()}",
    "${uuid()} ${random()} ${now()} ${input.map}",
    "${json('{\\"q\\": 1, \\"b\\": 2}')}",
], KNOWN).render(Lender()).decode())
"""


def test_every_process_gives_the_same_bytes() -> None:
    made = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4711")
    }
    assert len(made) == 1
    assert made.pop().startswith(b'[["z","a","m"],["dd","aa","cc","bb"],{"z":1,"a":2,')


def test_plain_paths_and_literals_do_without_the_library() -> None:
    program = """
import sys
from resistor.engine.expressions import compile_expression, compile_template
compile_template({"a": "${input.a} $${x}", "b": 1}, {"input"})
print("cel_expr_python" in sys.modules)
compile_expression("input.a + 1", {"input"})
print("cel_expr_python" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.split() == [b"False", b"True"]
