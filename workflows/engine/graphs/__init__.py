"""The `workflow_graph`: how it is built, checked, read and drawn."""
