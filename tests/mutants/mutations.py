"""Every small change that mutmut's operators, and three of our own, make to a file; cosmetic ones are left out."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from difflib import unified_diff
from itertools import islice
from pathlib import Path
from typing import Any

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, ParentNodeProvider, PositionProvider
from mutmut.mutation.mutators import mutation_operators, operator_string

GROUPS = {
    "core": ("checkout_core/domain/**/*.py", "checkout_core/services/**/*.py"),
    "stores": ("checkout_core/stores/**/*.py",),
    "gateway": ("checkout_core/gateway/**/*.py",),
    "api": ("api/**/*.py", "checkout_core/fastapi/**/*.py"),
    "simulator": ("stripe_simulator/**/*.py",),
}
# These decide nothing about money, wherever they are.
LEFT_OUT = {
    "__init__.py",
    "charts.py",
    "logs.py",
    "mail.py",
    "metrics.py",
    "receipt_pdf.py",
    "browser.py",
    "dashboard.py",
}
LEFT_OUT_FOLDERS = {"browser", "dashboard", "testing"}

LOGGERS = re.compile(r"_?log(ger|ging)?\.(debug|info|warning|error|exception)$")
TYPING_CALLS = {"TypeVar", "ParamSpec", "NewType"}
SENTENCE = re.compile(r"""^[rbf]*["']+[A-Z`{].* .*[.!?]["')]+$""", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Mutant:
    """One change of one file.

    Attributes:
        group: its key in `GROUPS`.
        path: the file, from the root of the repository.
        kind: the name of the operator that made it.
        lines: the lines of the changed expression, then those of its statement.
        declares: what the statement declares when it runs as the module is imported, or "" for code of a function.
    """

    group: str
    path: str
    kind: str
    lines: tuple[range, range]
    declares: str
    _module: cst.Module
    _change: tuple[cst.CSTNode, cst.CSTNode]

    def code(self) -> str | None:
        """Return the changed file, or None when Python cannot compile it or nothing has changed."""
        changed = self._module.deep_replace(*self._change)
        code = changed.code if isinstance(changed, cst.Module) else self._module.code
        try:
            compile(code, self.path, "exec")
        except SyntaxError:
            return None
        return code if code != self._module.code else None

    def diff(self) -> str:
        """Return the change as a unified diff without surrounding lines."""
        before, after = self._module.code.splitlines(), (self.code() or "").splitlines()
        return "\n".join(islice(unified_diff(before, after, lineterm="", n=0), 2, None))


def money_critical_files(root: Path) -> list[tuple[str, Path]]:
    """Return each file to be changed with its group, in a stable order."""
    return [
        (group, file)
        for group, patterns in GROUPS.items()
        for file in sorted({file for pattern in patterns for file in root.glob(pattern)})
        if file.name not in LEFT_OUT and not LEFT_OUT_FOLDERS.intersection(file.relative_to(root).parts)
    ]


def find_mutants(root: Path) -> list[Mutant]:
    """Return every mutant of the money-critical files below `root`, in a stable order."""
    return [
        mutant
        for group, file in money_critical_files(root)
        for mutant in mutants_of(file.read_text(), group, str(file.relative_to(root)))
    ]


def mutants_of(source: str, group: str, path: str) -> list[Mutant]:
    """Return every mutant of one file.

    Args:
        source: the text of the file.
        group: its key in `GROUPS`.
        path: the file, from the root of the repository.
    """
    wrapper = MetadataWrapper(cst.parse_module(source))
    visitor = _Visitor(group, path, wrapper.module)
    wrapper.visit(visitor)
    return visitor.found


def _negate(node: cst.If | cst.While) -> Iterator[cst.CSTNode]:
    inside = node.test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    yield node.with_changes(test=cst.UnaryOperation(cst.Not(), inside))


def _drop(node: cst.SimpleStatementLine) -> Iterator[cst.CSTNode]:
    if isinstance(node.body[0], cst.Expr | cst.Raise | cst.Break):
        yield node.with_changes(body=[cst.Pass()])


def _return_none(node: cst.Return) -> Iterator[cst.CSTNode]:
    if node.value and not (isinstance(node.value, cst.Name) and node.value.value == "None"):
        yield node.with_changes(value=cst.Name("None"))


def _change_text(node: cst.BaseString) -> Iterable[cst.CSTNode]:
    """Return the first of mutmut's changes: the others turn the case, and SQL and header names do not mind."""
    return islice(operator_string(node), 1)


OPERATORS: list[tuple[Any, Callable[[Any], Iterable[cst.CSTNode]]]] = [
    *((kind, operator) for kind, operator in mutation_operators if operator is not operator_string),
    (cst.BaseString, _change_text),
    (cst.If, _negate),
    (cst.While, _negate),
    (cst.SimpleStatementLine, _drop),
    (cst.Return, _return_none),
]


class _Visitor(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (PositionProvider, ParentNodeProvider)

    def __init__(self, group: str, path: str, module: cst.Module) -> None:
        self.found: list[Mutant] = []
        self._group, self._path, self._module = group, path, module

    def on_visit(self, node: cst.CSTNode) -> bool:
        if self._cosmetic(node):
            return False
        for kind, operator in OPERATORS:
            if isinstance(node, kind):
                for changed in operator(node):
                    if not self._only_sentences(node, changed):
                        self._add(node, changed, operator.__name__.removeprefix("operator_").strip("_"))
        return True

    def _cosmetic(self, node: cst.CSTNode) -> bool:
        """Say whether no test should depend on this node: text for people, logs, types, declarations without effect."""
        match node:
            case cst.Annotation() | cst.TypeAlias() | cst.FunctionDef(name=cst.Name("__repr__")):
                return True
            case cst.SimpleStatementLine(body=[cst.Expr(cst.SimpleString() | cst.ConcatenatedString())]):
                return True
            case cst.SimpleStatementLine(body=[cst.Expr(cst.Call(func=func))]) | cst.Call(func=func):
                called = self._module.code_for_node(func)
                return bool(LOGGERS.search(called)) or called in TYPING_CALLS
            case cst.Decorator(cst.Call(func=cst.Name("dataclass"))):
                return True
            case cst.Assign(targets=[cst.AssignTarget(cst.Name("__all__"))]):
                return True
            case cst.Assign(value=cst.BinaryOperation(left=cst.Name(kind), operator=cst.BitOr())):
                return kind[0].isupper()  # a name for one of several types
            case cst.Assign(value=value) | cst.AnnAssign(value=cst.BaseString() as value):
                return self._is_sentence(value)
        return self._is_sentence(node)

    def _is_sentence(self, node: cst.CSTNode) -> bool:
        """Say whether it is a text with a capital and a full stop, or any text of several words in a `raise`."""
        if not isinstance(node, cst.BaseString):
            return False
        text = self._module.code_for_node(node)
        raised = any(isinstance(above, cst.Raise) for above in self._above(node))
        return bool(SENTENCE.match(text)) or (raised and " " in text)

    def _only_sentences(self, node: cst.CSTNode, changed: cst.CSTNode) -> bool:
        """Say whether the change of a call concerns nothing but a sentence among its arguments."""
        if not (isinstance(node, cst.Call) and isinstance(changed, cst.Call)):
            return False
        gone = [argument.value for argument in node.args if not any(argument is kept for kept in changed.args)]
        return bool(gone) and all(self._is_sentence(value) for value in gone)

    def _above(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        while not isinstance(node, cst.Module):
            yield node
            node = self.get_metadata(ParentNodeProvider, node)

    def _add(self, node: cst.CSTNode, changed: cst.CSTNode, kind: str) -> None:
        above = list(self._above(node))
        statement = next(one for one in above if isinstance(one, cst.SimpleStatementLine | cst.BaseCompoundStatement))
        bodies = {one.body for one in above if isinstance(one, cst.FunctionDef)}
        declares = "" if bodies.intersection(above) else _declared(statement)
        whole = self._range(statement)
        # The condition of an `if` changes, not what depends on it.
        changing = [node.test] if isinstance(node, cst.If | cst.While) else above
        inner = next(filter(None, (self._range(one) for one in changing)), whole)
        if whole is None or inner is None:
            return
        simple = isinstance(statement, cst.SimpleStatementLine) or declares
        last = whole.end.line if simple else inner.end.line
        lines = range(inner.start.line, inner.end.line + 1), range(whole.start.line, last + 1)
        self.found.append(Mutant(self._group, self._path, kind, lines, declares, self._module, (node, changed)))

    def _range(self, node: cst.CSTNode) -> CodeRange | None:
        found = self.get_metadata(PositionProvider, node, None)
        return found if isinstance(found, CodeRange) else None


def _declared(statement: cst.CSTNode) -> str:
    match statement:
        case cst.SimpleStatementLine(body=[cst.Assign(targets=[cst.AssignTarget(cst.Name(name)), *_]), *_]):
            return name
        case cst.SimpleStatementLine(body=[cst.AnnAssign(target=cst.Name(name)), *_]):
            return name
        case cst.FunctionDef(name=cst.Name(name)) | cst.ClassDef(name=cst.Name(name)):
            return name
    return "<module>"  # a statement without a name: no line mentions it
