"""Workflows of three steps, end to end, one system after the other on the same servers.

stage.py       RabbitMQ and Redis of our own, and what processes cost
contest.py     warm up, one at a time, many at once: the same for every contender
contender.py   what a contender is
resistor.py    Resistor: a daemon and a module, each a process
"""
