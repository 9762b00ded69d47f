"""Mutasi."""
