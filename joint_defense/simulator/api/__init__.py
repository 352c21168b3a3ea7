"""The carrier's API and the control API over the simulated network. It must not know the page."""
