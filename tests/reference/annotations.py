"""Reads the annotations of every rule as Open Policy Agent does: a block of YAML under `# METADATA`, right above the package, of which
only certain keys may stand at the top.

    annotations.py RULES
"""

import json
import pathlib
import sys

import yaml

KEYS = {"scope", "title", "description", "related_resources", "authors", "organizations", "schemas", "entrypoint", "custom"}
rules = 0
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.rego")):
    lines = path.read_text(encoding="utf-8").splitlines()
    if path.name.endswith("_test.rego") or path.parent.name == "lib":
        assert "# METADATA" not in lines, path
        continue
    begin = end = lines.index("# METADATA") + 1
    while lines[end].startswith("#"):
        end += 1
    assert lines[end].startswith("package "), f"{path}:{end + 1}: a package must follow"
    block = yaml.safe_load("\n".join(line[1:].removeprefix(" ") for line in lines[begin:end]))
    assert set(block) <= KEYS, f"{path}: {set(block) - KEYS}"
    said = block["custom"]
    # The same words as our own reader takes, which is stricter.
    assert lines[end] == "package exhibit." + said["id"], path
    assert all(set(one) >= {"id", "relation"} for one in said["controls"]), path
    assert isinstance(block["title"], str) and isinstance(said["freshness"], int), path
    rules += 1
print(json.dumps({"rules": rules}))
