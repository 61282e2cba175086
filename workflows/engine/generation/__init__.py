"""From a goal to a workflow."""
