"""Measures Holdfast beside other programs: see bench/README.md."""
