"""nextflow.config, nextflow_schema.json and the code name the same parameters with the same defaults."""

from __future__ import annotations

import json
import re

import jsonschema
from conftest import ROOT

from sscite import io
from sscite.samples import validate
from sscite.samples.files import FILES


def schema_properties() -> dict[str, dict]:
    schema = json.loads((ROOT / "nextflow_schema.json").read_text(encoding="utf-8"))
    return {name: rule for group in schema["$defs"].values() for name, rule in group["properties"].items()}


def config_defaults() -> dict[str, object]:
    text = (ROOT / "nextflow.config").read_text(encoding="utf-8")
    block = re.search(r"^params \{\n(.*?)^\}", text, flags=re.MULTILINE | re.DOTALL)
    assert block
    # `params.outdir ?: 'results'`: what the command line gives counts where the file is read, on both parsers
    text = re.sub(r"params\.\w+ \?: ", "", block[1])
    found = re.findall(r"^    (\w+)\s*=\s*('[^']*'|\S+)", text, flags=re.MULTILINE)
    return {name: json.loads(value.replace("'", '"')) for name, value in found}


def test_the_schema_and_the_config_agree_on_names_and_defaults():
    schema = {name: rule.get("default") for name, rule in schema_properties().items()}
    assert config_defaults() == schema


def test_every_default_satisfies_its_own_rule():
    for rule in schema_properties().values():
        if "default" in rule:
            jsonschema.validate(
                rule["default"], {key: rule[key] for key in rule if key not in ("format", "description")}
            )


def test_the_schema_of_the_samplesheet_has_the_columns_that_are_read():
    items = json.loads((ROOT / "assets" / "schema_input.json").read_text(encoding="utf-8"))["items"]
    assert set(items["properties"]) == {*validate.REQUIRED, *validate.OPTIONAL}
    assert {*items["required"], "counts"} == set(validate.REQUIRED)
    paths = {name for name, rule in items["properties"].items() if rule.get("format") == "path"}
    assert paths == set(FILES)
    sheet = io.read_table(ROOT / "assets" / "test" / "samplesheet.csv").astype(str)
    jsonschema.validate(sheet.to_dict("records"), {"type": "array", "items": items})


def test_every_parameter_of_a_path_says_so():
    named = {"input", "contrasts", "outdir", "subsets", "reference_cohort", "panel_map", "celltypist_lineages"}
    rules = schema_properties()
    formats = {name: rule["format"] for name, rule in rules.items() if "format" in rule}
    assert set(formats.values()) == {"file-path", "directory-path"}
    assert named <= set(formats)


def test_every_parameter_is_used_and_every_used_parameter_is_declared():
    texts = [path.read_text(encoding="utf-8") for path in ROOT.glob("modules/**/*.nf")]
    texts += [(ROOT / "main.nf").read_text(encoding="utf-8")]
    texts += [path.read_text(encoding="utf-8") for path in ROOT.glob("conf/*.config")]
    used = set(re.findall(r"\bparams\.(\w+)", "\n".join(texts))) - {"findAll"}
    assert used == set(schema_properties())
