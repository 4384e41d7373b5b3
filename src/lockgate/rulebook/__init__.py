"""Files → `Rulebook`: load, check, compile, index.

Every fault is told with file, line, column and a hint, and a rulebook with a fault does
not come into being. This room decides nothing.
"""

from lockgate.rulebook.book import Rulebook
from lockgate.rulebook.condition import HISTORY, VARIABLES, CelCondition, ConditionSyntaxError

__all__ = ["HISTORY", "VARIABLES", "CelCondition", "ConditionSyntaxError", "Rulebook"]
