"""Which ways lead through a list of steps, and what must have happened on each.

Used by the checks of reachability, of jump loops and of what a step may read. `outcomes` says how one step
can end, `graph` joins the steps of a list by that, `dominators` answers "on every way?" in nearly linear
time, and `flow` puts the questions of the checks. Pure: no findings are worded here.
"""
