"""From a workflow to its results."""
