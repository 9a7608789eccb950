"""Looking in and acting: what the command line, and later the HTTP API and the web page, have in common.

    views.py      a run, a fact, a workflow → the contract's JSON objects. Pure
    steps.py      the steps of a run likewise; ordering.py: in which order. Pure
    tree.py       a run's object → a tree for a terminal. Pure
    nesting.py    which step holds which, and which are worth a line. Pure
    waiting.py    why a step stands still, in words. Pure
    text.py       times, durations and other people's text, for people
    servers.py    opens the store and the bus that the settings name
    runs.py       finds a run and follows it to its end
    publishing.py publishes events and commands
    starting.py   looks at a start before it is asked for; ending.py: which runs are to end
    asking.py     what a run asks people, and whether an answer fits
    schedules.py  the schedules, and the one that is meant
    definitions.py, graph/, workflow_diff/ and more: what definitions look like and how they differ
    diagnosis.py  what `resistor doctor` looks at
    cli/          the command line

Nothing here decides about workflows: that is the engine's.
"""
