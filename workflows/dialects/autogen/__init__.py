"""The AutoGen Business Insights server's API: `docs/dialects/autogen.md`."""
