#!/usr/bin/env python3
"""Runs the steps of action.yml as a runner does, and checks what they leave behind.

Usage: action_test.py ROOT, where ROOT is the project. Needs PyYAML.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

ROOT = Path(sys.argv[1]).resolve()
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")

GOOD = """\
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
"""
# the port's workload carries what would be a second cell, a link, an image and a runner's command
HOSTILE = """\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: PERMISSIVE}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: "x|[a](http://evil.example)<img>\\n::add-mask::stolen", namespace: shop}
spec:
  template:
    metadata: {labels: {app: x}}
    spec: {containers: [{name: x, ports: [{containerPort: 8080}]}]}
---
a: [
"""


class Job:
    """One use of the action: its inputs, and a workspace of its own."""

    def __init__(self, inputs, files=()):
        self.temp = tempfile.TemporaryDirectory()
        self.base = Path(self.temp.name)
        self.workspace = self.base / "work space"
        self.workspace.mkdir()
        for name, text in files:
            path = self.workspace / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (self.base / "runner").mkdir()
        # built once for all jobs
        (self.base / "runner" / "meshvet").symlink_to(INSTALLED.name)
        self.summary_file = self.base / "summary"
        self.summary_file.touch()
        known = {name: spec.get("default", "") for name, spec in ACTION["inputs"].items()}
        unknown = set(inputs) - set(known)
        assert not unknown, f"no such input: {unknown}"
        self.values = {f"inputs.{name}": value for name, value in {**known, **inputs}.items()}
        self.used = []
        self.log = ""

    def value(self, expression):
        """`inputs.x`, `steps.x.outputs.y`, `'text'`."""
        if expression.startswith("'"):
            return expression.strip("'")
        assert re.fullmatch(r"(inputs|steps)\.[\w.-]+", expression), f"not understood: {expression}"
        return self.values.get(expression, "")

    def holds(self, condition):
        """Comparisons joined by `&&`; that is all action.yml uses."""
        for part in condition.split("&&"):
            left, sign, right = re.fullmatch(r"\s*(\S+)\s*(==|!=)\s*(\S+)\s*", part).groups()
            if (self.value(left) == self.value(right)) != (sign == "=="):
                return False
        return True

    def fill(self, text):
        return EXPRESSION.sub(lambda found: self.value(found[1]), str(text))

    def run(self, skip_build=True):
        """Runs the steps; gives the exit code of the first one that fails."""
        for step in ACTION["runs"]["steps"]:
            if skip_build and step["name"] == "Build meshvet":
                continue
            if "if" in step and not self.holds(step["if"]):
                continue
            if "uses" in step:
                self.used.append((step["uses"], {k: self.fill(v) for k, v in step["with"].items()}))
                continue
            code = self.shell(step)
            if code:
                return code
        return 0

    def shell(self, step):
        assert step["shell"] == "bash"
        outputs = self.base / "outputs"
        outputs.write_text("")
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "CARGO_TARGET_DIR") if name in os.environ},
            **{name: self.fill(value) for name, value in step.get("env", {}).items()},
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_OUTPUT": str(outputs),
            "GITHUB_STEP_SUMMARY": str(self.summary_file),
            "RUNNER_TEMP": str(self.base / "runner"),
        }
        script = self.base / "step.sh"
        script.write_text(step["run"])
        # the command line GitHub documents for `shell: bash`
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.workspace, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1200, check=False,
        )
        self.log += done.stdout
        for line in outputs.read_text().splitlines():
            name, _, value = line.partition("=")
            self.values[f"steps.{step.get('id')}.outputs.{name}"] = value
        return done.returncode

    def outputs(self):
        return {name: self.fill(spec["value"]) for name, spec in ACTION["outputs"].items()}

    @property
    def summary(self):
        return self.summary_file.read_text()


def scenario(name):
    folder = ROOT / "testdata" / "scenarios" / name
    return [(f"deploy/{file.name}", file.read_text()) for file in sorted(folder.iterdir())]


def inputs_stay_out_of_scripts():
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", ""), step["name"]


def findings_fail_the_job_after_the_upload():
    job = Job({"upload-sarif": "true", "category": "prod"}, scenario("payments"))
    assert job.run() == 1, job.log
    outputs = job.outputs()
    assert outputs["exit-code"] == "1" and int(outputs["findings"]) > 0, outputs
    assert outputs["highest-severity"] in ("critical", "high"), outputs
    [(_, given)] = job.used
    assert given == {"sarif_file": outputs["sarif-file"], "category": "prod"}, given
    results = json.loads(Path(given["sarif_file"]).read_text())["runs"][0]["results"]
    assert len(results) == int(outputs["findings"])
    uri = results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri.startswith("deploy/"), uri
    assert "| high | mtls/permissive | deploy/payments.yaml:8 |" in job.summary, job.summary


def a_clean_mesh_passes_and_uploads_nothing_unasked():
    job = Job({}, scenario("clean"))
    assert job.run() == 0, job.log
    outputs = job.outputs()
    assert (outputs["exit-code"], outputs["highest-severity"]) in [("0", "none"), ("0", "info")], outputs
    assert job.used == []
    assert "Nothing at or above `medium`." in job.summary, job.summary


def fail_on_never_reports_without_failing():
    job = Job({"fail-on": "never", "summary": "false"}, scenario("payments"))
    assert job.run() == 0, job.log
    assert int(job.outputs()["findings"]) > 0 and job.summary == ""


def paths_may_hold_blanks_quotes_and_flags():
    names = ["a b", "it's", '"; touch injected; "', "$(touch injected)", "--help"]
    files = [(f"{name}/mesh.yaml", GOOD) for name in names]
    job = Job({"paths": "\n".join(names) + "\n\n", "fail-on": "never", "sarif-file": "out put.sarif"}, files)
    assert job.run() == 0, job.log
    assert job.outputs()["sarif-file"] == "out put.sarif"
    assert sorted(path.name for path in job.workspace.iterdir()) == sorted([*names, "out put.sarif"])
    assert f"{len(names)} files" in job.summary, job.summary


def what_files_say_is_neither_command_nor_markup():
    job = Job({}, [("mesh.yaml", HOSTILE)])
    assert job.run() == 4, job.log
    lines = job.log.splitlines()
    [token] = [line.removeprefix("::stop-commands::") for line in lines if line.startswith("::stop-commands::")]
    assert re.fullmatch("[0-9a-f]{32}", token) and lines[-1] == f"::{token}::", job.log
    assert "add-mask" in job.log, job.log
    assert "incomplete" in job.summary and "evil.example" in job.summary, job.summary
    for markup in ("<img", "](", "http://evil"):
        assert markup not in job.summary, job.summary


def allow_partial_accepts_what_was_not_understood():
    job = Job({"allow-partial": "true", "fail-on": "never"}, [("mesh.yaml", HOSTILE)])
    assert job.run() == 0, job.log


def nothing_to_scan_is_no_pass():
    job = Job({"upload-sarif": "true"}, [("values.yaml", "a: 1\n")])
    assert job.run() == 3, job.log
    outputs = job.outputs()
    assert outputs == {"sarif-file": "", "findings": "", "highest-severity": "", "exit-code": "3"}, outputs
    assert job.used == [] and "Nothing was scanned" in job.summary


def new_since_counts_only_what_was_not_there():
    def commit(job):
        git = ["git", "-c", "user.name=Ann", "-c", "user.email=ann@example.com"]
        for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "a change"]):
            subprocess.run([*git, *words], cwd=job.workspace, check=True, stdin=subprocess.DEVNULL)

    job = Job({"new-since": "HEAD"}, scenario("payments"))
    commit(job)
    assert job.run() == 0, job.log
    assert job.outputs()["findings"] == "0", job.outputs()
    assert "Only what HEAD did not have is counted." in job.summary, job.summary

    job = Job({"new-since": "HEAD"}, [("deploy/mesh.yaml", GOOD)])
    commit(job)
    for name, text in scenario("payments"):
        (job.workspace / name).write_text(text)
    assert job.run() == 1, job.log
    assert int(job.outputs()["findings"]) > 0, job.outputs()

    for revision in ("nowhere", "--help"):
        job = Job({"new-since": revision}, scenario("clean"))
        commit(job)
        assert job.run() == 2, (revision, job.log)
        assert "Nothing was scanned" in job.summary, job.summary


def wrong_inputs_are_refused():
    for inputs in (
        {"fail-on": "medium; true"},
        {"allow-partial": "yes"},
        {"paths": "\n"},
        {"sarif-file": "a\nexit-code=0"},
    ):
        job = Job(inputs, scenario("clean"))
        assert job.run() == 2, (inputs, job.log)
        assert job.outputs()["exit-code"] == "2", inputs


TESTS = [
    inputs_stay_out_of_scripts,
    findings_fail_the_job_after_the_upload,
    a_clean_mesh_passes_and_uploads_nothing_unasked,
    fail_on_never_reports_without_failing,
    paths_may_hold_blanks_quotes_and_flags,
    what_files_say_is_neither_command_nor_markup,
    allow_partial_accepts_what_was_not_understood,
    nothing_to_scan_is_no_pass,
    new_since_counts_only_what_was_not_there,
    wrong_inputs_are_refused,
]

INSTALLED = tempfile.TemporaryDirectory()


def build():
    """The action's own first step, once; the other jobs find its result in place."""
    job = Job({}, [])
    [step] = [step for step in ACTION["runs"]["steps"] if step["name"] == "Build meshvet"]
    assert job.shell(step) == 0, job.log
    print(job.log.strip().splitlines()[-1])


def main():
    build()
    failed = 0
    for test in TESTS:
        try:
            test()
            print(f"ok      {test.__name__}")
        except Exception as error:  # whatever goes wrong is that test's failure
            failed += 1
            print(f"FAILED  {test.__name__}: {error!r}")
    print(f"action: {len(TESTS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
