"""MCP servers: reached, kept, listed and called. Plain asyncio: no Django, no rows."""
