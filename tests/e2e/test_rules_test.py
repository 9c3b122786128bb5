"""Rules tried without traffic, recordings put to them, and faults that repeat."""

import http.client
import json
import os
import stat
import threading
import unittest

from test_config import Home
from weirtest import Origin, Weir, curl_status, upstream_map

SHOP = """rules:
  - name: login
    match: POST api.test/login
    when: first 2 per client
    then: { respond: { status: 429, retry_after: 30s, json: { error: slow } } }
  - { name: team, match: { url: GET api.test/team, header: { x-team: payments } }, then: 404 }
  - { name: off, match: GET api.test/off, enabled: false, then: 500 }
  - { name: cached, match: GET api.test/cached, then: { respond: { status: 304 } } }
  - { name: slow, match: GET api.test/slow, then: [delay: 200ms, set: { request.header.x-a: "2" }] }
  - name: real
    match: { url: GET api.test/*, response: { status: 2xx, type: json } }
    then: { set: { response.header.cache-control: no-store } }
"""

DICE = """rules:
  - { name: tenth, match: GET api.test/*, when: 10% seed 7, then: { respond: { status: 503 } } }
  - { name: third, match: GET api.test/*, when: every 3rd after 5, then: { respond: { status: 429, retry_after: 1s } } }
  - { name: half,  match: GET api.test/*, when: 50%, then: { respond: { status: 418 } } }
  - { name: rest,  match: GET api.test/*, then: { respond: { status: 200, text: ok } } }
"""


class Tries(Home):
    def setUp(self):
        super().setUp()
        self.yaml = self.put("proxy.yaml", "version: 1\n" + SHOP)

    def rules_test(self, *args):
        return self.cli("rules", "test", "-c", self.yaml, *args)

    def calls(self, *args):
        code, out, err = self.rules_test("--json", *args)
        self.assertIn(code, (0, 4), err)
        return [json.loads(line) for line in out.splitlines()]

    def missed(self, *args):
        call = self.calls(*args)[0]
        return {miss["rule"].split(" ", 1)[1]: miss["why"] for miss in call["missed"]}

    def test_tells_which_rule_answers_and_how(self):
        code, out, err = self.rules_test("POST", "http://api.test/login")
        self.assertEqual(code, 0, err)
        self.assertIn("proxy.yaml:3 login\n  answered 429\n", out)
        self.assertIn("HTTP/1.1 429 Too Many Requests\n", out)
        self.assertIn("Retry-After: 30\n", out)
        self.assertTrue(out.endswith('\n\n{"error":"slow"}\n'), out)

    def test_tells_why_near_rules_do_not_fire(self):
        self.assertEqual(self.missed("GET", "api.test/team")["team"], "header x-team is absent, wanted payments")
        self.assertEqual(
            self.missed("GET", "api.test/team", "-H", "x-team: ops")["team"],
            "header x-team is ops, wanted payments",
        )
        self.assertEqual(self.missed("GET", "api.test/login")["login"], "method is GET, wanted POST")
        self.assertEqual(self.missed("GET", "api.test/off")["off"], "it is off")
        self.assertIn("304 answers only", self.missed("GET", "api.test/cached")["cached"])
        self.assertEqual(
            self.missed("GET", "api.test/slow")["real"], "it is asked when the origin has answered"
        )
        self.assertNotIn("login", self.missed("GET", "http://other.test/none"))
        self.assertIn("login", self.missed("GET", "http://other.test/none", "-v"))

    def test_tells_the_number_that_when_saw(self):
        lines = self.calls("POST", "api.test/login", "--count", "3", "-v", "--client", "joe")
        self.assertEqual(
            [call.get("fired") for call in lines[:3]],
            [[self.label("login")], [self.label("login")], []],
        )
        self.assertIn(
            {"rule": self.label("login"), "why": "when: n is 3 for client joe, first 2 per client"},
            lines[2]["missed"],
        )
        self.assertEqual((lines[3]["calls"], lines[3]["calls_fired"]), (3, 2))
        self.assertEqual(lines[3]["rules"][0], {"rule": self.label("login"), "matched": 3, "fired": 2})

    def label(self, name):
        lines = ("version: 1\n" + SHOP).splitlines()
        line = next(i for i, text in enumerate(lines, 1) if "name: %s" % name in text)
        return "proxy.yaml:%d %s" % (line, name)

    def test_shows_the_request_as_it_is_sent_on(self):
        call = self.calls("GET", "https://api.test/slow?x=1", "-H", "x-a: 1")[0]
        self.assertEqual(call["outcome"], "sent_on")
        self.assertEqual(call["sent"]["to"], "https://api.test:443")
        self.assertEqual(call["sent"]["path"], "/slow?x=1")
        self.assertIn(["x-a", "2"], call["sent"]["headers"])
        notes = [note["note"] for note in call["notes"]]
        self.assertEqual(notes, ["request held 200.0 ms", "x-a: 1 → 2"])

    def test_asks_rules_of_a_response_that_is_given(self):
        call = self.calls(
            "GET", "api.test/x", "--response-header", "Content-Type: application/json", "--response-body", "{}"
        )[0]
        self.assertEqual(call["fired"], [self.label("real")])
        self.assertIn(["cache-control", "no-store"], call["response"]["headers"])
        self.assertEqual(call["response"]["body"], "{}")
        self.assertEqual(self.missed("GET", "api.test/x", "--status", "500")["real"], "status is 500, wanted 200 to 299")

    def test_tells_of_the_nearest_rules_only(self):
        rules = "".join("  - { name: r%d, match: POST api.test/x, then: 404 }\n" % i for i in range(12))
        self.yaml = self.put("proxy.yaml", "version: 1\nrules:\n" + rules)
        _, out, _ = self.rules_test("GET", "api.test/x")
        self.assertEqual(out.count("method is GET, wanted POST"), 10)
        self.assertIn("  and 2 more; -v shows all rules\n", out)
        self.assertEqual(self.rules_test("GET", "api.test/x", "-v")[1].count("wanted POST"), 12)

    def test_ends_with_codes_that_scripts_can_use(self):
        self.assertEqual(self.rules_test("GET", "api.test/none")[0], 4)
        self.assertEqual(self.rules_test("GET", "api.test/none", "--count", "3")[0], 4)
        for args in (["GET"], ["GET", "ftp://x/"], ["GET", "a.test", "-H", "no"], ["GET", "a.test", "--count", "0"]):
            self.assertEqual(self.rules_test(*args)[0], 2, args)
        self.put("proxy.yaml", "rules: [{ match: a.test }]\n")
        self.assertEqual(self.rules_test("GET", "a.test")[0], 3)

    def test_answers_the_same_each_time(self):
        self.yaml = self.put("proxy.yaml", "version: 1\n" + DICE)
        runs = [self.rules_test("GET", "api.test/a", "--count", "200")[1] for _ in range(2)]
        self.assertEqual(runs[0], runs[1])
        other = self.rules_test("GET", "api.test/a", "--count", "200", "--set", "defaults.seed=99")[1]
        self.assertNotEqual(runs[0], other)


def entry(method, url, headers=(), status=200, content=None):
    return {
        "startedDateTime": "2026-01-01T12:00:00.000Z",
        "request": {"method": method, "url": url, "headers": [{"name": n, "value": v} for n, v in headers]},
        "response": {
            "status": status,
            "headers": [{"name": "Content-Type", "value": "application/json"}],
            "content": content or {"text": '{"a": 1}'},
        },
    }


class Recordings(Home):
    def setUp(self):
        super().setUp()
        self.yaml = self.put("proxy.yaml", "version: 1\n" + SHOP)

    def against(self, name, text):
        return self.cli("check", self.yaml, "--against", self.put(name, text))

    def har(self, entries):
        return json.dumps({"log": {"version": "1.2", "pages": [{"log": {"entries": [{}]}}], "entries": entries}})

    def test_counts_who_takes_the_requests_of_a_har(self):
        entries = [
            entry("POST", "https://api.test/login", [(":method", "POST")]),
            entry("GET", "https://api.test/x"),
            entry("GET", "https://other.test/", status=0),
        ]
        code, out, err = self.against("a.har", self.har(entries))
        self.assertEqual(code, 0, err)
        lines = out.splitlines()
        self.assertEqual(lines[0], "3 requests")
        self.assertRegex(out, r"(?m)^ +1 +1  \S*proxy.yaml:3 login$")
        self.assertRegex(out, r"(?m)^ +1 +1  \S* real$")
        self.assertRegex(out, r"never hit:\n  \S* team\n")
        self.assertIn("taken by no rule: 1\n  entry 3: GET https://other.test/\n", out)

    def test_prints_the_counts_as_json(self):
        path = self.put("a.har", self.har([entry("GET", "https://api.test/x"), entry("GET", "http://x/")]))
        code, out, err = self.cli("check", self.yaml, "--json", "--against", path)
        self.assertEqual(code, 0, err)
        counts = json.loads(out)
        self.assertEqual((counts["requests"], counts["untaken"]), (2, 1))
        self.assertEqual([rule["matched"] for rule in counts["rules"]], [0, 0, 0, 0, 0, 1])
        self.assertEqual(self.cli("check", self.yaml, "--json")[0], 2)

    def test_names_the_entry_that_is_wrong(self):
        bad = entry("GET", "https://api.test/x")
        del bad["request"]["url"]
        code, _, err = self.against("a.har", self.har([entry("GET", "https://api.test/"), bad]))
        self.assertEqual(code, 3)
        self.assertIn("entry 2: there is no method or no url", err)
        code, _, err = self.against("b.har", '{"log": {"entries": [{"request": ')
        self.assertEqual(code, 3)
        self.assertIn("entry 1: this is no whole HAR", err)
        code, _, err = self.against("c.har", "[]")
        self.assertEqual(code, 3)
        self.assertEqual(self.cli("check", self.yaml, "--against", self.home.path("gone.har"))[0], 1)

    def test_takes_a_log_of_its_own(self):
        origin = self.enterContext(Origin())
        weir = self.enterContext(Weir(upstream_map({"api.test": origin.port}) + SHOP))
        self.assertEqual(curl_status(weir, "http://api.test/off")[0], 200)
        self.assertEqual(curl_status(weir, "http://api.test/login", "-d", "x")[0], 429)
        weir.flows(2, kind="http")
        code, out, err = self.cli("check", self.yaml, "--against", weir.jsonl_path)
        self.assertEqual(code, 0, err)
        self.assertIn("2 requests", out)
        self.assertRegex(out, r"(?m)^ +1 +1  \S*proxy.yaml:3 login$")


PARITY = """rules:
  - { name: head, match: a.test, then: [set: { request.header.x-a: new }, remove: [request.header.x-b]] }
  - { name: query, match: { url: a.test/q, query: { n: '~^[0-9]+$' } }, then: { append: { request.query.more: "1 2" } } }
  - { name: body, match: { url: POST a.test, body: ~old }, then: { replace: { request.body: { find: old, with: new } } } }
  - { name: held, match: a.test/held, then: { delay: 1ms to 9ms } }
  - { name: paced, match: a.test/paced, then: { throttle: 64MiB/s } }
  - { name: json, match: { url: POST a.test/json, json: { n: 1 } }, then: { patch: { request.body: { merge: { n: 2 } } } } }
  - { name: gone, match: a.test/gone/<id>, then: { respond: { status: 410, headers: { X-Id: $(id) }, text: no $(id) } } }
  - { name: odd, match: a.test/odd, when: every 2nd, then: { abort: close } }
  - { name: low, match: { url: a.test/bad, response: { status: 5xx } }, then: { respond: { status: 200, text: fine } } }
  - name: reply
    match: { url: a.test, response: { type: json, body: ~old } }
    then: [set: { response.header.x-c: $(request.method) }, replace: { response.body: { find: old, with: newer } }]
  - { name: late, match: { url: a.test, response: { status: 2xx } }, then: { delay: { response: 2ms } } }
"""


class Parity(Home):
    """What is said without traffic is what traffic shows: the same notes of the same rules in
    the same order, the same answer."""

    CALLS = [
        ("GET", "/", None),
        ("GET", "/q?n=7", None),
        ("GET", "/q?n=x", None),
        ("POST", "/x", "an old one"),
        ("GET", "/held", None),
        ("GET", "/gone/7", None),
        ("GET", "/odd", None),
        ("GET", "/bad", None),
        ("HEAD", "/", None),
        ("GET", "/paced", None),
        ("POST", "/json", '{"n":1}'),
    ]

    def reply(self, wire, request):
        bad = request.target.startswith("/bad")
        wire.reply(500 if bad else 200, b"" if request.method == "HEAD" else self.BODY, self.HEADERS, length=request.method != "HEAD")

    BODY = b'{"a":"old"}'
    HEADERS = [("Content-Type", "application/json"), ("ETag", '"1"')]

    def test_says_what_traffic_shows(self):
        origin = self.enterContext(Origin(default=self.reply))
        yaml = "version: 1\n" + upstream_map({"a.test": origin.port}) + PARITY
        path = self.put("proxy.yaml", yaml)
        weir = self.enterContext(Weir(yaml))
        for number, (method, target, body) in enumerate(self.CALLS, 1):
            url = "http://a.test" + target
            connection = http.client.HTTPConnection("127.0.0.1", weir.port, timeout=60)
            self.addCleanup(connection.close)
            connection.request(method, url, body, headers={"X-B": "1"})
            answer = connection.getresponse()
            content = answer.read().decode()
            flow = weir.flows(number, kind="http")[-1]
            args = [method, url, "-H", "Accept-Encoding: identity", "-H", "X-B: 1"]
            args += ["-d", body] if body else []
            args += ["--status", "500" if target == "/bad" else "200", "--response-body", self.BODY.decode()]
            for name, value in self.HEADERS:
                args += ["--response-header", "%s: %s" % (name, value)]
            code, out, err = self.cli("rules", "test", "-c", path, "--json", *args)
            self.assertEqual(code, 0, err)
            call = json.loads(out)
            with self.subTest(method=method, target=target):
                self.assertEqual(call["notes"], flow["rules"])
                self.assertEqual(call["response"]["status_code"], answer.status)
                if method != "HEAD":
                    self.assertEqual(call["response"]["body"], content)
                heads = [sorted(pair for pair in head if pair[0].lower() != "date") for head in self.heads(call, answer)]
                self.assertEqual(*heads)

    def heads(self, call, answer):
        return [[tuple(pair) for pair in call["response"]["headers"]], answer.getheaders()]


class Repetitions(Home):
    """A thousand calls, on one connection."""

    CALLS = 1000

    def read(self, path):
        with open(path, "rb") as file:
            return file.read()

    def calls(self, weir, count=CALLS):
        connection = http.client.HTTPConnection("127.0.0.1", weir.port, timeout=60)
        self.addCleanup(connection.close)
        statuses = []
        for _ in range(count):
            connection.request("GET", "http://api.test/a")
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
        return statuses

    def run_weir(self, yaml, *args, count=CALLS):
        with Weir(yaml, args=["--workers", "1", *args]) as weir:
            return self.calls(weir, count)

    def test_predicts_a_thousand_calls_and_two_runs_are_alike(self):
        yaml = self.put("proxy.yaml", "version: 1\n" + DICE)
        args = ["rules", "test", "-c", yaml, "--json", "--count", str(self.CALLS)]
        code, out, err = self.cli(*args, "GET", "http://api.test/a")
        self.assertEqual(code, 0, err)
        predicted = [json.loads(line)["response"]["status_code"] for line in out.splitlines()[:-1]]
        journals = [self.home.path("one.jsonl"), self.home.path("two.jsonl")]
        runs = [self.run_weir(DICE, "--fault-journal", path) for path in journals]
        self.assertEqual(runs[0], predicted)
        self.assertEqual(runs[1], predicted)
        texts = [self.read(path) for path in journals]
        self.assertEqual(texts[0], texts[1])
        self.assertEqual(stat.S_IMODE(os.stat(journals[0]).st_mode), 0o600)
        lines = [json.loads(line) for line in texts[0].splitlines()]
        first = lines[0]
        self.assertEqual((first["rule"], first["n"], first["key"]), ("tenth", 1, None))
        self.assertEqual(first["request"], "GET http://api.test/a")
        self.assertEqual({line["rule"] for line in lines}, {"tenth", "third", "half"})

    def test_repeats_a_run_with_another_seed(self):
        journal = self.home.path("faults.jsonl")
        before = self.run_weir(DICE, "--fault-journal", journal, count=300)
        other = "defaults: { seed: 1234 }\n" + DICE.replace("seed 7", "seed 8")
        self.assertNotEqual(self.run_weir(other, count=300), before)
        self.assertEqual(self.run_weir(other, "--replay-faults", journal, count=300), before)

    def decisions(self, journal):
        lines = [json.loads(line) for line in self.read(journal).splitlines()]
        decided = {(line["rule"], line["n"]): line["fired"] for line in lines}
        self.assertEqual(len(decided), len(lines))
        return decided

    def test_repeats_each_decision_whatever_the_order_of_arrival(self):
        journals = [self.home.path("one.jsonl"), self.home.path("two.jsonl")]
        other = "defaults: { seed: 1234 }\n" + DICE.replace("seed 7", "seed 8")
        rounds = [(DICE, []), (other, ["--replay-faults", journals[0]])]
        for (yaml, args), journal in zip(rounds, journals):
            with Weir(yaml, args=["--workers", "2", "--fault-journal", journal, *args]) as weir:
                threads = [threading.Thread(target=self.calls, args=(weir, 100)) for _ in range(4)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
        first, second = map(self.decisions, journals)
        self.assertEqual(len([key for key in first if key[0] == "tenth"]), 400)
        for key in first.keys() & second.keys():  # who passes on to later rules may differ
            self.assertEqual(first[key], second[key], key)

    def test_writes_down_the_faults_of_one_command(self):
        yaml = self.put("proxy.yaml", "version: 1\n" + DICE)
        journal = self.home.path("faults.jsonl")
        args = ["exec", "-c", yaml, "--fault-journal", journal, "--", "curl", "-s", "http://api.test/a"]
        code, out, err = self.cli(*args)
        self.assertEqual(code, 0, err)
        self.assertEqual(self.decisions(journal)[("tenth", 1)], False)
        code, _, err = self.cli("exec", "-c", yaml, "--fault-journal", "/nowhere/x", "--", "true")
        self.assertEqual(code, 1)
        self.assertIn("cannot open /nowhere/x", err)

    def test_repeats_faults_of_connections(self):
        origin = self.enterContext(Origin())
        rule = "rules: [{ name: dead, match: a.test, when: %s, then: { connect: refuse } }]\n"
        journal = self.home.path("faults.jsonl")

        def statuses(when, *args):
            with Weir(upstream_map({"a.test": origin.port}) + rule % when, args=args) as weir:
                close = ["-H", "Connection: close"]
                return [curl_status(weir, "http://a.test/", *close)[0] for _ in range(2)]

        before = statuses("first 1", "--fault-journal", journal)
        self.assertEqual(before, [502, 200])
        line = json.loads(self.read(journal).splitlines()[0])
        self.assertEqual((line["rule"], line["n"], line["fired"]), ("dead", 1, True))
        self.assertEqual(line["request"], "http://a.test")
        self.assertEqual(statuses("after 9"), [200, 200])
        self.assertEqual(statuses("after 9", "--replay-faults", journal), before)

    def test_repeats_a_rule_whose_when_has_gone(self):
        rest = "  - { match: GET api.test/*, then: { respond: { status: 200, text: ok } } }\n"
        rule = "rules:\n  - { name: a, match: GET api.test/*, %sthen: { respond: { status: 503 } } }\n" + rest
        journal = self.home.path("faults.jsonl")
        before = self.run_weir(rule % "when: every 3rd, ", "--fault-journal", journal, count=9)
        self.assertEqual(before, [200, 200, 503] * 3)
        self.assertEqual(self.run_weir(rule % "", "--replay-faults", journal, count=10), before + [503])

    def test_says_which_rule_of_a_recording_is_not_there(self):
        yaml = self.put("proxy.yaml", "rules: [{ name: other, match: a.test, then: 404 }]\n")
        line = '{"rule":"tenth","at":"p.yaml:3 tenth","key":null,"n":1,"fired":true}\n'
        journal = self.put("faults.jsonl", line)
        args = ["run", "-c", yaml, "--listen", "127.0.0.1:0", "--replay-faults", journal]
        code, _, err = self.cli(*args)
        self.assertEqual(code, 3)
        self.assertIn("faults.jsonl:1: there is no rule 'tenth' (p.yaml:3 tenth when it was recorded)", err)
        self.put("faults.jsonl", "{}\n")
        code, _, err = self.cli(*args)
        self.assertEqual(code, 3)
        self.assertIn("faults.jsonl:1: this is not a line of a fault journal", err)


if __name__ == "__main__":
    unittest.main()
