"""fastWorkflow's API: `docs/dialects/fastworkflow.md`."""
