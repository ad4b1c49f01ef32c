"""Tests of parts together: the simulator over HTTP, real databases."""
