"""The roster's pages. Doors: the blueprints. No tables."""
