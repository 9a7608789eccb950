"""Other systems as contenders: the same three steps, each system set up as its own documentation says.

tools.py          their packages, in a virtual environment and a folder of their own: .bench/
peer.py           what they share: processes, a driver, a count of what has ended, an end
celery.py         a chain of three tasks
dramatiq.py       a pipeline of three actors
taskiq.py         a pipeline of three tasks
restate.py        a handler that calls three handlers, or that runs three steps
dbos.py           a workflow of three steps, on PostgreSQL or SQLite
work/             what runs in that environment; nothing here imports it, but for names

Their packages are no dependencies of the project. Where one cannot be had, the contender is skipped.
"""
