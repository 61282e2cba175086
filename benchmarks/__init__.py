"""How fast, how large: `python -m benchmarks [NAME …] [--quick] [--json FILE]`. See docs/benchmarks.md."""
