"""The shell around the engine: one batch of messages through the pipeline, the sweeper, start and stop.

    main.py          composition root: what `resistor serve` wires together
    consumer.py      one queue's loop
    pipeline.py      read → load → decide → commit, a batch at a time …
    sending.py       … → publish → mark
    inbox.py         a delivery → what a run is told, or why it is refused
    deciding.py      a run and its messages → one change
    dispatching.py   the engine's Dispatch → an action with its token
    dead_letters.py  a refused delivery → its dead letter
    definitions.py   which version starts, which version a token means
    rules.py         the settings that a batch goes by
    sweeper.py       runs that are due, and finished runs that have expired
    patience.py      waiting for a store that is away
    lifecycle.py     signals, draining
    probes.py        /livez, /readyz, /metrics
    crashpoints.py   where a test can make it die

No branch here is about what a workflow means: that is the engine's.
"""
