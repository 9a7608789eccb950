"""Scenarios: tests of workflows in YAML, beside the definitions. Played by `resistor workflow test`.

forms/       what a scenario file may say
reading.py   files → scenarios, and everything that is wrong with them
answers.py   what modules answer, as a scenario has it → stubs
playing.py   a scenario → what came of it
expecting.py what is expected → the first difference
coverage.py  what of the definitions was taken, and what never
report.py    results for people, and for a CI (JUnit)
"""
