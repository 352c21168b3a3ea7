"""Development tools: benchmarks, fault injection, a bare machine. Neither product nor tests."""
