"""A run with blocks, as people see it on a terminal."""

from __future__ import annotations

import io

from rich.console import Console

from resistor.ops.tree import run_tree
from resistor.ops.views import run_view
from tests.unit.ops.nested import many, standing_still, undone
from tests.unit.telemetry.playing import Play


def drawn(play: Play, *, is_whole: bool = False) -> list[str]:
    """Return the lines of the tree below the title."""
    console = Console(file=io.StringIO(), width=200, color_system=None)
    console.print(run_tree(run_view(play.run, play.workflow), now=play.now, is_whole=is_whole))
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()][1:]


def title(play: Play) -> str:
    """Return the first line of the tree."""
    console = Console(file=io.StringIO(), width=200, color_system=None)
    console.print(run_tree(run_view(play.run, play.workflow), now=play.now))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()[0].rstrip()


def test_what_stands_still_says_why_and_until_when() -> None:
    play = standing_still()
    child = "for run " + play.run.steps["side/sub/invoice"].control.run  # type: ignore[union-attr]
    late = "2023-11-15 01:13 (in 2h59m)"
    assert drawn(play) == [
        "├── ✓ route  switch        completed  0.000s  case 1",
        "│   └── ✓ 1/small  hand.lift  completed  0.000s",
        "├── ● side   fork          running    3.000s  6 branches",
        f"│   ├── ◷ ask/approve  ask            waiting   3.000s  asks boss: Pay it?  until {late} at most",
        '│   ├── ◷ hear/paid    listen         waiting   3.000s  for event paid with key "o-17", 0 of 2 came',
        "│   ├── ◷ nap/settle   wait           waiting   3.000s  until 2023-11-16 22:13 (in 1d23h)",
        "│   ├── ↻ pack/box     warehouse.box  retrying  3.000s  again 22:13:32 (in 9s)"
        "  jammed: the printer is jammed",
        "│   ├── ◷ pay/charge   payments.take  waiting   3.000s  handed back, again 22:13:50 (in 27s)",
        f"│   └── ◷ sub/invoice  run            waiting   3.000s  {child} of shop/invoice",
        "└── ○ ship   carrier.send  pending",
    ]


def test_of_many_items_the_first_and_those_in_trouble_are_shown_and_the_rest_is_counted() -> None:
    assert drawn(many(1_000, failed=(7, 12), completed=990)) == [
        "└── ● each  for  running  0.000s  1,000 items: 988 completed, 2 failed",
        "    ├── ✓ 0/one    m.do  completed  0.000s",
        "    ├── ✓ 1/one    m.do  completed  0.000s",
        "    ├── ✓ 2/one    m.do  completed  0.000s",
        "    ├── ✗ 7/one    m.do  failed     0.000s  broken",
        "    ├── ✗ 12/one   m.do  failed     0.000s  broken",
        "    ├── ◌ 990/one  m.do  scheduled  0.000s",
        "    └── … 994 more: 985 completed, 9 running",
    ]


def test_who_asks_for_all_steps_gets_all() -> None:
    assert len(drawn(many(20))) == 8
    assert len(drawn(many(20), is_whole=True)) == 21


def test_what_was_undone_and_what_followed_stand_where_they_belong() -> None:
    play = undone()
    assert title(play) == "shop/order.placed@1  abcdefghij0123456789  failed  0.000s  compensated"
    assert drawn(play) == [
        "├── ↶ charge  payments.take  compensated  0.000s",
        "│   └── ✓ compensate  payments.refund  completed  0.000s",
        "├── ✗ guard   try            failed       0.000s  caught lost",
        "│   ├── ✗ try/ship      carrier.send    failed  0.000s  lost",
        "│   └── ✗ catch-0/look  carrier.search  failed  0.000s  gone: nowhere",
        "└── on failure",
        "    └── ✓ tell  mail.send  completed  0.000s",
    ]


def test_a_run_that_is_ending_says_what_it_does() -> None:
    play = Play("""
shop:
  a:
    version: 1
    steps:
      - {id: x, module: m, action: a, compensate: {module: m, action: undo}}
      - {id: y, raise: {type: broken}}
""")
    play.complete("x")
    assert title(play) == "shop/a@1  abcdefghij0123456789  running  0.000s  undoing what completed"


def test_a_prompt_cannot_move_the_cursor() -> None:
    play = Play('shop: {a: {version: 1, steps: [{id: x, ask: {prompt: "a\\e[2J"}}]}}')
    assert "asks a person: a\\x1b[2J" in drawn(play)[0]
