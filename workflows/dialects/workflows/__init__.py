"""The streaming workflows' API: `docs/dialects/workflows.md`."""
