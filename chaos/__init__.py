"""Real processes under faults: `python -m chaos` breaks an installation in many ways, and checks.

    site.py         private servers behind proxies, daemons and modules as processes, kept running
    proxy.py        a TCP proxy that resets, swallows, delays, refuses
    storm.py        load and faults side by side, then calm
    faults.py       what goes wrong, by kind
    load.py         the starter: events, and its ledger
    workload.py     the module: what it does, and its ledger
    definitions/    the workflows
    checker.py      reads ledgers, Redis and queues, and nothing else: what must hold afterwards
    report.py       figures, as JSON and as the tables of docs/reliability.md
    timers.py       how late timers are, without faults
    without.py      a daemon with one mechanism switched off: the negative control

Touches only servers that it has started itself.
"""
