#!/usr/bin/env python3
"""Asks a collector's API everything that its description allows, and much that it does not.

    fuzz.py URL CA USER PASSWORD FOLDER SECONDS

Signs in as a person would, sets a password, reads the description, names real things as examples for the parameters of paths, and has
schemathesis ask for so many seconds. Exits with 1 if an answer is a server error, has an undescribed shape, status or type, or takes
what the description forbids.
"""

import html
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import requests

URL, CA, USER, PASSWORD, FOLDER, SECONDS = sys.argv[1:]
# What the machine trusts and asks through otherwise is not meant here.
os.environ.update(REQUESTS_CA_BUNDLE=CA, SSL_CERT_FILE=CA, NO_PROXY="*")
ENDS = "/sessions/(all/)?end$"
NEW = "four calm words for fuzzing"
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,unsupported_method,allow_header_conformance,negative_data_rejection"
)


def sign_in():
    session = requests.Session()
    own = {"Sec-Fetch-Site": "same-origin"}

    def post(path, **form):
        answer = session.post(f"{URL}{path}", data=form, headers=own)
        answer.raise_for_status()
        return answer

    page = post("/sign-in", name=USER, password=PASSWORD).text
    if 'name="present"' in page:
        token = html.unescape(re.search(r'name="csrf" value="([^"]*)"', page).group(1))
        post("/password", csrf=token, present=PASSWORD, new=NEW, again=NEW)
    return session


def examples(get):
    """Real things for the parameters of paths: few questions of a fuzzer would meet one by chance."""
    evidence = get("/evidence?limit=1")["items"][0]
    decided = get("/decisions")["items"]
    return {
        "control": "A.8.8",
        "index": evidence["last_index"],
        "kind": evidence["kind"],
        "target": evidence["target"],
        "agent": get("/agents")["items"][0]["agent"],
        "rule": get("/rules")["items"][0]["rule"],
        "framework": get("/frameworks")["items"][0]["framework"],
        "person": USER,
        "register": decided[0]["register"] if decided else "waiver",
        "id": decided[0]["record"] if decided else "W-2026-001",
    }


def main():
    session = sign_in()

    def get(path):
        answer = session.get(f"{URL}/api/v1{path}")
        answer.raise_for_status()
        return answer.json()

    cookie = "; ".join(f"{one.name}={one.value}" for one in session.cookies)
    token = get("/me")["csrf"]
    decision = {"register": "owner", "record": "A.8.8", "act": "put", "value": {"owner": "ada"}, "why": "fuzzing"}
    own = {"X-CSRF-Token": token, "Sec-Fetch-Site": "same-origin"}
    session.post(f"{URL}/api/v1/decisions", json=decision, headers=own).raise_for_status()
    description, real = get("/openapi.json"), examples(get)
    # Who asks is settled: the session stands in every request, and another test holds who may.
    description.pop("security")
    for methods in description["paths"].values():
        for said in methods.values():
            for parameter in said["parameters"]:
                if parameter["in"] == "path" and parameter["name"] in real:
                    parameter["example"] = real[parameter["name"]]
    path = Path(FOLDER) / "openapi.json"
    path.write_text(json.dumps(description))
    program = Path(sys.executable).with_name("schemathesis")
    command = [program, "run", path, "--url", f"{URL}/api/v1", "--tls-verify", CA, "--checks", CHECKS]
    command += ["-H", f"Cookie: {cookie}", "-H", f"X-CSRF-Token: {token}", "--phases", "examples,coverage,fuzzing"]
    command += ["--seed", "1", "--no-shrink", "--continue-on-failure", "--warnings", "off"]
    command += ["--suppress-health-check", "all", "--max-redirects", "0", "--request-timeout", "20"]

    def ask(*which):
        return subprocess.run([str(part) for part in [*command, *which]], cwd=FOLDER).returncode

    # It learns from answers, and would end the very session in which it asks: such operations come last.
    done = ask("--max-time", SECONDS, "--exclude-path-regex", ENDS)
    # What it asked for leaves nothing broken behind.
    assert get("/controls?limit=1")["total"] == 93
    sys.exit(done or ask("--max-time", "5", "--include-path-regex", ENDS))


main()
