"""The settings of a Streamlit app: the environment, and what `.streamlit/secrets.toml` has besides."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

import streamlit as st
from pydantic import ValidationError

from ..config.settings import Settings, one_sentence
from ..domain.errors import ConfigurationError

TABLES = {"stripe": "stripe_", "checkout": ""}
"""The tables of the secrets that are read, and what the fields of `Settings` have before the names in them."""


def load_settings() -> Settings:
    """Read the settings from the environment, from the app's secrets, and from `.env`, in this order.

    Secrets may stand at the root under the variables' names (`STRIPE_SECRET_KEY`), or in tables: `secret_key` in
    `[stripe]`, `public_url` in `[checkout]`.

    Raises:
        ConfigurationError: a value cannot be used, or `[checkout]` has a name that is no setting.
    """
    secrets: Mapping[str, Any] = st.secrets.to_dict() if st.secrets.load_if_toml_exists() else {}
    try:
        return Settings(**dict(_given(secrets)))
    except ValidationError as error:
        raise ConfigurationError(one_sentence(error)) from None


def _given(secrets: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give what of the secrets is a setting, by field, and not in the environment."""
    variables = {_variable(field): field for field in Settings.model_fields}
    for variable, field in variables.items():
        if variable in secrets and variable not in os.environ:
            yield field, secrets[variable]
    for table, before in TABLES.items():
        entries = secrets.get(table)
        for name, value in entries.items() if isinstance(entries, Mapping) else ():
            field = variables.get(name.upper(), before + name.lower())
            if field not in Settings.model_fields:
                if table == "checkout":
                    raise ConfigurationError(f"The secrets have [checkout] {name}, which is no setting.")
                continue  # the app may keep more of Stripe's there
            if _variable(field) not in os.environ and _variable(field) not in secrets:
                yield field, value


def _variable(field: str) -> str:
    return str(Settings.model_fields[field].validation_alias or f"CHECKOUT_{field.upper()}")
