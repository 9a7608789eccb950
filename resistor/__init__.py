"""Resistor: a lightweight workflow orchestrator over RabbitMQ and Redis."""

__version__ = "0.1.0"
