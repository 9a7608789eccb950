"""What a module's author imports, and all they import.

    payments = Module("payments")

    @payments.action("charge")
    async def charge(order: Order, ctx: Context) -> Receipt:
        ...

    answers.py     Fail, Retry, Later: what an action may raise besides its own errors
    context.py     Context: what an action knows of the step it works for
    signature.py   an action's function: what it takes, and how JSON becomes that
    json_schema.py the input's JSON Schema, and the examples that stand in it
    module.py      Module: a name and its actions; `call` runs one in a unit test, without a broker
    performing.py  an action that arrived → the answer that leaves
    outbox.py      answers → the broker, in batches, and then the acknowledgements
    runner.py      run_modules: takes actions from the broker until it is told to stop
    loading.py     PATH:OBJECT → a Module

No module needs this: the contract can be spoken with any AMQP client.
"""

from resistor.sdk.answers import Fail, Later, Retry
from resistor.sdk.context import Context
from resistor.sdk.module import Module

__all__ = ["Context", "Fail", "Later", "Module", "Retry"]
