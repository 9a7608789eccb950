"""What runs in the peers' own virtual environment, as processes: workers, and what begins workflows.

counting.py   tells Redis that a workflow has ended
driving.py    begins workflows when told to
settings.py   where the servers are
"""
