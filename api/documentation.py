"""`/docs`: what the schema says, as one page without scripts. Nothing comes from another server, so it works offline."""

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

documentation_routes = APIRouter(include_in_schema=False)

_METHODS = ("get", "post", "put", "patch", "delete")
_STYLE = """
:root { color-scheme: light dark; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif;
  background: light-dark(#fff, #16131a); color: light-dark(#222, #eee); }
a { color: light-dark(#6b1d4a, #f6b440); } code, pre { font-family: ui-monospace, monospace; }
section { border-top: 1px solid light-dark(#ccc, #444); } summary { cursor: pointer; padding: .3rem 0; }
pre { overflow-x: auto; padding: .75rem; background: light-dark(#f4f1ec, #241f2a); }
table { border-collapse: collapse; display: block; overflow-x: auto; }
td, th { text-align: left; vertical-align: top; padding: .25rem 1rem .25rem 0; }
"""


@documentation_routes.get("/docs")
async def show_documentation(request: Request) -> HTMLResponse:
    """Show the routes, their bodies, answers and examples."""
    return HTMLResponse("".join(_page(request.app.openapi(), request.scope.get("root_path", ""))))


def _page(schema: Mapping[str, Any], below: str) -> Iterator[str]:
    info = schema["info"]
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{escape(info['title'])}</title><style>{_STYLE}</style></head><body><main>"
    yield f"<h1>{escape(info['title'])} {escape(info['version'])}</h1><p>{escape(info.get('summary', ''))} "
    yield f'The schema for programs: <a href="{escape(below)}/openapi.json">openapi.json</a>.</p>'
    for path, item in schema["paths"].items():
        for method in _METHODS:
            if method in item:
                yield from _operation(method, below + path, item[method])
    yield "<h2>Objects</h2>"
    for name, about in schema["components"]["schemas"].items():
        yield from _object(name, about)
    yield "</main></body></html>"


def _operation(method: str, path: str, about: Mapping[str, Any]) -> Iterator[str]:
    yield f'<section id="{escape(about["operationId"])}"><h2><code>{method.upper()} {escape(path)}</code></h2>'
    yield f"<p><code>{escape(about['operationId'])}</code></p>"
    yield from (f"<p>{escape(part)}</p>" for part in about.get("description", "").split("\n\n"))
    if parameters := about.get("parameters"):
        yield "<table><tr><th>Parameter</th><th>In</th><th>Meaning</th></tr>"
        for each in parameters:
            name, said = escape(each["name"]), escape(each.get("description") or each["schema"].get("description", ""))
            yield f"<tr><td><code>{name}</code></td><td>{escape(each['in'])}</td><td>{said}</td></tr>"
        yield "</table>"
    if body := about.get("requestBody"):
        yield f"<p>Body: {_forms(body['content'])}</p>{_examples(body['content'])}"
    for status, response in about["responses"].items():
        content = response.get("content", {})
        yield f"<details><summary><code>{escape(status)}</code> {escape(response.get('description', ''))} "
        yield f"{_forms(content)}</summary>{_examples(content)}</details>"
    yield "</section>"


def _object(name: str, about: Mapping[str, Any]) -> Iterator[str]:
    yield f'<section id="{escape(name)}"><h3>{escape(name)}</h3><p>{escape(about.get("description", ""))}</p>'
    if values := about.get("enum"):
        yield f"<p>{', '.join(f'<code>{escape(str(value))}</code>' for value in values)}</p>"
    if properties := about.get("properties"):
        yield "<table><tr><th>Field</th><th>Type</th><th>Meaning</th></tr>"
        for field, each in properties.items():
            said = escape(each.get("description", ""))
            yield f"<tr><td><code>{escape(field)}</code></td><td>{_type(each)}</td><td>{said}</td></tr>"
        yield "</table>"
    for example in about.get("examples", ()):
        yield _example(example)
    yield "</section>"


def _forms(content: Mapping[str, Any]) -> str:
    return ", ".join(_type(media.get("schema", {})) or escape(kind) for kind, media in content.items())


def _examples(content: Mapping[str, Any]) -> str:
    return "".join(
        _example(value)
        for media in content.values()
        for value in [*([media["example"]] if "example" in media else []), *_named(media.get("examples", {}))]
    )


def _named(examples: Mapping[str, Any]) -> list[Any]:
    return [example["value"] for example in examples.values()]


def _example(value: object) -> str:
    return f"<pre>{escape(json.dumps(value, indent=2, ensure_ascii=False))}</pre>"


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if options := schema.get("anyOf") or schema.get("allOf") or schema.get("oneOf"):
        return " or ".join(map(_type, options))
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    kind = schema.get("format") or schema.get("type") or ""
    return f"<code>{escape(kind)}</code>" if kind else ""
