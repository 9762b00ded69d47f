"""Pseudonyms, and what may not leave."""
