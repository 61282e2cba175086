"""Agents at work with their tools."""
