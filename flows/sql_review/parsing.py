"""A source's SQL as sqlglot reads it, with places."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, ParseError, SqlglotError, TokenError, UnsupportedError
from sqlglot.optimizer.scope import Scope, build_scope, traverse_scope
from sqlglot.tokenizer_core import Token, TokenType

from flows.sql_review.source import SqlSource, UnreadableError

EPHEMERAL = "__dbt__cte__"
"""How dbt begins the name of a CTE that is another, ephemeral model: it is reviewed where it stands."""


@dataclass(frozen=True)
class ParsedSql:
    """SQL that was understood as a whole. Names that need no quotes are in lower case."""

    source: SqlSource
    statements: tuple[exp.Expr, ...]
    tokens: Sequence[Token]

    @cached_property
    def scopes(self) -> tuple[Scope, ...]:
        """Every query, inner ones first, and which tables and CTEs it sees; without those of ephemeral models."""
        roots = [root for statement in self.statements for root in _outermost(statement)]
        return tuple(scope for root in roots for scope in traverse_scope(root) if not _is_ephemeral(scope.expression))

    @cached_property
    def outputs(self) -> tuple[Scope, ...]:
        """Of those the queries whose rows are what a statement gives."""
        return tuple(scope for scope in self.scopes if scope.is_root)

    @cached_property
    def changes(self) -> tuple[Scope, ...]:
        """What each DELETE and UPDATE looks through, as the query that it is."""
        read = [_rows_of(item) for item in self.statements if isinstance(item, exp.Delete | exp.Update)]
        return tuple(scope for query in read if query is not None and (scope := build_scope(query)) is not None)

    def span(self, node: exp.Expr) -> tuple[int, int]:
        """Offsets of the first and the last name in a piece of SQL; of all of it if it has none."""
        spots = [item.meta for item in node.walk() if "start" in item.meta]
        if not spots:
            return (0, 0) if node.parent is None else self.span(node.parent)
        return min(spot["start"] for spot in spots), max(spot["end"] for spot in spots)

    def opening(self, node: exp.Expr) -> tuple[int, int]:
        """The same of a query in parentheses, from its opening one on."""
        start, end = self.span(node)
        depth = 0
        before = [index for index, token in enumerate(self.tokens) if token.start <= start]
        for index in reversed(before):
            token = self.tokens[index]
            if token.token_type == TokenType.R_PAREN:
                depth += 1
            elif token.token_type == TokenType.L_PAREN:
                if depth == 0 and self.tokens[index + 1].token_type in (TokenType.SELECT, TokenType.WITH):
                    return token.start, end
                depth = max(depth - 1, 0)
        return start, end


def parse(source: SqlSource) -> ParsedSql:
    """Read a source's SQL.

    Raises:
        UnreadableError: it does not parse, is understood in part only, or there is none.
    """
    dialect = sqlglot.Dialect.get_or_raise(source.dialect)
    try:
        with quiet():
            tokens = dialect.tokenize(source.sql)
            statements = [item for item in dialect.parser().parse(tokens, source.sql) if item is not None]
    except ParseError as error:
        first = error.errors[0] if error.errors else {}
        problem = str(first.get("description") or "syntax error").rstrip(".")
        place = f" (line {first['line']} of what was read)" if first.get("line") else ""
        raise UnreadableError(
            f"it does not parse as {source.dialect}: {problem}{place}. Mend it, or name its --dialect"
        ) from None
    except TokenError:
        raise UnreadableError(
            f"it does not parse as {source.dialect}: a quote or a comment does not end. Mend it, or name its --dialect"
        ) from None
    except (SqlglotError, RecursionError) as error:
        raise UnreadableError(f"the parser cannot follow it ({type(error).__name__}); simplify it") from None
    if not any(not isinstance(item, exp.Semicolon) for item in statements):
        raise UnreadableError("there is no SQL statement in it")
    for item in statements:
        if item.find(exp.Command):
            raise UnreadableError(f"the parser does not understand a {_verb(item)} statement in it")
        if any(_is_text(create.expression) for create in item.find_all(exp.Create)):
            raise UnreadableError("the body of a function or procedure in it is a text, which is not looked into")
        for identifier in item.find_all(exp.Identifier):
            if not identifier.args.get("quoted"):
                identifier.set("this", identifier.name.lower())
    return ParsedSql(source, tuple(statements), tokens)


def copied(statement: exp.Expr) -> tuple[exp.Expr, Callable[[exp.Expr], exp.Expr]]:
    """A copy of a statement, to be changed; and which of its nodes stands for a node of the statement."""
    numbered = {id(node): number for number, node in enumerate(statement.walk())}
    copy = statement.copy()
    nodes = list(copy.walk())
    return copy, lambda node: nodes[numbered[id(node)]]


def written(statement: exp.Expr, dialect: str) -> str | None:
    """A statement's SQL; None where sqlglot would leave out what it has no words for in this dialect."""
    try:
        return statement.sql(dialect, pretty=True, comments=False, unsupported_level=ErrorLevel.RAISE)
    except UnsupportedError:
        return None


def _is_text(body: object) -> bool:
    if isinstance(body, exp.Block):
        return any(_is_text(each) for each in body.expressions)
    return isinstance(body, exp.RawString | exp.Heredoc) or (isinstance(body, exp.Literal) and body.is_string)


def _outermost(statement: exp.Expr) -> Iterator[exp.Query]:
    """The queries of a statement that are in no other query: of `create table ... as select`, for one."""
    if isinstance(statement, exp.Query):
        yield statement
        return
    for child in statement.iter_expressions():
        yield from _outermost(child)


def _rows_of(statement: exp.Delete | exp.Update) -> exp.Select | None:
    """The query of the rows that a statement deletes or changes, its tables joined with commas."""
    tables = [statement.this, *(statement.args.get("using") or ())]
    if from_ := statement.args.get("from_"):
        tables.append(from_.this)
    where = statement.args.get("where")
    if not all(isinstance(table, exp.Table | exp.Subquery) for table in tables):
        return None
    first, *others = [table.copy() for table in tables]
    query = exp.select("*").from_(first)
    for table in others:
        query = query.join(table, copy=False)
        # Joins that stand behind a table in it are the query's own.
        query.args["joins"] += table.args.pop("joins", None) or []
    return query.where(where.this.copy(), copy=False) if where else query


def _is_ephemeral(node: exp.Expr) -> bool:
    above: exp.Expr | None = node
    while above is not None:
        if isinstance(above, exp.CTE) and above.alias.startswith(EPHEMERAL):
            return True
        above = above.parent
    return False


def _verb(statement: exp.Expr) -> str:
    command = statement.find(exp.Command)
    return str(command.this).upper() if command else "strange"


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep sqlglot from standard error, where it quotes SQL without its file; what is not understood is told here."""
    logger = logging.getLogger("sqlglot")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)
