"""Requests that go out to addresses which somebody else chose: a model, a caller, a page that redirects."""
