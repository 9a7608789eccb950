"""What each kind of step does: how it begins, and what it makes of what it is told.

One file a kind (or a few that are one thing). A kind changes records and puts moves on the agenda; it knows
no other kind, and never what comes next.
"""
