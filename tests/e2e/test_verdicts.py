"""Expectations: what exec, run and stop say of them, by exit code, report, JUnit and JSON."""

import json
import os
import re
import shutil
import stat
import subprocess
import unittest
import xml.etree.ElementTree

from weirtest import ROOT, SANITIZER, Origin, Weir, curl_status, upstream_map

OUTAGE = """
rules:
  - name: outage
    match: origin.test/flaky
    when: first 2
    then: { respond: { status: 503 } }
"""

PYTHON = """
import sys, urllib.request, urllib.error
for path in sys.argv[1:]:
    try:
        urllib.request.urlopen('http://origin.test' + path).read()
    except urllib.error.HTTPError:
        pass
"""

NODE = """
(async () => {
    for (const path of process.argv.slice(1))
        await (await fetch('http://origin.test' + path)).text();
})();
"""

# A client with growing pauses.
RETRIES = """
import sys, time, urllib.request, urllib.error
method, times = sys.argv[1], int(sys.argv[2])
pause = 0.02
for i in range(times + 1):
    try:
        data = b'x' if method == 'POST' else None
        request = urllib.request.Request('http://origin.test/flaky', method=method, data=data)
        urllib.request.urlopen(request).read()
        break
    except urllib.error.HTTPError:
        time.sleep(pause)
        pause *= 3
"""


class JUnit:
    """A JUnit file, held against the schemas of Ant and Jenkins as far as they agree."""

    SUITE = {
        "name": r".+",
        "tests": r"\d+",
        "failures": r"\d+",
        "errors": r"\d+",
        "skipped": r"\d+",
        "hostname": r"[\w.-]+",
        "time": r"\d+\.\d{3}",
        "timestamp": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d",
    }
    CASE = {"name": r".+", "classname": r"[\w.]+", "time": r"\d+\.\d{3}"}
    RESULT = {"type": r".+", "message": r".+"}

    def __init__(self, text, test):
        self.test = test
        self.root = xml.etree.ElementTree.fromstring(text)
        self.element(self.root, "testsuite", self.SUITE)
        children = [child.tag for child in self.root]
        cases = children.count("testcase")
        test.assertEqual(
            children, ["properties"] + ["testcase"] * cases + ["system-out", "system-err"]
        )
        self.cases = {c.get("name"): self.case(c) for c in self.root.iter("testcase")}
        outcomes = list(self.cases.values())
        test.assertEqual(int(self.root.get("tests")), cases)
        test.assertEqual(int(self.root.get("failures")), outcomes.count("failure"))
        test.assertEqual(int(self.root.get("errors")), outcomes.count("error"))

    def element(self, element, tag, attributes):
        self.test.assertEqual(element.tag, tag)
        self.test.assertEqual(set(element.keys()), set(attributes))
        for name, pattern in attributes.items():
            self.test.assertRegex(element.get(name), "(?s)^(?:%s)$" % pattern)

    def case(self, case):
        self.element(case, "testcase", self.CASE)
        if len(case) == 0:
            return "passed"
        self.test.assertEqual(len(case), 1)
        self.test.assertIn(case[0].tag, ("failure", "error"))
        self.element(case[0], case[0].tag, self.RESULT)
        return case[0].tag


class Verdicts(unittest.TestCase):
    def setUp(self):
        self.home = Weir()  # not started: it gives the folders and the file
        self.addCleanup(shutil.rmtree, self.home.folder, ignore_errors=True)
        self.origin = self.enterContext(Origin())
        self.write("")

    def write(self, yaml):
        self.home.write_yaml(upstream_map({"origin.test:80": self.origin.port}) + yaml)

    def exec(self, *command, args=()):
        done = subprocess.run(
            [
                self.home.program,
                "exec",
                "-c",
                self.home.yaml_path,
                "--console",
                "off",
                *args,
                "--",
                *command,
            ],
            env=self.home.env,
            cwd=self.home.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
        )
        err = done.stderr.decode()
        self.assertIsNone(SANITIZER.search(err), err)
        return done.returncode, err

    def judged(self, *command, args=()):
        """The exit code, the report, the JUnit file and the JSON file."""
        junit, report = self.home.path("out.xml"), self.home.path("out.json")
        code, err = self.exec(*command, args=["--junit", junit, "--report", report, *args])
        self.assertTrue(os.path.exists(junit), err)
        with open(junit, "rb") as file:
            cases = JUnit(file.read(), self)
        with open(report) as file:
            return code, err, cases, json.load(file)

    def clients(self, *paths):
        yield "curl", ["curl", "-sS", *["http://origin.test" + path for path in paths]]
        yield "python", ["/usr/bin/python3", "-c", PYTHON, *paths]
        yield "node", ["node", "-e", NODE, *paths]

    def test_a_pipe_named_for_the_report_stays_one(self):
        pipe = self.home.path("pipe")
        os.mkfifo(pipe)
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        code, err = self.exec("true", args=["--junit", pipe])
        self.assertEqual(code, 0, err)
        self.assertTrue(os.read(reader, 65536).startswith(b"<?xml "))
        self.assertTrue(stat.S_ISFIFO(os.stat(pipe).st_mode))
        self.assertEqual(self.exec("true", args=["--junit", self.home.path("no/such/folder")])[0], 1)

    def test_fail_if_turns_code_0_into_4_for_real_clients(self):
        self.write("rules: [{ match: origin.test/bad, then: { respond: { status: 503 } } }]\n")
        for name, command in self.clients("/good", "/bad"):
            with self.subTest(client=name):
                code, err, junit, report = self.judged(*command, args=["--fail-if", "status:5xx"])
                self.assertEqual(code, 4, err)
                self.assertEqual(junit.cases, {"never status:5xx": "failure"})
                self.assertIn("✗ failed", err)
                self.assertRegex(err, r"GET http://origin\.test/bad  503  .*[0-9A-Z]{26}")
                self.assertEqual(report["outcome"], "failed")
                self.assertEqual(report["expectations"][0]["matched"], 1)

    def test_a_good_run_is_code_0_for_real_clients(self):
        for name, command in self.clients("/good", "/also"):
            with self.subTest(client=name):
                code, err, junit, report = self.judged(*command, args=["--fail-if", "status:5xx"])
                self.assertEqual(code, 0, err)
                self.assertEqual(junit.cases, {"never status:5xx": "passed"})
                self.assertIn("expectations: 1 passed, 0 failed (2 requests)", err)

    def test_the_commands_own_failure_stays_its_code(self):
        code, err = self.exec(
            "sh", "-c", "curl -sS http://origin.test/ ; exit 7", args=["--fail-if", "path:/"]
        )
        self.assertEqual(code, 7)
        self.assertIn("✗ failed", err)

    def test_what_cannot_be_run_is_not_judged(self):
        code, err = self.exec("no-such-program", args=["--fail-if", "path:/"])
        self.assertEqual(code, 127)
        self.assertNotIn("expectations", err)

    def test_a_wrong_filter_is_shown_and_nothing_runs(self):
        code, err = self.exec("touch", "ran", args=["--fail-if", "stauts:5xx"])
        self.assertEqual(code, 2)
        self.assertIn("^^^", err)
        self.assertFalse(os.path.exists(self.home.path("ran")))

    def test_a_section_is_judged_key_by_key(self):
        self.write(
            """
expect:
  - { name: twice, match: "path:/a", count: exactly 2, status: 2xx, ok: true, under: 60s }
  - { name: post, match: "method:POST" }
  - { name: order, in order: ["path:/a", "path:/b"] }
  - { name: wrong order, in order: ["path:/b", "path:/a"] }
  - { name: not found, match: "path:/b", status: [404, 5xx] }
"""
        )
        url = "http://origin.test"
        code, err, junit, report = self.judged("curl", "-sS", url + "/a", url + "/a", url + "/b")
        self.assertEqual(code, 4, err)
        self.assertEqual(
            junit.cases,
            {
                "twice": "passed",
                "post": "failure",
                "order": "passed",
                "wrong order": "failure",
                "not found": "failure",
            },
        )
        self.assertIn("expected at least 1 to match; came 0", err)
        self.assertIn("proxy.yaml:", err)
        self.assertEqual((report["passed"], report["failed"]), (2, 3))

    def test_a_rules_delay_is_not_the_servers_time(self):
        self.write(
            "rules: [{ match: origin.test, then: { delay: 700ms } }]\n"
            "expect: [{ under: 600ms }]\n"
        )
        code, err = self.exec("curl", "-sS", "http://origin.test/")
        self.assertEqual(code, 0, err)

    def test_a_client_with_growing_pauses_is_told_from_one_without(self):
        self.write(OUTAGE + "expect: [{ retried: at most 3 times with backoff }]\n")
        client = ["/usr/bin/python3", "-c", RETRIES]
        code, err, junit, report = self.judged(*client, "GET", "3")
        self.assertEqual(code, 0, err)
        (episode,) = report["retries"]
        self.assertEqual(episode["retries"], 2)
        self.assertEqual(episode["backoff"], "yes")
        self.assertTrue(episode["recovered"])
        self.assertEqual(len(episode["pauses_us"]), 2)
        self.assertGreaterEqual(episode["pauses_us"][0], 20000)
        code, err = self.exec("curl", "-sS", *["http://origin.test/flaky"] * 3)
        self.assertIn("asked again 2 times", err)

    def test_all_kinds_of_faults_are_told(self):
        self.write(
            """
rules:
  - { match: origin.test/abort, then: { abort: reset } }
  - { match: refuse.test, then: { connect: refuse } }
  - { match: dns.test, then: { dns: fail } }
  - { match: origin.test/set, then: { set: { response.status: 502 } } }
  - { match: origin.test/delay, when: once, then: { delay: 60s } }
"""
        )
        paths = ("origin.test/abort", "refuse.test/refuse", "dns.test/dns", "origin.test/set")
        script = "".join("curl -s http://%s; " % path for path in paths)
        script += "curl -s -m 0.3 http://origin.test/delay; curl -s http://origin.test/delay"
        code, err, junit, report = self.judged("sh", "-c", script)
        self.assertEqual(code, 0, err)
        found = {r["url"].rsplit("/", 1)[1]: r["fault"] for r in report["retries"]}
        wanted = {"refuse": "connection", "dns": "connection", "set": "status", "delay": "delay"}
        self.assertEqual(found, {**wanted, "abort": "abort"})
        (delay,) = [r for r in report["retries"] if r["fault"] == "delay"]
        self.assertEqual((delay["retries"], delay["recovered"]), (1, True))
        self.assertGreaterEqual(delay["pauses_us"][0], 300 * 1000)

    def test_a_post_that_is_repeated_without_a_key_is_unsafe(self):
        self.write(OUTAGE + "expect: [{ retried: safely }]\n")
        code, err = self.exec("/usr/bin/python3", "-c", RETRIES, "POST", "3")
        self.assertEqual(code, 4, err)
        self.assertIn("not idempotent, and without an Idempotency-Key", err)

    def test_retry_after_of_a_rule_is_obeyed_by_curl(self):
        self.write(
            """
rules:
  - match: origin.test/flaky
    when: once
    then: { respond: { status: 503, retry_after: 1s } }
expect: [{ retried: once obeying Retry-After }]
"""
        )
        code, err, junit, report = self.judged(
            "curl", "-sS", "--retry", "2", "http://origin.test/flaky"
        )
        self.assertEqual(code, 0, err)
        self.assertEqual(report["retries"][0]["retry_after_obeyed"], "yes")
        code, err = self.exec("curl", "-sS", *["http://origin.test/flaky"] * 2)
        self.assertEqual(code, 4, err)
        self.assertIn("tried again before Retry-After was over", err)

    def test_no_fault_means_no_verdict_on_retries(self):
        self.write("expect: [{ name: r, retried: never }]\n")
        code, err, junit, report = self.judged("curl", "-sS", "http://origin.test/")
        self.assertEqual(code, 4, err)
        self.assertEqual(junit.cases, {"r": "error"})
        self.assertEqual(report["outcome"], "inconclusive")

    def test_copies_of_a_rule_do_not_count(self):
        self.write(
            "rules: [{ match: origin.test, then: { duplicate: 2 } }]\n"
            "expect: [{ match: 'path:/a', count: exactly 1 }]\n"
        )
        code, err = self.exec("curl", "-sS", "http://origin.test/a")
        self.assertEqual(code, 0, err)

    def test_secrets_stand_in_no_report(self):
        junit, report = self.home.path("out.xml"), self.home.path("out.json")
        code, err, cases, found = self.judged(
            "curl",
            "-sS",
            "http://user:hunter2@origin.test/?access_token=opensesame",
            args=["--fail-if", "path:/"],
        )
        self.assertEqual(code, 4)
        for path in (junit, report):
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
            with open(path) as file:
                err += file.read()
        self.assertNotIn("opensesame", err)
        self.assertNotIn("hunter2", err)
        self.assertIn("REDACTED", err)

    def test_a_report_that_cannot_be_written_is_code_1(self):
        code, err = self.exec(
            "curl", "-sS", "http://origin.test/", args=["--junit", "/no-such-folder/out.xml"]
        )
        self.assertEqual(code, 1)
        self.assertIn("/no-such-folder/out.xml", err)

    def test_the_sections_problems_are_told_at_their_places(self):
        self.write("expect:\n  - { match: 'stauts:1', count: lots, never: true }\n")
        code, out, err = self.home.cli("check", "--error-format=short", self.home.yaml_path)
        self.assertEqual(code, 3, err)
        self.assertEqual(len(re.findall(r": error: ", out)), 3, out)

    def test_config_prints_the_section(self):
        self.write("expect: [{ name: a, match: 'path:/a', in order: [x, y] }]\n")
        code, out, err = self.home.cli("config", "--json", self.home.yaml_path)
        self.assertEqual(code, 0, err)
        self.assertEqual(
            json.loads(out)["expect"], [{"name": "a", "match": "path:/a", "in order": ["x", "y"]}]
        )


class Manual(unittest.TestCase):
    """What docs/verdicts.md says is taken as it stands there."""

    def setUp(self):
        self.home = Weir()
        self.addCleanup(shutil.rmtree, self.home.folder, ignore_errors=True)
        with open(os.path.join(ROOT, "docs", "verdicts.md"), encoding="utf-8") as file:
            self.page = file.read()

    def check(self, yaml):
        self.home.write_yaml(yaml)
        code, out, err = self.home.cli("check", "--error-format=short", self.home.yaml_path)
        self.assertEqual((code, out), (0, ""), yaml + err)

    def test_its_section_is_good(self):
        self.check(re.search(r"```yaml\n(expect:.*?)```", self.page, re.DOTALL).group(1))

    def test_its_recipes_are_good(self):
        recipes = re.findall(r"\| `(\{ .* \})` \|", self.page)
        self.assertGreater(len(recipes), 5)
        self.check("expect:\n" + "".join("  - %s\n" % recipe for recipe in recipes))

    def test_its_filters_are_good(self):
        filters = re.findall(r"--fail-if '(.*?)'", self.page)
        self.assertGreater(len(filters), 4)
        args = [arg for text in filters for arg in ("--fail-if", text)]
        code, _, err = self.home.cli("exec", *args, "--", "true")
        self.assertEqual(code, 0, err)


class Running(unittest.TestCase):
    def start(self, yaml, *args):
        self.origin = self.enterContext(Origin())
        yaml = upstream_map({"origin.test:80": self.origin.port}) + yaml
        weir = Weir(yaml, args=args)
        self.enterContext(weir)
        return weir

    def test_run_judges_at_its_end(self):
        weir = self.start("", "--fail-if", "path:/bad")
        weir.expected_code = 4
        curl_status(weir, "http://origin.test/bad")
        weir.stop()
        self.assertTrue(any("✗ failed" in line for line in weir.stderr), weir.stderr)

    def test_stop_tells_it_and_writes_it(self):
        weir = self.start("expect: [{ name: bad, match: 'path:/bad', never: true }]\n")
        weir.expected_code = 4
        curl_status(weir, "http://origin.test/bad")
        junit, report = weir.path("out.xml"), weir.path("out.json")
        code, _, err = weir.cli("stop", "--junit", junit, "--report", report)
        self.assertEqual(code, 4, err)
        self.assertIn("✗ failed        bad", err)
        with open(junit, "rb") as file:
            self.assertEqual(JUnit(file.read(), self).cases, {"bad": "failure"})
        with open(report) as file:
            self.assertEqual(json.load(file)["outcome"], "failed")

    def test_stop_gives_json(self):
        weir = self.start("expect: [{ name: good, match: 'path:/good' }]\n", "--workers", "1")
        curl_status(weir, "http://origin.test/good")
        code, out, err = weir.cli("stop", "--json")
        self.assertEqual(code, 0, err)
        answer = json.loads(out)
        self.assertTrue(answer["ok"])
        self.assertEqual(answer["outcome"], "passed")
        self.assertEqual(answer["verdicts"]["expectations"][0]["matched"], 1)

    def test_stop_without_expectations_has_no_report(self):
        weir = self.start("")
        code, _, err = weir.cli("stop", "--junit", weir.path("out.xml"))
        self.assertEqual(code, 1)
        self.assertIn("no expectations", err)


if __name__ == "__main__":
    unittest.main()
