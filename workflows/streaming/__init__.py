"""Streams: reading the event log, live and from any id on, and putting it on the wire."""
