"""Deferred modules: what waits, and that nobody who uses one can tell.

What great_expectations does with them is asked of fresh processes, with sluice and without: the answers must be equal.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEFERRED = ("altair", "jsonschema", "mistune", "scipy.stats")
ROOMS = ("gx", "expectations", "checkpoints", "flows")


def python(code: str, *path: Path) -> str:
    """What a fresh process prints."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (*path, ROOT))), "PYTHONHASHSEED": "0"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, text=True, capture_output=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# What waits -----------------------------------------------------------------------------------------------------------


def test_importing_great_expectations_after_gx_executes_none_of_the_deferred_modules() -> None:
    said = python(
        "import gx, sys, great_expectations\n"
        f"print([type(sys.modules[name]).__name__ for name in {DEFERRED}])\n"
        "print([n for n in sys.modules if n.startswith(('altair.', 'jsonschema.', 'mistune.', 'scipy.l'))])"
    )
    assert said.splitlines() == [str(["DeferredModule"] * len(DEFERRED)), "[]"]


def test_importing_gx_alone_imports_no_package_but_itself() -> None:
    said = python("import sys; a = set(sys.modules); import gx; print({n.split('.')[0] for n in set(sys.modules) - a})")
    assert ast.literal_eval(said) - sys.stdlib_module_names == {"gx"}


@pytest.mark.parametrize("room", ROOMS[1:])
def test_every_room_that_imports_great_expectations_has_gx_imported_before(room: str) -> None:
    importing = [
        path
        for path in (ROOT / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("great_expectations"))
        or (isinstance(node, ast.Import) and any(name.name.startswith("great_expectations") for name in node.names))
    ]
    said = python(f"import {room}, sys; print('gx' in sys.modules)")
    assert not importing or said == "True\n"


def test_a_module_that_was_imported_before_stays_as_it_is() -> None:
    said = python("import jsonschema as own, gx, great_expectations, sys, types\n"
                  "print(sys.modules['jsonschema'] is own, type(own) is types.ModuleType)")  # fmt: skip
    assert said == "True True\n"


# Nobody can tell ------------------------------------------------------------------------------------------------------

USES = """
import json, warnings
warnings.simplefilter("ignore")
import pandas as pd
import great_expectations
import great_expectations.expectations as gxe
from great_expectations.compatibility import aws
from great_expectations.render.renderer import ValidationResultsPageRenderer
from great_expectations.render.view import DefaultJinjaPageView, DefaultMarkdownPageView
from great_expectations.validator.metric_configuration import MetricConfiguration
from great_expectations.validator.metrics_calculator import MetricsCalculator

frame = pd.DataFrame({
    "country": ["de"] * 6 + ["fr"] * 4, "amount": [float(n) for n in range(10)],
    "document": ['{"a": 1}'] * 9 + ['{"a": "x"}'],
})
schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
partition = {"values": ["de", "fr"], "weights": [0.5, 0.5]}
bins = {"bins": [0.0, 3.0, 6.0, 10.0], "weights": [0.6, 0.3, 0.1]}
context = great_expectations.get_context(mode="ephemeral")
asset = context.data_sources.add_pandas("pandas").add_dataframe_asset("frame")
batch = asset.add_batch_definition_whole_dataframe("all")
suite = great_expectations.ExpectationSuite("suite", expectations=[
    gxe.ExpectColumnKLDivergenceToBeLessThan(column="country", partition_object=partition, threshold=0.1),
    gxe.ExpectColumnKLDivergenceToBeLessThan(column="amount", partition_object=bins, threshold=1e-9),
    gxe.ExpectColumnValuesToMatchJsonSchema(column="document", json_schema=schema),
])
definition = great_expectations.ValidationDefinition(name="v", data=batch, suite=suite)
for each in (context.suites.add(suite), context.validation_definitions.add(definition)):
    pass
result = definition.run(batch_parameters={"dataframe": frame}, result_format="COMPLETE")
for each in result.results:
    print(each.expectation_config.type, each.success, json.dumps(each.to_json_dict()["result"], sort_keys=True))
    if "observed_value" in each.result:  # GX's renderer takes what its stores keep: no numpy numbers
        each.result["observed_value"] = float(each.result["observed_value"])
content = ValidationResultsPageRenderer().render(result)
page = DefaultJinjaPageView().render(content)
print("plots", json.dumps(content.to_json_dict()).count("schema/vega-lite"), page.count("vegaEmbed("))
print(DefaultMarkdownPageView().render_markdown("# title *one*"))

engine = batch.get_batch(batch_parameters={"dataframe": frame}).data.execution_engine
normal = {"distribution": "norm", "params": {"mean": 4.5, "std_dev": 3.0}, "p_value": 0.05}
metric = "column.parameterized_distribution_ks_test_p_value"
print(MetricsCalculator(engine).get_metric(MetricConfiguration(metric, {"column": "amount"}, normal)))
options = aws.get_s3_boto3_options({"region_name": "eu-west-1", "aws_access_key_id": "x", "aws_secret_access_key": "y"})
client = aws.boto3.client("s3", **options)
print(client.meta.service_model.service_name, client.meta.config.user_agent_extra)
"""


def test_great_expectations_answers_the_same_with_deferred_modules_as_without() -> None:
    plain = python(USES)
    deferred = python("import gx\n" + USES)
    assert "expect_column_kl_divergence_to_be_less_than True" in plain
    assert "expect_column_kl_divergence_to_be_less_than False" in plain
    assert "plots 4 4" in plain
    assert "<h1>title <em>one</em></h1>" in plain
    assert deferred == plain


# First use ------------------------------------------------------------------------------------------------------------

NOTES = """
with open(__file__ + ".log", "a") as log:
    log.write("executed ")
"""


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """The package `tree` with the module `tree.leaf`; each notes when it is executed."""
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/leaf.py").write_text(NOTES + "green = True\n", encoding="utf-8")
    (tmp_path / "tree/__init__.py").write_text(
        NOTES + "from . import leaf\nimport tree\nsize = 3\ndef grow(): return size + 1\n"
        "class Ring: pass\n"
        "def __getattr__(name):\n    if name == 'late': return 'yes'\n    raise AttributeError(name)\n",
        encoding="utf-8",
    )
    return tmp_path


DEFER = "from gx.deferred_imports import defer, DeferredModule; defer(['tree', 'tree.leaf'])\nimport sys, types\n"


def executions(module: Path, name: str = "tree/__init__.py") -> int:
    log = module / f"{name}.log"
    return log.read_text(encoding="utf-8").count("executed") if log.exists() else 0


@pytest.mark.parametrize(
    "idle",
    [
        "import tree; import tree; import importlib; importlib.import_module('tree')",
        "import tree; repr(tree), tree.__name__, tree.__file__, tree.__spec__.loader.get_source('tree')",
        "import tree, inspect; inspect.getmodule(inspect.currentframe()); inspect.stack()",
        "import tree, importlib.resources as r; r.files('tree').joinpath('leaf.py').read_text()",
        "import tree, pickle; assert pickle.loads(pickle.dumps(tree)) is tree",
        "import importlib.util as u; assert u.find_spec('tree').loader.is_package('tree')",
        "import tree; assert tree and isinstance(tree, types.ModuleType) and tree == sys.modules['tree']",
    ],
)
def test_what_is_no_use_of_a_module_executes_nothing(module: Path, idle: str) -> None:
    python(DEFER + idle, module)
    assert executions(module) == 0


@pytest.mark.parametrize(
    "use",
    [
        "import tree; assert tree.size == 3 and tree.grow() == 4",
        "import tree; assert tree.late == 'yes' and not hasattr(tree, 'later')",
        "from tree import size; assert size == 3",
        "from tree import *; assert size == 3 and grow() == 4",
        "import tree.leaf; assert tree.leaf.green",
        "from tree import leaf; assert leaf.green",
        "import tree.leaf as leaf; assert leaf.green",
        "import tree; assert 'size' in dir(tree) and vars(tree)['size'] == 3",
        "import tree; tree.size = 7; assert tree.grow() == 8",
        "import tree; del tree.size; assert not hasattr(tree, 'size')",
        "import tree, importlib; importlib.reload(tree); assert tree.size == 3",
        "import tree, pickle; assert pickle.loads(pickle.dumps(tree.Ring())).__class__ is tree.Ring",
        "import tree, inspect; assert inspect.getsource(tree.grow).startswith('def grow')",
        "import tree; assert tree.__path__ and tree.__doc__ is None",
    ],
)
def test_a_use_executes_the_module_and_leaves_an_ordinary_one(module: Path, use: str) -> None:
    ordinary = "\nimport tree; assert type(tree) is types.ModuleType and sys.modules['tree'] is tree\n"
    loader = "assert tree.__spec__.loader is tree.__loader__ and type(tree.__loader__).__name__ == 'SourceFileLoader'"
    python(DEFER + "import tree as before\n" + use + ordinary + "assert tree is before\n" + loader, module)
    assert executions(module) == (2 if "reload" in use else 1)


def test_a_module_is_executed_once_whatever_number_of_threads_use_it_first(module: Path) -> None:
    source = module / "tree/__init__.py"
    source.write_text("import time; time.sleep(0.2)\n" + source.read_text(encoding="utf-8"), encoding="utf-8")
    said = python(
        DEFER + "import tree\nfrom concurrent.futures import ThreadPoolExecutor\nimport threading\n"
        "barrier = threading.Barrier(16)\n"
        "def use(n):\n"
        "    barrier.wait()\n"
        "    import tree as mine\n"
        "    return (mine if n % 2 else tree).grow()\n"
        "with ThreadPoolExecutor(16) as pool: print(set(pool.map(use, range(16))))",
        module,
    )
    assert said == "{4}\n"
    assert executions(module) == 1


def test_deferred_modules_that_need_each_other_can_be_used_from_two_threads_at_once(tmp_path: Path) -> None:
    for name, other in (("hen", "egg"), ("egg", "hen")):
        text = f"import time, {other}\ntime.sleep(0.1)\nold = {other}.__dict__ is not None\n"
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    said = python(
        "from gx.deferred_imports import defer; defer(['hen', 'egg'])\nimport hen, egg, threading\n"
        "used = []\nthreads = [threading.Thread(target=lambda m=m: used.append(m.old)) for m in (hen, egg)]\n"
        "for thread in threads: thread.start()\n"
        "for thread in threads: thread.join(30)\nprint(used)",
        tmp_path,
    )
    assert said == "[True, True]\n"


def test_a_module_that_is_not_installed_is_an_import_error_where_it_is_imported() -> None:
    said = python(
        "from gx.deferred_imports import defer; defer(['sluice_is_not_there', 'json.not_there'])\n"
        "import importlib.util\nprint(importlib.util.find_spec('sluice_is_not_there'))\n"
        "try: import sluice_is_not_there\n"
        "except ModuleNotFoundError as error: print(error.name)\n"
        "try: from json import not_there\n"
        "except ImportError as error: print(type(error).__name__)"
    )
    assert said.splitlines() == ["None", "sluice_is_not_there", "ImportError"]


def test_a_module_that_cannot_be_executed_says_why_at_each_use_until_it_can(module: Path) -> None:
    source = module / "tree/__init__.py"
    good = source.read_text(encoding="utf-8")
    source.write_text("import sluice_is_not_there\n", encoding="utf-8")
    said = python(
        DEFER + "import tree\n"
        "for _ in range(2):\n"
        "    try: tree.size\n"
        "    except ModuleNotFoundError as error: print(error.name)\n"
        f"open(tree.__file__, 'w').write({good!r})\n"
        "import importlib; importlib.invalidate_caches()\n"
        "print(tree.size, type(tree) is types.ModuleType, sys.modules['tree'] is tree)",
        module,
    )
    assert said.splitlines() == ["sluice_is_not_there", "sluice_is_not_there", "3 True True"]
