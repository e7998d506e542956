"""Validates each line of a file against the JSON schema of OCSF's Compliance Finding (package ocsf-json-schema).

    ocsf.py FILE.jsonl
"""

import json
import sys

import jsonschema
import ocsf_json_schema

lines = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
(version,) = {line["metadata"]["version"] for line in lines}
schema = ocsf_json_schema.OcsfJsonSchemaEmbedded(ocsf_json_schema.get_ocsf_schema(version=version))
schema = schema.get_class_schema("compliance_finding", [])
validator = jsonschema.validators.validator_for(schema)(schema)
problems = [
    f"line {number}: {'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"
    for number, line in enumerate(lines, 1)
    for error in validator.iter_errors(line)
]
# The schema must be able to refuse.
assert not validator.is_valid({**lines[0], "class_uid": "2003"}) and not validator.is_valid(
    {key: value for key, value in lines[0].items() if key != "compliance"}
)
for problem in problems[:20]:
    print(problem, file=sys.stderr)
print(json.dumps({"lines": len(lines), "version": version, "problems": len(problems)}))
sys.exit(1 if problems else 0)
