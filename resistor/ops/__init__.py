"""Looking in and acting: what the command line, and later the HTTP API and the web page, have in common.

    views.py      a run, a fact, a workflow → the contract's JSON objects. Pure
    tree.py       a run's object → a tree for a terminal. Pure
    text.py       times, durations and other people's text, for people
    servers.py    opens the store and the bus that the settings name
    runs.py       finds a run and follows it to its end
    diagnosis.py  what `resistor doctor` looks at
    cli/          the command line

Nothing here decides about workflows: that is the engine's.
"""
