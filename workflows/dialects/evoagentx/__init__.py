"""The EvoAgentX server's API: `docs/dialects/evoagentx.md`."""
