"""Keys that are no keys: what documents print where the reader should put a key."""

from typing import Final

PLACEHOLDERS: Final = frozenset(
    {
        "changeme",
        "demo",
        "key",
        "none",
        "sk-...",
        "sk-xxx",
        "xxx",
        "your-api-key",
        "your-key",
        "your-openai-api-key",
        "your-openai-key",
        "your_api_key",
        "your_api_key_here",
        "your_key",
        "your_key_here",
        "your_openai_api_key",
        "your_openai_api_key_here",
        "your_openai_key",
        "your_openai_key_here",
    }
)


def is_placeholder(key: str) -> bool:
    """Whether this is a document's placeholder, or nothing, and so counts as unset."""
    return not key.strip() or key.strip().strip("<>").lower() in PLACEHOLDERS
