"""A worker process: one asyncio loop on which the engine runs, one lease, one journal a task."""
