"""What a scenario file may say: one form for each mapping, as in definitions.

scenario.py      a scenario         answer.py       an entry of `answers`
happening.py     an entry of `then` expectation.py  `expect`
"""

from resistor.testing.scenarios.forms.answer import AnswerForm, FailForm, RetryForm
from resistor.testing.scenarios.forms.expectation import ExpectForm
from resistor.testing.scenarios.forms.happening import HappeningForm
from resistor.testing.scenarios.forms.scenario import ScenarioForm

__all__ = ["AnswerForm", "ExpectForm", "FailForm", "HappeningForm", "RetryForm", "ScenarioForm"]
