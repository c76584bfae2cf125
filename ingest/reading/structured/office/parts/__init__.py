"""Opens Office packages and reads what documents of all programs hold: tables, charts, formulas, signs."""
