"""The model that answers when no key is configured: an OpenAI-compatible server with no model inside.

It is deterministic, streams like the real thing, plans from the goal's own words, and fails on request
(`faults.py`). It knows nothing of Django and nothing of the rest of the project, as a model would not:

    python -m evoserver.demo_model --port 8101
"""
