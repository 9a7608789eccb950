"""`resistor workflow …`: definitions, in files and as they are registered.

choosing.py    how a workflow is named, and where it is looked for
listing.py     list, show
checking.py    validate, schema
publishing.py  register
drawing.py     graph
comparing.py   diff
"""

from __future__ import annotations

import click

from resistor.ops.cli.workflows.checking import schema, validate
from resistor.ops.cli.workflows.comparing import diff
from resistor.ops.cli.workflows.drawing import graph
from resistor.ops.cli.workflows.listing import list_, show
from resistor.ops.cli.workflows.publishing import register


@click.group()
def workflow() -> None:
    """List, show, check and register workflows."""


for _command in (list_, show, graph, diff, validate, schema, register):
    workflow.add_command(_command)
