"""What grows with size: the same work where there is little of something, and where there is much of it.

    python -m bench.growth [--quick] [--only NAME,NAME] [-o FILE.json]

    open_runs.py        the flow while 1,000 and 100,000 runs are open
    memory.py           bytes of Redis that a run takes, open and finished
    many_workflows.py   the flow while 10 and 1,000 workflows are loaded
    starting.py         from the start of a daemon to its first message; memory of an idle one
    loops.py            a `for` over 100 and over 10,000 items
    backlog.py          10,000 and 50,000 events that wait for a daemon

    rows.py             what is measured, and how it is shown
    sizes.py            how much of everything
    comparing.py        two that take turns
    playing.py          Resistor on the stage: work, its cost, and when it is quiet
    definitions/        the workflows, beside those of the flow

Small and large are two installations that take turns wherever that can be: what else runs on the machine then
slows both.
"""
