"""`resistor workflow test` and `resistor module test`: the test kit for people at a terminal.

Wired to the command line by `resistor/__main__.py`, because the rooms of the other commands know nothing of
this one.
"""
