"""The modules of Streamlit's front end that a first page needs, in few requests.

Streamlit comes as some 90 small files for the shop's first page, a browser asks for six at a time, and on a slow line each
round takes its 400 ms. So the small ones are sent in the page itself: an import map says that such a module is the text
given there. The large ones stay files, which browsers keep.
https://html.spec.whatwg.org/multipage/webappapis.html#import-maps
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

import streamlit

SMALL = 16_000
"""Up to so many bytes a module is sent in the page."""

_ELEMENTS = ("Html", "BidiComponent", "PageLink", "Button", "TextInput", "ButtonGroup")
"""What the first page is made of, by the names of Streamlit's source files."""

_IMPORT = re.compile(r'(\bfrom|\bimport)"\./([\w.-]+\.js)"')
_MOVABLE = re.compile(r'import\.meta|\bimport\(|"\.\.?/')
"""What a module says that must know where it lies."""
_MOVED = re.compile(r'(\bfrom|\bimport)"streamlit/([\w.-]+\.js)"')
_SAFE = " !\"$&'()*+,-./:;<=>?@[]^_`{|}~"
"""Signs of a script that a `data:` address holds as they are."""


@dataclass(frozen=True, slots=True)
class FrontEnd:
    """What a page says of modules: an import map, and the files to ask for at once."""

    import_map: str = "{}"
    files: tuple[str, ...] = ()
    """What must be there before it can connect."""
    later: tuple[str, ...] = ()
    """What it draws with, once the server has answered: it loads while the connection is being made."""


@cache
def front_end() -> FrontEnd:
    """Return what the page says of Streamlit's modules; nothing, if this Streamlit is built in another way than we know."""
    folder = Path(streamlit.__file__).with_name("static")
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        page = (folder / "index.html").read_text(encoding="utf-8")
        files = set(re.findall(r'"\./(static/js/[\w.-]+\.js)"', page))
        later = _first_files(manifest) - files
        texts = {file: (folder / file).read_text(encoding="utf-8") for file in sorted(files | later)}
    except (OSError, ValueError, KeyError):  # the browser finds everything by itself
        return FrontEnd()
    moved = {file: _moved(text) for file, text in texts.items() if len(text) <= SMALL}
    in_page = {file: text for file, text in moved.items() if not _MOVABLE.search(text)}
    names = {name for text in in_page.values() for _, name in _MOVED.findall(text)}
    imports = {f"streamlit/{name}": f"./static/js/{name}" for name in names if f"static/js/{name}" not in in_page}
    for file, text in in_page.items():
        source = f"data:text/javascript,{quote(text, safe=_SAFE)}"
        imports |= {f"./{file}": source, f"streamlit/{Path(file).name}": source}  # side by side gzip stores it once
    # The largest first: when the page asks for them, only one connection is open.
    by_size = sorted(texts.keys() - in_page.keys(), key=lambda file: (-len(texts[file]), file))
    return FrontEnd(
        json.dumps({"imports": imports}).replace("<", "\\u003c"),
        tuple(file for file in by_size if file in files),
        tuple(file for file in by_size if file in later),
    )


def _moved(text: str) -> str:
    """Return a module that imports by names of the import map: in the page it has no place that paths could begin at."""
    return _IMPORT.sub(r'\1"streamlit/\2"', text)


def _first_files(manifest: dict[str, dict[str, object]]) -> set[str]:
    """Return the files of the elements of the first page, and of all that they import."""
    keys: set[str] = set()
    waiting = [key for key in manifest if Path(key).stem in _ELEMENTS and Path(key).suffix == ".tsx"]
    while waiting:
        key = waiting.pop()
        if key in manifest and key not in keys:
            keys.add(key)
            imports = manifest[key].get("imports", [])
            waiting += [str(name) for name in imports] if isinstance(imports, list) else []
    return {str(manifest[key]["file"]) for key in keys if str(manifest[key]["file"]).endswith(".js")}
