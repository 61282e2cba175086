"""The AgentArea API: `docs/dialects/agentarea.md`."""
