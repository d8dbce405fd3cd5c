"""Snowflake for tests: fakesnow behind HTTP, reached by the real connector, with these things put right.

- Aggregates of exact numbers stay exact (fakesnow computes them as DOUBLE).
- A NULL timestamp stays NULL (fakesnow sends 1970-01-01: an expectation about dates would pass on it).
- Views are listed in INFORMATION_SCHEMA.TABLES, as Snowflake lists them.
- DESC TABLE describes tables of other databases too.
- Databases and schemas must exist before a session uses them.
- A wrong password is refused.
- A SELECT from a table named in _FAULTS fails as Snowflake says it does; from LOSES_THE_SESSION only once, from STALLS
  without an answer.
- Schemas can be swapped and renamed, and tell what was granted (:mod:`tests.warehouses.snowflake_schemas`).
- There are roles, grants to them and virtual warehouses (:mod:`tests.warehouses.snowflake_access`).
- What the emulator cannot do is a SQL error (as HTTP 500 the connector would retry it for minutes).

Run as ``python -m tests.warehouses.snowflake_emulator``; the user is ``SLUICE``, the password is read from the
environment. It prints its port once it listens, and stops when its standard input is closed.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import sys
import threading
from http import HTTPStatus
from importlib import import_module
from string import Template
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import uvicorn
from fakesnow import info_schema
from fakesnow.instance import FakeSnow
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from flows.child import listen
from tests.warehouses.snowflake_access import Access, RefusedError
from tests.warehouses.snowflake_schemas import Schemas

USER = "SLUICE"
DATABASE = "SLUICE"
PASSWORD_VARIABLE = "SNOWFLAKE_EMULATOR_PASSWORD"

# By name: fakesnow's own names for two of them are functions.
_server: Any = import_module("fakesnow.server")
_arrow: Any = import_module("fakesnow.arrow")
_transforms: Any = import_module("fakesnow.transforms")

_WRONG_PASSWORD = {"code": "390100", "message": "Incorrect username or password was specified.", "success": False}
_NO_SUCH_ROLE = {"code": "390189", "success": False}
_NO_SUCH_ROLE_SAID = (
    "Role '{}' specified in the connect string does not exist or not authorized. Contact your local system "
    "administrator, or attempt to login with another role, e.g. PUBLIC."
)
_UNSUPPORTED = {
    "data": {"errorCode": "002140", "sqlState": "0A000"}, "code": "002140", "success": False,
}  # fmt: skip
_FAULTS = {
    "TIMES_OUT": ("000630", "57014", "Statement reached its statement or warehouse timeout of 2 second(s)"),
    "IS_CANCELLED": ("000604", "57014", "SQL execution canceled"),
    "SPENDS_THE_QUOTA": ("090073", "22000", "Warehouse 'COMPUTE_WH' cannot be resumed: its quota has been spent"),
    "LOSES_THE_SESSION": ("390111", "08001", "Session no longer exists. New login required to access the service."),
}
# What Snowflake answers and the emulator has nothing to do for.
_WITHOUT_EFFECT = [r"\s*(grant|revoke)\b", r"\s*alter\s+session\b", r"\s*use\s+(role|warehouse|secondary)\b"]
_TABLES_VIEW = """
create or replace view {catalog}._fs_information_schema._fs_tables as
select table_catalog as "TABLE_CATALOG", table_schema as "TABLE_SCHEMA", table_name as "TABLE_NAME",
       table_type as "TABLE_TYPE"
from system.information_schema.tables
where table_catalog = '{catalog}' and table_schema <> '_fs_information_schema'
"""


def timestamps_with_nulls(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Timestamps as Snowflake sends them, NULL where they are NULL."""
    column = pa.concat_arrays(column.chunks) if isinstance(column, pa.ChunkedArray) and column.num_chunks else column
    if isinstance(column, pa.ChunkedArray):
        column = pa.array([], column.type)
    sent = _timestamps(pc.fill_null(column, pa.scalar(0, column.type)))
    fields = [sent.type.field(index) for index in range(sent.type.num_fields)]
    return pa.StructArray.from_arrays(
        [sent.field(index) for index in range(len(fields))], fields=fields, mask=column.is_null()
    )


_timestamps = _arrow.timestamp_to_sf_struct
_database_sql = info_schema.per_db_creation_sql


def correct_fakesnow() -> None:
    """Put right what fakesnow does differently from Snowflake, as far as these tests meet it."""
    _arrow.timestamp_to_sf_struct = timestamps_with_nulls
    _transforms.numeric_agg_implicit_cast = lambda expression: expression
    info_schema.per_db_creation_sql = lambda catalog: _database_sql(catalog) + _TABLES_VIEW.format(catalog=catalog)
    statements: Any = import_module("fakesnow.transforms.transforms")
    described = statements.SQL_DESCRIBE_TABLE.template.replace("FROM _fs_inf", "FROM _fs_global._fs_inf")
    statements.SQL_DESCRIBE_TABLE = Template(described)
    _server.shared_fs = FakeSnow(
        create_database_on_connect=False, create_schema_on_connect=False, nop_regexes=_WITHOUT_EFFECT
    )


def emulator(password: str) -> Starlette:
    """fakesnow's application, with a login that looks at the password and no answer that is retried."""

    faults = dict(_FAULTS)
    access, roles = Access(DATABASE), dict[str, str]()

    async def login(request: Request) -> JSONResponse:
        told = (await _body(request))["data"]
        if (told.get("LOGIN_NAME"), told.get("PASSWORD")) != (USER, password):
            return JSONResponse({"data": None, **_WRONG_PASSWORD})
        role = str(request.query_params.get("roleName") or "SYSADMIN").upper()
        if not access.may_log_in(role):
            return JSONResponse({"data": None, **_NO_SUCH_ROLE, "message": _NO_SUCH_ROLE_SAID.format(role)})
        answer: JSONResponse = await _server.login_request(request)
        roles[json.loads(bytes(answer.body))["data"]["token"]] = role
        return answer

    schemas = Schemas(DATABASE)

    async def query(request: Request) -> JSONResponse:
        body = await _body(request)
        statement = str(body.get("sqlText", ""))
        if statement.startswith("SELECT") and "information_schema" not in statement:
            if "STALLS" in statement:
                await asyncio.sleep(3600)
            for table in [table for table in faults if table in statement]:
                code, state, message = faults.pop(table) if table == "LOSES_THE_SESSION" else faults[table]
                told = {"data": {"errorCode": code, "sqlState": state}, "code": code, "success": False}
                return JSONResponse({**told, "message": message})
        try:
            session = _server.to_conn(_server.to_token(request))
            asked = access.answer(statement, roles.get(_server.to_token(request), "SYSADMIN"))
            answered = schemas.answer(asked, session._duck_conn.cursor())
            if answered != statement:
                changed = json.dumps({**body, "sqlText": answered}).encode()
                is_packed = request.headers.get("Content-Encoding") == "gzip"
                request._body = gzip.compress(changed) if is_packed else changed
            answer: JSONResponse = await _server.query_request(request)
        except RefusedError as error:
            told = {"data": {"errorCode": error.number, "sqlState": error.state}, "code": error.number}
            return JSONResponse({**told, "success": False, "message": str(error)})
        except Exception as error:  # noqa: BLE001 - whatever it is, the client has to be told
            return JSONResponse({**_UNSUPPORTED, "message": f"{type(error).__name__}: {error}"})
        if answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
            return answer
        return JSONResponse({**_UNSUPPORTED, "message": json.loads(bytes(answer.body))["message"]})

    corrected = {"/session/v1/login-request": login, "/queries/v1/query-request": query}
    others = [route for route in _server.routes if route.path not in corrected]
    return Starlette(routes=[*(Route(path, ours, methods=["POST"]) for path, ours in corrected.items()), *others])


async def _body(request: Request) -> dict[str, Any]:
    body = await request.body()
    if request.headers.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    content: dict[str, Any] = json.loads(body)
    return content


def main() -> None:
    """Serve on a free port of this machine until standard input ends."""
    correct_fakesnow()
    listener = listen()
    server = uvicorn.Server(uvicorn.Config(emulator(os.environ[PASSWORD_VARIABLE]), log_level="error"))

    def stop_with_parent() -> None:
        sys.stdin.read()
        server.should_exit = True

    threading.Thread(target=stop_with_parent, daemon=True).start()
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    server.run(sockets=[listener])


if __name__ == "__main__":
    main()
