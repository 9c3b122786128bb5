"""`weir stats` and `weir diff` over what a real weir has recorded."""

import json
import unittest

from weirtest import Origin, Weir, curl_status, eventually, upstream_map

YAML = """
rules:
  - name: broken checkout
    match: GET a.test/broken
    then: 503
  - name: marked
    match: GET a.test/marked
    then: [{ set: { request.header.x-mark: new } }]
"""


def answer(wire, request):
    path = request.target.split("?")[0]
    if path.startswith("/user/"):
        body = json.dumps({"id": path[6:], "tags": [1, 2]}).encode()
        wire.reply(200, body, JSON)
    elif path == "/text":
        wire.reply(200, b"one\ntwo\nthree\n", [("Content-Type", "text/plain")])
    elif path == "/missing":
        wire.reply(404, b"no")
    else:
        wire.reply(200, b"fine")


JSON = [("Content-Type", "application/json")]


class Recorded(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.origin = cls.enterClassContext(Origin(default=answer))
        yaml = upstream_map({"a.test": cls.origin.port, "b.test": cls.origin.port}) + YAML
        cls.weir = cls.enterClassContext(Weir(yaml))
        for url in (
            "http://a.test/user/1",
            "http://a.test/user/2?token=hush",
            "http://a.test/missing",
            "http://a.test/broken",
            "http://a.test/marked",
            "http://b.test/text",
        ):
            curl_status(cls.weir, url)
        eventually(lambda: cls.stats()[1].get("flows") == 6, "six flows in the store")

    @classmethod
    def stats(cls, *args):
        code, out, err = cls.weir.cli("stats", "--json", *args)
        return code, json.loads(out) if out else {"error": err}

    def number(self, filter):
        """The number of the one flow that the filter takes, by asking for each."""
        found = [n for n in range(1, 7) if self.stats("id:%d" % n, filter)[0] == 0]
        self.assertEqual(len(found), 1, filter)
        return str(found[0])

    def diff(self, *args):
        code, out, err = self.weir.cli("diff", *args)
        self.assertIn(code, (0, 4), err)
        return code, out

    def test_counts_by_host_and_status(self):
        code, all = self.stats()
        self.assertEqual((code, all["flows"], all["errors"]), (0, 6, 2))
        self.assertEqual((all["2xx"], all["4xx"], all["5xx"], all["injected"]), (4, 1, 1, 1))
        self.assertEqual([(g["key"], g["flows"]) for g in all["groups"]], [("a.test", 5), ("b.test", 1)])
        self.assertLessEqual(all["duration_us"]["p50"], all["duration_us"]["p99"])
        self.assertEqual(sum(all["times"]["flows"]), 6)
        by_status = self.stats("--by", "status", "-n", "1")[1]
        self.assertEqual([(g["key"], g["flows"]) for g in by_status["groups"]], [("200", 4)])
        self.assertEqual(by_status["group_count"], 3)

    def test_paths_are_folded_and_filters_choose(self):
        folded = self.stats("--by", "path", "path:/user")[1]
        self.assertEqual([(g["key"], g["flows"]) for g in folded["groups"]], [("a.test/user/{id}", 2)])
        exact = self.stats("--by", "path-exact", "path:/user")[1]
        self.assertEqual([g["key"] for g in exact["groups"]], ["a.test/user/1", "a.test/user/2"])
        rules = self.stats("--by", "rule", "-host:b.test", "has:rule")[1]
        self.assertEqual(len(rules["groups"]), 2)
        self.assertEqual(self.stats("host:c.test")[0], 4)
        self.assertEqual(self.stats("is:injected")[1]["flows"], 1)
        self.assertEqual(self.stats("response-body:three")[1]["flows"], 1)

    def test_a_table_for_people(self):
        code, out, err = self.weir.cli("stats")
        self.assertEqual((code, err), (0, ""))
        self.assertTrue(out.startswith("6 flows, "), out)
        self.assertIn("2 errors (33.3%)  2xx 4  4xx 1  5xx 1  by rules 1", out)
        self.assertNotIn("\033", out)
        self.assertIn("\033[31m", self.weir.cli("stats", "--color", "always")[1])

    def test_mistakes_are_explained(self):
        code, out, err = self.weir.cli("stats", "stauts:500")
        self.assertEqual((code, out), (2, ""))
        self.assertIn("did you mean 'status'?", err)
        self.assertIn("^^^^^^", err)
        code, _, err = self.weir.cli("stats", "--by", "hots")
        self.assertEqual(code, 2)
        self.assertIn("did you mean 'host'?", err)
        self.assertIn("path-exact", self.weir.cli("stats", "--by", "help")[1])
        self.assertEqual(self.weir.cli("diff", "@1")[0], 2)
        self.assertEqual(self.weir.cli("diff", "@1", "999")[0], 1)

    def test_json_is_compared_by_structure(self):
        a, b = self.number("path:/user/1"), self.number("path:/user/2")
        code, out = self.diff("--json", a, b)
        found = [(d["place"], d["name"]) for d in json.loads(out)["differences"]]
        self.assertEqual(code, 4)
        self.assertIn(("json", "$.id"), found)
        self.assertIn(("line", "url"), found)
        self.assertNotIn("hush", out)
        code, out = self.diff(a, b, "--response")
        self.assertIn('  ~ $.id: "1" \N{RIGHTWARDS ARROW} "2"\n', out)
        self.assertNotIn("url", out.split("\n", 2)[2])

    def test_a_flow_equals_itself(self):
        a = self.number("path:/text")
        self.assertEqual(self.diff(a, a)[0], 0)
        self.assertEqual(self.diff(a, "--received-sent", "--response")[0], 0)

    def test_what_rules_changed_is_told(self):
        code, out = self.diff(self.number("path:/marked"), "--received-sent", "--request")
        self.assertEqual(code, 4)
        self.assertIn("  + x-mark: new\n", out)
        out = self.diff(self.number("path:/broken"), "--received-sent")[1]
        self.assertIn("The request did not go on.", out)

    def test_help_explains_filters(self):
        code, out, _ = self.weir.cli("help", "filters")
        self.assertEqual(code, 0)
        self.assertIn("has:response-body", out)


if __name__ == "__main__":
    unittest.main()
