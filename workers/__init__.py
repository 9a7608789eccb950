"""Modules that ship with Resistor: the demo's, and the seed's. Each imports only `resistor.sdk`."""
