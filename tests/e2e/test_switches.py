"""`weir rules`: the rules of a running weir, listed and switched."""

import json
import os
import shutil
import unittest

from weirtest import Origin, Weir, curl_status, eventually, upstream_map

RULES = """groups: { outage: { enabled: false } }
rules:
  - { name: stub, match: GET a.test/stub, then: 410 }
  - { name: the shop is down, group: outage, match: a.test/shop, then: { respond: { status: 503, retry_after: 5 } } }
  - { group: outage, match: a.test/cart, then: 500 }
  - { name: ten, match: a.test/ten, when: first 2, then: 418 }
"""


class Switches(unittest.TestCase):
    def setUp(self):
        self.origin = self.enterContext(Origin())
        self.yaml = upstream_map({"a.test": self.origin.port}) + RULES
        self.weir = self.enterContext(Weir(self.yaml, args=["--workers", "2"]))

    def status(self, path):
        return curl_status(self.weir, "http://a.test" + path)[0]

    def rules(self, *args, code=0):
        done = self.weir.cli("rules", *args)
        self.assertEqual(done[0], code, done)
        return done[1], done[2]

    def listed(self):
        return {rule["name"] or rule["place"]: rule for rule in json.loads(self.rules("list", "--json")[0])}

    def test_lists_each_rule_with_its_state_place_and_counts(self):
        self.status("/stub")
        self.status("/ten")
        self.status("/ten")
        self.status("/ten")
        table = [line.split() for line in self.rules("list")[0].splitlines()]
        place = os.path.basename(self.weir.yaml_path)
        self.assertEqual(table[0], ["#", "state", "group", "name", "place", "matched", "fired"])
        self.assertEqual(table[1][:4], ["1", "on", "-", "stub"])
        self.assertRegex(table[1][4], place + r":\d+$")
        self.assertEqual(table[1][5:], ["1", "1"])
        self.assertEqual(table[2][1:7], ["off", "outage", "the", "shop", "is", "down"])
        self.assertEqual(table[3][-3:], ["0", "never", "hit"])
        self.assertEqual(table[4][-2:], ["3", "2"])

    def test_switches_a_rule_off_and_on_at_once_without_losing_its_counts(self):
        self.assertEqual(self.status("/ten"), 418)
        out, _ = self.rules("off", "ten")
        self.assertRegex(out, r"^off  .*proxy\.yaml:\d+ ten\n$")
        self.weir.wait_stderr(r"^weir: switched off: .*proxy\.yaml:\d+ ten$")
        self.assertEqual(self.status("/ten"), 200)
        self.assertIn("off (file: on)", self.rules("list")[0])
        self.rules("on", "ten")
        self.assertEqual([self.status("/ten") for _ in range(2)], [418, 200])
        self.assertNotIn("file:", self.rules("list")[0])

    def test_switches_all_rules_of_a_group(self):
        self.assertEqual([self.status(path) for path in ("/shop", "/cart")], [200, 200])
        out, _ = self.rules("on", "outage")
        self.assertEqual(len(out.splitlines()), 2)
        self.assertEqual([self.status(path) for path in ("/shop", "/cart")], [503, 500])
        _, err = self.rules("on", "outage")
        self.assertEqual(err, "weir: 2 rules were already on\n")

    def test_switches_by_place(self):
        place = self.listed()["stub"]["place"]
        self.rules("off", place)
        self.assertEqual(self.status("/stub"), 200)
        self.rules("on", os.path.basename(place))
        self.assertEqual(self.status("/stub"), 410)

    def test_switches_nothing_when_a_name_is_unknown(self):
        _, err = self.rules("off", "stub", "outrage", code=4)
        self.assertIn("no rule, group or place is called 'outrage', did you mean 'outage'?", err)
        self.assertTrue(self.listed()["stub"]["on"])

    def test_holds_across_a_reload_that_leaves_the_rule_alone(self):
        self.rules("off", "stub", "ten")
        self.weir.write_yaml(self.yaml.replace("then: 410", "then: 451") + "  - { name: more, match: b.test, then: 404 }\n")
        self.assertEqual(self.weir.cli("reload")[0], 0)
        eventually(lambda: "more" in self.listed(), "the new rules")
        self.assertEqual(self.status("/ten"), 200)
        self.assertEqual(self.status("/stub"), 451, "it was written anew: its file counts again")
        self.assertEqual(self.listed()["ten"]["on"], False)
        self.assertEqual(self.listed()["ten"]["on_in_file"], True)

    def test_a_reload_warns_of_a_rule_that_is_never_reached(self):
        self.weir.write_yaml(self.yaml + "  - { name: late, match: GET a.test/stub, then: 451 }\n")
        code, out, err = self.weir.cli("reload")
        self.assertEqual(code, 0)
        self.assertIn("warning: this rule is never reached: ", out + err)

    def test_teaches_when_nothing_is_said(self):
        out, _ = self.rules()
        self.assertIn("weir rules list", out)
        self.assertIn("did you mean 'list'?", self.rules("lst", code=2)[1])
        self.assertIn("wants a rule's name", self.rules("off", code=2)[1])
        self.assertIn("takes no operand", self.rules("list", "x", code=2)[1])


class Nobody(unittest.TestCase):
    def test_says_that_no_weir_runs(self):
        home = Weir()
        self.addCleanup(shutil.rmtree, home.folder, ignore_errors=True)
        code, _, err = home.cli("rules", "list")
        self.assertEqual((code, err.splitlines()[0]), (5, "error: no weir runs"))


if __name__ == "__main__":
    unittest.main()
