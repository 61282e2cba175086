import pytest

from workflows.engine.llm.prices import cost_usd, price
from workflows.engine.llm.settings import ModelSettings
from workflows.engine.llm.tokens import Tokens


def test_a_snapshot_costs_what_its_model_costs():
    assert price("gpt-4.1-mini-2025-04-14") == price("gpt-4.1-mini")
    assert price("gpt-4o-2024-05-13") != price("gpt-4o"), "a snapshot with a price of its own keeps it"


@pytest.mark.parametrize("name", ["gpt-4o-audio", "gpt-4o-2024", "llama3", "", "my-gpt-4o"])
def test_a_name_that_only_looks_alike_has_no_price(name):
    assert price(name) is None


def test_cached_tokens_are_cheaper():
    settings = ModelSettings(provider="openai", base_url="", model="gpt-4o")
    assert cost_usd(settings, Tokens(prompt=1_000_000, completion=0)) == 2.5
    assert cost_usd(settings, Tokens(prompt=1_000_000, completion=100_000, cached=1_000_000)) == 2.25


def test_unknown_tokens_have_no_cost():
    assert cost_usd(ModelSettings(provider="openai", base_url="", model="gpt-4o"), None) is None
