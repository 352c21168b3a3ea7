"""Rules of figures: rounding, thresholds, tables, drawings. No database."""
