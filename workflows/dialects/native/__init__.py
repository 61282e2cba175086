"""Our own API over tasks of every kind: `docs/dialects/native.md`."""
