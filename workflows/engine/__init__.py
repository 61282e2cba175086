"""The engine: plain asyncio Python that turns goals into workflows. It knows no Django, no database, no web.

It is handed one `Journal` and tells it everything; see `journal.py`.
"""
