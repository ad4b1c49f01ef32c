"""Tests of everything together: pages in Chromium, other clients of the simulator, notebooks."""
