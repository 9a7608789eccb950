"""What Resistor costs, measured: ratios of two things that take turns in one run, on servers of its own.

    python -m bench [--quick] [-o json]        (make bench: this and the two below)

    items.py         a `for` over 10,000 items against one hundred over 100: what an item costs
    long_runs.py     a run with 1,000 finished steps against one with 10: what a step costs
    definitions.py   1,000 workflows: how long they load, how much memory they take
    expressions.py   what an expression costs

    flow/            workflows end to end, beside other systems: python -m bench.flow
    growth/          the same work beside little of something and much: python -m bench.growth
    plot.py          pictures of what those two found

    figures.py       what is measured, and how it is shown
    clocks.py        CPU time, memory, what Redis has sent
    deciding.py      load → decide → commit in this process, on a real Redis, without a broker
    workflows.py     the definitions that are measured

Not part of the product: nothing imports it. Other programs on the machine make all times longer, so that
what counts are the ratios, and CPU time before wall time.
"""
