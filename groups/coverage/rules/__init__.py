"""Rules of figures: rounding, thresholds, tables, drawings. They must not know the database or pages."""
