"""Change the money-critical code in small ways and count how many changes the tests notice: `python -m tests.mutants`."""
