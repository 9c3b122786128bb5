"""The configuration as a whole: the files it includes, and the tools that print, format,
describe and watch it."""

import json
import os
import re
import shutil
import subprocess
import unittest

try:
    import jsonschema
    import yaml
except ImportError:
    jsonschema = yaml = None

from weirtest import ROOT, Origin, Weir, curl_status, eventually, upstream_map


def rule(name, path, status):
    return "  - { name: %s, match: GET a.test%s, then: %d }\n" % (name, path, status)


def put(weir, name, text):
    path = weir.path(*name.split("/"))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    return path


class Home(unittest.TestCase):
    """A weir that is not started: its folders, and its commands."""

    def setUp(self):
        self.home = Weir()
        self.addCleanup(shutil.rmtree, self.home.folder, ignore_errors=True)

    def cli(self, *args):
        return self.home.cli(*args)

    def put(self, name, text):
        return put(self.home, name, text)


class Includes(unittest.TestCase):
    def setUp(self):
        self.origin = self.enterContext(Origin())
        self.main = upstream_map({"a.test": self.origin.port}) + "include: [rules.d/*.yaml]\n"
        self.weir = Weir(self.main + "rules:\n" + rule("first", "/x", 410))
        put(self.weir, "rules.d/b.yaml", "rules:\n" + rule("b", "/<any*>", 451))
        put(self.weir, "rules.d/a.yaml", "vars: { what: gone }\nrules:\n" + rule("a", "/y", 404))
        self.enterContext(self.weir)

    def status(self, path):
        return curl_status(self.weir, "http://a.test" + path)[0]

    def test_asks_included_rules_after_those_of_the_file_in_the_order_of_names(self):
        self.assertEqual([self.status(path) for path in ("/x", "/y", "/z")], [410, 404, 451])

    def test_names_file_and_line_on_the_flow(self):
        self.status("/y")
        flow = self.weir.flow(kind="http")
        self.assertIn("rules.d/a.yaml:3 a", str(flow["rules"]))

    def test_reads_all_of_them_again_when_it_reloads(self):
        put(self.weir, "rules.d/a.yaml", "rules:\n" + rule("a", "/y", 418))
        put(self.weir, "rules.d/0.yaml", "rules:\n" + rule("zero", "/z", 409))
        code, out, err = self.weir.cli("reload")
        self.assertEqual(code, 0, err)
        self.assertIn("4 rules", out + err)
        self.assertEqual([self.status(path) for path in ("/y", "/z")], [418, 409])
        put(self.weir, "rules.d/a.yaml", "rules:\n" + rule("a", "/y", 400))
        self.weir.reload()
        eventually(lambda: self.status("/y") == 400, "the new rule")

    def test_keeps_the_rules_when_an_included_file_is_bad(self):
        put(self.weir, "rules.d/a.yaml", "rules:\n" + rule("a", "/y", 404).replace("then", "than"))
        code, out, err = self.weir.cli("reload")
        self.assertEqual(code, 3)
        self.assertIn("rules.d/a.yaml:2:", out + err)
        self.assertEqual(self.status("/y"), 404)

    def test_finds_files_that_rules_name_beside_the_file_of_the_rule(self):
        put(self.weir, "rules.d/page.txt", "beside")
        put(
            self.weir,
            "rules.d/0.yaml",
            "rules:\n  - { match: GET a.test/y, then: { respond: { file: page.txt } } }\n",
        )
        self.weir.reload()
        eventually(
            lambda: curl_status(self.weir, "http://a.test/y") == (200, b"beside"), "the page"
        )


class Faults(Home):
    def check(self, text):
        path = self.put("proxy.yaml", text)
        return self.cli("check", "--error-format=short", path)

    def test_points_at_a_name_that_is_missing_and_only_warns_of_a_pattern(self):
        code, out, _ = self.check("include: [no/*.yaml]\n")
        self.assertEqual((code, out), (0, "proxy.yaml:1:11: warning: no file matches this pattern\n"))
        code, out, _ = self.check("include: [gone.yaml]\n")
        self.assertEqual(code, 3)
        self.assertIn("proxy.yaml:1:11: error: cannot read 'gone.yaml'", out)

    def test_points_at_circles_sections_and_double_names(self):
        self.put("a.yaml", "include: b.yaml\nvars: { x: 1 }\n")
        self.put("b.yaml", "include: a.yaml\ntls: {}\n")
        code, out, _ = self.check("include: a.yaml\nvars: { x: 2 }\n")
        self.assertEqual(code, 3)
        self.assertIn("a.yaml:2:9: error: the variable 'x' is defined twice, first at proxy.yaml:2:9", out)
        self.assertIn("b.yaml:1:10: error: 'a.yaml' includes what led here", out)
        self.assertIn("b.yaml:2:1: error: 'tls' cannot stand in an included file", out)


    def test_warns_of_rules_that_can_never_act_and_calls_the_file_good(self):
        path = self.put(
            "proxy.yaml",
            "rules:\n"
            "  - { name: all, match: .a.test, then: 404 }\n"
            "  - { name: late, match: b.a.test/x, then: 410 }\n"
            "  - { match: { method: GET, not: { method: GET } }, then: 404 }\n"
            "  - { match: c.test, when: [first 3, after 5], then: 404 }\n",
        )
        code, out, err = self.cli("check", path)
        self.assertEqual((code, out), (0, ""))
        self.assertIn("proxy.yaml is good: 4 rules", err)
        self.assertIn(
            "3 |   - { name: late, match: b.a.test/x, then: 410 }\n"
            "  |                          ^^^^^^^^^^\n",
            err,
        )
        found = json.loads(self.cli("check", "--error-format=json", path)[1])
        self.assertEqual(
            [(d["level"], d["line"], d["column"]) for d in found],
            [("warning", 3, 26), ("warning", 4, 14), ("warning", 5, 28)],
        )


class Show(Home):
    def test_prints_one_file_that_means_the_same(self):
        self.put("rules.d/page.txt", "x")
        self.put("rules.d/a.yaml", "rules:\n  - { name: a, match: a.test/$(part), then: { respond: { file: page.txt } } }\n")
        path = self.put("proxy.yaml", "vars: { part: x }\ninclude: [rules.d/*.yaml]\nauth: joe:hunter2\n")
        code, out, err = self.cli("config", path, "--set", "tls.dial=lazy")
        self.assertEqual(code, 0, err)
        self.assertIn("  dial: lazy\n", out)
        self.assertIn("match: a.test/x\n", out)
        self.assertNotIn("hunter2", out)
        self.assertNotIn("include", out)
        again = self.put("elsewhere/proxy.yaml", out)
        code, _, err = self.cli("check", again)
        self.assertEqual(code, 0, err)
        self.assertIn("1 rule", err)
        self.assertEqual(self.cli("config", again)[1], out)

    def test_prints_json(self):
        path = self.put("proxy.yaml", "listen: [127.0.0.1:1, 127.0.0.1:2]\n")
        code, out, err = self.cli("config", "--json", path)
        self.assertEqual(code, 0, err)
        self.assertEqual(json.loads(out)["listen"], ["127.0.0.1:1", "127.0.0.1:2"])

    def test_prints_nothing_of_a_bad_file(self):
        path = self.put("proxy.yaml", "listne: x\n")
        code, out, err = self.cli("config", path)
        self.assertEqual((code, out), (3, ""))
        self.assertIn("did you mean 'listen'", err)

    def test_the_sample_means_the_same(self):
        code, out, err = self.cli("config", os.path.join(ROOT, "proxy.yaml"))
        self.assertEqual(code, 0, err)
        code, _, err = self.cli("check", self.put("again.yaml", out))
        self.assertEqual(code, 0, err)


UGLY = "a:   [1,2]\n\n\n\n# of b\nb:\n- {c: d}   # e\n"
NEAT = "a: [1, 2]\n\n# of b\nb:\n  - { c: d } # e\n"


class Format(Home):
    def read(self, path):
        with open(path) as file:
            return file.read()

    def test_formats_in_place_and_keeps_mode_and_link(self):
        path = self.put("ugly.yaml", UGLY)
        os.chmod(path, 0o604)
        link = self.home.path("link.yaml")
        os.symlink("ugly.yaml", link)
        code, out, err = self.cli("fmt", link)
        self.assertEqual((code, out), (0, ""), err)
        self.assertIn("formatted", err)
        self.assertEqual(self.read(path), NEAT)
        self.assertTrue(os.path.islink(link))
        self.assertEqual(os.stat(path).st_mode & 0o7777, 0o604)
        before = os.stat(path)
        self.assertEqual(self.cli("fmt", path), (0, "", ""))
        self.assertEqual(os.stat(path).st_ino, before.st_ino)
        self.assertEqual([name for name in os.listdir(self.home.folder) if "ugly" in name], ["ugly.yaml"])

    def test_only_lists_with_check(self):
        path = self.put("ugly.yaml", UGLY)
        neat = self.put("neat.yaml", NEAT)
        code, out, err = self.cli("fmt", "--check", neat, path)
        self.assertEqual(code, 1, err)
        self.assertEqual(self.read(path), UGLY)
        self.assertEqual(
            out.replace(path, "F"),
            "F:1:\n-a:   [1,2]\n+a: [1, 2]\nF:3:\n-\nF:4:\n-\n"
            "F:7:\n-- {c: d}   # e\n+  - { c: d } # e\n",
        )
        self.assertEqual(self.cli("fmt", "--check", neat), (0, "", ""))

    def test_leaves_a_file_alone_that_it_cannot_read(self):
        path = self.put("bad.yaml", "a: [1,\n")
        code, out, err = self.cli("fmt", path)
        self.assertEqual((code, out), (3, ""))
        self.assertIn("bad.yaml:1:", err)
        self.assertEqual(self.read(path), "a: [1,\n")
        code, _, err = self.cli("fmt", self.home.path("gone.yaml"))
        self.assertEqual(code, 1)
        self.assertIn("No such file", err)

    def test_formats_standard_input(self):
        done = subprocess.run(
            [self.home.program, "fmt", "-"], input=UGLY.encode(), capture_output=True, env=self.home.env
        )
        self.assertEqual((done.returncode, done.stdout.decode()), (0, NEAT), done.stderr)

    def test_takes_the_configuration_when_no_file_is_named(self):
        self.put("proxy.yaml", UGLY)
        code, _, err = self.cli("fmt")
        self.assertEqual(code, 0, err)
        self.assertEqual(self.read(self.home.yaml_path), NEAT)

    def test_has_nothing_to_say_of_the_example(self):
        code, out, err = self.cli("fmt", "--check", os.path.join(ROOT, "proxy.yaml"))
        self.assertEqual((code, out), (0, ""), err)


class Watch(unittest.TestCase):
    def setUp(self):
        self.origin = self.enterContext(Origin())
        self.main = upstream_map({"a.test": self.origin.port}) + "include: [rules.d/*.yaml]\n"
        self.weir = Weir(self.main + "rules:\n" + rule("main", "/main", 410), args=["--watch"])
        put(self.weir, "rules.d/a.yaml", "rules:\n" + rule("a", "/a", 410))
        self.enterContext(self.weir)

    def answers(self, path, status):
        eventually(
            lambda: curl_status(self.weir, "http://a.test" + path)[0] == status,
            "%s answering %d" % (path, status),
        )

    def reports(self):
        return [line for line in self.weir.stderr if "reloaded:" in line]

    def test_sees_a_file_written_in_place(self):
        self.weir.write_yaml(self.main + "rules:\n" + rule("main", "/main", 451))
        self.answers("/main", 451)
        put(self.weir, "rules.d/a.yaml", "rules:\n" + rule("a", "/a", 451))
        self.answers("/a", 451)
        self.assertTrue(all("proxy.yaml" in line for line in self.reports()))

    def test_sees_a_file_that_takes_the_place_of_another(self):
        for status in (451, 404, 418):
            new = put(self.weir, "rules.d/.a.yaml.swp", "rules:\n" + rule("a", "/a", status))
            os.rename(new, self.weir.path("rules.d", "a.yaml"))
            self.answers("/a", status)

    def test_sees_files_that_come_and_go(self):
        put(self.weir, "rules.d/b.yaml", "rules:\n" + rule("b", "/b", 451))
        self.answers("/b", 451)
        os.unlink(self.weir.path("rules.d", "b.yaml"))
        self.answers("/b", 200)
        shutil.rmtree(self.weir.path("rules.d"))
        self.answers("/a", 200)
        put(self.weir, "rules.d/c.yaml", "rules:\n" + rule("c", "/a", 418))
        self.answers("/a", 418)

    def test_sees_what_a_link_leads_to(self):
        target = put(self.weir, "elsewhere/linked.yaml", "rules:\n" + rule("l", "/l", 451))
        os.symlink(target, self.weir.path("rules.d", "linked.yaml"))
        self.answers("/l", 451)
        put(self.weir, "elsewhere/linked.yaml", "rules:\n" + rule("l", "/l", 418))
        self.answers("/l", 418)

    def test_keeps_the_rules_of_before_while_a_file_is_bad(self):
        put(self.weir, "rules.d/a.yaml", "rules:\n" + rule("a", "/a", 451).replace("then", "than"))
        self.weir.wait_stderr(r"rules\.d/a\.yaml:2:")
        self.answers("/a", 410)
        put(self.weir, "rules.d/a.yaml", "rules:\n" + rule("a", "/a", 451))
        self.answers("/a", 451)

    def test_does_not_reload_for_other_files(self):
        for name in ("notes.txt", "rules.d/a.yaml~", "rules.d/.hidden.yaml"):
            put(self.weir, name, "x: [\n")
        code, _, err = self.weir.cli("reload")  # for what came before to be done
        self.assertEqual(code, 0, err)
        put(self.weir, "rules.d/a.yaml", "rules:\n" + rule("a", "/a", 451))
        self.answers("/a", 451)
        self.assertEqual(len(self.reports()), 1)


# Wrong in a way that a schema can tell: keys, words, kinds, bounds.
WRONG = [
    "listne: 127.0.0.1:1",
    "version: 2",
    "tls: { dial: eagre }",
    "tls: { client_certs: { a.test: { cert: a.pem } } }",
    "timeouts: { head: 3 parsecs }",
    "timeouts: { head: 3 }",
    "limits: { fields: 5 }",
    "http: { via: perhaps }",
    "include: { a: b }",
    "vars: { a: [b] }",
    "groups: { g: { enabld: true } }",
    "defaults: { sede: 1 }",
    "rules: { match: a.test, then: 404 }",
    "rules: [{ match: a.test }]",
    "rules: [{ match: a.test, then: 4040 }]",
    "rules: [{ match: a.test, then: nothing }]",
    "rules: [{ match: a.test, then: [] }]",
    "rules: [{ match: a.test, then: { respnd: 404 } }]",
    "rules: [{ match: a.test, then: { respond: { stauts: 503 } } }]",
    "rules: [{ match: a.test, then: { redirect: { too: / } } }]",
    "rules: [{ match: a.test, then: { abort: { hwo: reset } } }]",
    "rules: [{ match: a.test, then: { delay: { respnse: 1s } } }]",
    "rules: [{ match: a.test, then: { sequence: [] } }]",
    "rules: [{ match: a.test, then: { sequence: { stpes: [404] } } }]",
    "rules: [{ match: a.test, then: [set: { request.heder.x: y }] }]",
    "rules: [{ match: a.test, when: sometimes, then: 404 }]",
    "rules: [{ match: a.test, when: { frist: 2 }, then: 404 }]",
    "rules: [{ match: { hots: a.test }, then: 404 }]",
    "rules: [{ match: { header: a }, then: 404 }]",
]

RIGHT = [
    "rules: [{ match: a.test, when: [after 2, 50%, { every: 3rd, per: client }], then: pass }]",
    "rules: [{ match: a.test, then: { delay: { response: { from: 1s, to: 2s } } } }]",
    "rules: [{ match: a.test, then: { sequence: { steps: [500, [delay: 1s, 404], pass], loop: true } } }]",
    "rules: [{ match: a.test, then: [set: { request.header.host: x, raw: true }] }]",
    "vars: { s: '503' }\nrules: [{ match: a.test, then: { respond: { status: $(s), retry_after: 1 } } }]",
    "limits: { fields: $(env.HOME), head: 1MiB }\ntls: { min_version: 1.3 }\nhttp: { via: off, http2: off }",
    "include: [a.yaml]",
    "upstream: { via: { default: direct, .a.test: http://p.test:1 } }",
]


@unittest.skipIf(jsonschema is None, "needs python3-jsonschema and python3-yaml")
class Schema(Home):
    def setUp(self):
        super().setUp()
        code, out, err = self.cli("schema")
        self.assertEqual(code, 0, err)
        self.schema = json.loads(out)
        self.validator = jsonschema.Draft7Validator(self.schema)

    def faults(self, text):
        """BaseLoader's texts would hide kinds; this is how an editor reads the file."""
        return [fault.message for fault in self.validator.iter_errors(yaml.safe_load(text))]

    def test_is_a_schema_whose_references_lead_somewhere(self):
        jsonschema.Draft7Validator.check_schema(self.schema)
        self.assertEqual(self.schema["$schema"], "http://json-schema.org/draft-07/schema#")
        for name in re.findall(r'"#/definitions/([^"]*)"', json.dumps(self.schema)):
            self.assertIn(name, self.schema["definitions"])

    def test_takes_the_sample_and_every_example_of_the_documents(self):
        texts = RIGHT[:]
        for name in ("proxy.yaml", "README.md", "docs/rules.md"):
            with open(os.path.join(ROOT, name)) as file:
                text = file.read()
            texts += [text] if name == "proxy.yaml" else re.findall(r"```yaml\n(.*?)```", text, re.S)
        for text in texts:
            with self.subTest(text=text):
                self.assertEqual(self.faults(text), [])

    def test_refuses_broken_files_as_weir_does(self):
        for text in WRONG:
            with self.subTest(text=text):
                self.assertTrue(self.faults(text))
                self.assertEqual(self.cli("check", self.put("wrong.yaml", text))[0], 3)

    def test_takes_what_weir_prints(self):
        code, out, err = self.cli("config", "--json", os.path.join(ROOT, "proxy.yaml"))
        self.assertEqual(code, 0, err)
        self.assertEqual([f.message for f in self.validator.iter_errors(json.loads(out))], [])

    def test_explains_every_key(self):
        for name, key in self.schema["properties"].items():
            self.assertTrue(key.get("description"), name)
        verbs = self.schema["definitions"]["then_keys"]["properties"]
        self.assertIn("description", verbs["respond"])


if __name__ == "__main__":
    unittest.main()
