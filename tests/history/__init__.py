"""The history checker: writers, readers and faults on a whole server, and what must be true of it afterwards.

`python -m tests.history --seconds 60 --seed 7` records a `History` and judges it. Recording (`recorder.py` and what it
uses) knows the server and judges nothing; judging (`judge.py`) is pure functions over the recorded values.
"""
