"""Development tools: benchmarks and fault injection. Neither product nor tests."""
