"""The parts of the reference that are read from the code: settings, commands, routes."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from pydantic_core import PydanticUndefined
from typer.main import get_command_name

from api import create_app
from checkout_cli import app
from checkout_core import Settings
from checkout_core.fastapi import checkout_router

ROOT = Path(__file__).parents[1]
METHODS = ("get", "post", "put", "patch", "delete")


def write_parts(folder: Path) -> None:
    """Write `settings.md`, `commands.md` and `http-api.md` into a folder."""
    folder.mkdir(exist_ok=True)
    for name, text in {"settings": settings(), "commands": commands(), "http-api": http_api()}.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")


def settings() -> str:
    """Return the settings as sections: what `.env.example` says of them, then a row for each.

    Raises:
        SystemExit: `.env.example` lacks one.
    """
    rows = dict(_setting_rows())
    sections = []
    for paragraph in (ROOT / ".env.example").read_text(encoding="utf-8").split("\n\n"):
        lines = paragraph.splitlines()
        named = [match[1] for line in lines if (match := re.match(r"#? ?([A-Z_]+)=", line))]
        said = " ".join(line[2:] for line in lines if line.startswith("# ") and not re.match(r"# [A-Z_]+=", line))
        if named:
            table = "\n".join(rows.pop(name) for name in named)
            sections.append(f"{said}\n\n| Variable | Argument | Type | Default |\n|---|---|---|---|\n{table}\n")
    if rows:
        raise SystemExit(f".env.example does not say what {', '.join(rows)} does.")
    return "\n".join(sections)


def _setting_rows() -> Iterator[tuple[str, str]]:
    for name, field in Settings.model_fields.items():
        variable = str(field.validation_alias or f"CHECKOUT_{name.upper()}")
        default = "computed" if field.default is PydanticUndefined else _shown(field.default)
        kind = _type_name(field.annotation)
        yield variable, f"| `{variable}` | `{name}` | {kind} | {default} |"


def _shown(default: Any) -> str:
    value = getattr(default, "value", default)
    value = value.get_secret_value() if hasattr(value, "get_secret_value") else value
    return "" if value in (None, (), frozenset()) else f"`{value}`"


def _type_name(annotation: Any) -> str:
    text = annotation.__name__ if isinstance(annotation, type) and "[" not in str(annotation) else str(annotation)
    text = re.sub(r"typing\.|pathlib\.|pydantic\.types\.|checkout_core\.[\w.]+\.|ipaddress\.", "", text)
    text = re.sub(r"Annotated\[(\w+),.*?\](?= \||$)", r"\1", text)
    return " or ".join(f"`{each.strip()}`" for each in text.split("|"))


def commands() -> str:
    """Return what `--help` says of each command."""
    callbacks = [command.callback for command in app.registered_commands if command.callback]
    names = [get_command_name(callback.__name__) for callback in callbacks]
    sections = [f"## checkout\n\n{_help('checkout')}\n"]
    sections += [f"### checkout {name}\n\n{_help('checkout', name)}\n" for name in names]
    sections.append(f"## stripe-simulator\n\n{_help('stripe-simulator')}\n")
    return "\n".join(sections)


def _help(program: str, *names: str) -> str:
    environment = {"TERM": "dumb", "TYPER_USE_RICH": "0", "COLUMNS": "80", "PATH": str(Path(sys.executable).parent)}
    said = subprocess.run(
        [str(Path(sys.executable).with_name(program)), *names, "--help"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    text = "\n".join(line.rstrip() for line in said.stdout.strip("\n").splitlines())
    return f"```text\n{text}\n```"


def http_api() -> str:
    """Return the routes of `checkout_router` and those that the callback service has besides."""
    own = FastAPI()
    own.include_router(checkout_router())
    shared, service = own.openapi(), create_app().openapi()
    besides = {path: routes for path, routes in service["paths"].items() if path not in shared["paths"]}
    parts = ["## The four steps and the webhook", *_routes(shared["paths"], service)]
    parts += ["## Of the callback service only", *_routes(besides, service)]
    parts += ["## Objects", *_objects(service)]
    return "\n\n".join(parts) + "\n"


def _routes(paths: dict[str, Any], schema: dict[str, Any]) -> Iterator[str]:
    for path in paths:
        for method, route in schema["paths"][path].items():
            if method in METHODS:
                yield f"### `{method.upper()} {path}`"
                yield route.get("description", route["summary"])
                if parameters := route.get("parameters"):
                    yield "\n".join(f"- `{each['name']}`, in the {each['in']}" for each in parameters)
                if body := route.get("requestBody"):
                    yield f"Body: {_content(body['content'])}"
                yield from _answers(route["responses"])


def _answers(responses: dict[str, Any]) -> Iterator[str]:
    """Say what a good answer is, and in one line all errors that have the same form."""
    errors: dict[str, list[str]] = {}
    for status, answer in responses.items():
        form = _content(answer.get("content", {}))
        if status < "400":
            yield f"**{status}**" + (f": {form}" if form else "")
        else:
            errors.setdefault(form or "no body", []).append(status)
    for form, statuses in errors.items():
        yield f"Errors: {', '.join(statuses)}: {form}"


def _content(content: dict[str, Any]) -> str:
    return ", ".join(_schema_name(media.get("schema", {})) for media in content.values())


def _objects(schema: dict[str, Any]) -> Iterator[str]:
    for name, about in schema["components"]["schemas"].items():
        if properties := about.get("properties"):
            yield f"### {name}"
            if about.get("description"):
                yield about["description"].split("\n\n")[0]
            required = set(about.get("required", ()))
            yield "| Field | Type | Needed | Meaning |\n|---|---|---|---|\n" + "\n".join(
                f"| `{field}` | {_schema_name(each)} | {'yes' if field in required else ''} | "
                f"{each.get('description', '').replace(chr(10), ' ')} |"
                for field, each in properties.items()
            )


def _schema_name(schema: dict[str, Any]) -> str:
    """Return a schema as one reads it: a linked object, `string`, `list of …`, `string or null`."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if options := schema.get("anyOf") or schema.get("allOf") or schema.get("oneOf"):
        return " or ".join(map(_schema_name, options))
    if schema.get("type") == "array":
        return f"list of {_schema_name(schema['items'])}"
    kind = schema.get("format") or schema.get("type") or ""
    if values := schema.get("enum"):
        return ", ".join(f"`{value}`" for value in values)
    return f"`{kind}`" if kind else ""
