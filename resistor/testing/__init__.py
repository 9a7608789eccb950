"""What tests run the daemon on: parts of the world in memory, on a clock that the test sets.

Imported by tests only. Nothing here may be needed by a program that runs.
"""
