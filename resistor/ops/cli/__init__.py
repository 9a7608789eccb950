"""The command line.

    root.py       the command `resistor`: global options, and which command is in which file
    lazy.py       commands that are imported when they are called, and errors as one line and an exit code
    options.py    options that several commands share
    output.py     tables, JSON, JSON lines
    data.py       `--data`; waiting.py: `--wait`
    runs.py       which command of `run` is in which file
    …             one file a group of commands

JSON goes to standard output and talk to standard error. Exit codes: 0 done, 1 what was asked about failed,
2 usage, 3 broker or store cannot be reached.
"""
