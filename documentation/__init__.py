"""Builds the documentation site: `python -m documentation`, which is `make docs`.

Pages are in `docs/`. What can be read from the code is not written down there: `parts.py` writes the tables of settings,
commands and routes into `.docs/`, from where the pages of the reference take them; docstrings come by mkdocstrings.
"""
