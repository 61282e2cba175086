"""Evoserver on one machine: PostgreSQL and Redis of its own, and a supervisor for its processes.

`python -m evoserver.local run` is what `make run` calls, `python -m evoserver.local exec -- COMMAND` what `make test`
does. Nothing here imports Django: the supervisor only starts processes, and it starts fast.
"""
