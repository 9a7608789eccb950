"""The test kit: the same engine and daemon as in production, on virtual time, with servers in memory.

    virtual_loop.py  an asyncio loop whose time jumps to the next timer
    broker.py        exchanges and queues, as the topology has them
    store/           runs and actors, as the store's scripts have them

Called by tests; nothing else of the project imports it, but for the command line that runs users' tests.
"""
