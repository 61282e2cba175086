"""Turns in which commands are called: by an agent, by an assistant, or directly."""
