"""Model calls: over Chat Completions, as steps of a task."""
