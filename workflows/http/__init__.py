"""The edge that all dialects share: who calls, what the body holds, how errors look."""
