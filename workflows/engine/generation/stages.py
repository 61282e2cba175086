"""The stages of a generation, as events and keys name them."""

from typing import Final

PLAN: Final = "plan"
AGENTS: Final = "agents"
CHECK: Final = "check"
STAGES: Final = (PLAN, AGENTS, CHECK)
