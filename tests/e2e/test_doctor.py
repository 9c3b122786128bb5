"""`weir doctor`: what it finds wrong, what it says to do, and what it leaves alone."""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import unittest

from pki import CONFIG, stamp
from rig import HOSTILE
from weirtest import ROOT, Weir, free_port, openssl

CLEAN = {
    "http_proxy": "http://127.0.0.1:%d",
    "HTTPS_PROXY": "http://127.0.0.1:%d/",
}


def variables():
    """Those that `weir env` sets."""
    with open(os.path.join(ROOT, "cli", "env_vars.def")) as file:
        return set(re.findall(r'^VARIABLE\("(\w+)"', file.read(), re.MULTILINE))


class Home(unittest.TestCase):
    """A user with folders of their own, and a configuration that names a free port."""

    def setUp(self):
        self.home = Weir()
        self.addCleanup(shutil.rmtree, self.home.folder, ignore_errors=True)
        self.port = free_port()
        self.home.write_yaml("listen: 127.0.0.1:%d\n" % self.port)
        for name in variables() & self.home.env.keys():
            del self.home.env[name]
        for name, value in CLEAN.items():
            self.home.env[name] = value % self.port

    def doctor(self, *args, code=0):
        got, out, err = self.home.cli("doctor", "--json", *args)
        self.assertEqual(got, code, out + err)
        told = json.loads(out)
        self.assertEqual(told["ok"], code == 0)
        self.assertEqual(told["broken"], len([c for c in told["checks"] if c["state"] == "broken"]))
        return told["checks"]

    def of(self, checks, name, state=None):
        return [c for c in checks if c["check"] == name and state in (None, c["state"])]

    def one(self, checks, name, state):
        found = self.of(checks, name, state)
        self.assertEqual(len(found), 1, checks)
        return found[0]

    def make_ca(self):
        self.assertEqual(self.home.cli("ca", "show")[0], 0)
        return self.home.path("data", "weir", "ca.key")


class Healthy(Home):
    def test_finds_nothing_broken_where_all_is_well(self):
        self.make_ca()
        checks = self.doctor()
        names = [
            "config",
            "port",
            "ca",
            "clock",
            "environment",
            "browsers",
            "descriptors",
            "state",
            "request",
        ]
        for name in names:
            self.assertEqual(
                [c["state"] for c in self.of(checks, name)],
                ["ok"] * len(self.of(checks, name)),
                self.of(checks, name),
            )
        self.assertIn("0 rules", self.one(checks, "config", "ok")["text"])
        texts = [c["text"] for c in self.of(checks, "request")]
        self.assertEqual([text.split(":")[0] for text in texts], ["http", "https"])

    def test_tells_people_the_same_in_words(self):
        self.make_ca()
        code, out, err = self.home.cli("doctor")
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, r"(?m)^✓ port +127\.0\.0\.1:%d is free$" % self.port)
        self.assertRegex(out, r"(?m)^! trust +the system's store does not have the CA\n +weir trust")
        self.assertNotIn("✗", out)

    def test_says_where_the_ca_comes_from_when_there_is_none(self):
        self.assertIn("made when", self.one(self.doctor(), "ca", "ok")["text"])

    def test_takes_no_operand(self):
        self.assertEqual(self.home.cli("doctor", "me")[0], 2)


class Configuration(Home):
    def test_shows_the_first_problem_and_tries_no_request(self):
        self.home.write_yaml("listen: 127.0.0.1:%d\nlisten_too: 1\n" % self.port)
        checks = self.doctor(code=1)
        self.assertIn("listen_too", self.one(checks, "config", "broken")["text"])
        self.assertIn("weir check", self.one(checks, "config", "broken")["advice"])
        self.assertIn("not tried", self.one(checks, "request", "remark")["text"])

    def test_names_who_has_the_port(self):
        with socket.create_server(("127.0.0.1", self.port)):
            found = self.one(self.doctor(code=1), "port", "broken")
        self.assertIn("127.0.0.1:%d is in use" % self.port, found["text"])
        self.assertIn("process %d" % os.getpid(), found["text"])
        self.assertIn("--listen", found["advice"])


class Authority(Home):
    def test_a_key_that_others_may_read(self):
        key = self.make_ca()
        os.chmod(key, 0o644)
        checks = self.doctor(code=1)
        found = self.one(checks, "ca", "broken")
        self.assertIn("other users may read", found["text"])
        self.assertEqual(found["advice"], "chmod 600 " + key)
        self.assertIn("not tried", self.one(checks, "request", "remark")["text"])

    def test_a_folder_that_others_may_write_to(self):
        key = self.make_ca()
        os.chmod(os.path.dirname(key), 0o777)
        found = self.one(self.doctor(code=1), "ca", "broken")
        self.assertEqual(found["advice"], "chmod 700 " + os.path.dirname(key))

    def test_a_certificate_that_has_expired(self):
        key = self.make_ca()
        self.resign(key, -400, -10)
        found = self.one(self.doctor(code=1), "ca", "broken")
        self.assertIn("expired", found["text"])
        self.assertIn("weir trust", found["advice"])

    def test_a_certificate_that_ends_soon(self):
        key = self.make_ca()
        self.resign(key, -400, 10)
        self.assertIn("30 days", self.one(self.doctor(), "ca", "remark")["text"])

    def test_a_key_of_another_ca(self):
        key = self.make_ca()
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
        os.chmod(key, 0o600)
        self.one(self.doctor(code=1), "ca", "broken")

    def resign(self, key, begins_days, ends_days):
        """The CA again, with other dates."""
        folder = self.home.path("pki")
        os.mkdir(folder)
        config, request = os.path.join(folder, "config"), os.path.join(folder, "request")
        with open(config, "w") as file:
            file.write(CONFIG.format(folder=folder, name="ca", names="DNS:unused"))
            file.write("[authority]\nbasicConstraints = critical,CA:TRUE\n")
        with open(os.path.join(folder, "ca.index"), "w"):
            pass
        made = os.path.join(folder, "made.pem")
        openssl("req", "-new", "-key", key, "-subj", "/CN=weir CA", "-out", request)
        openssl(
            "ca", "-batch", "-selfsign", "-notext", "-config", config, "-extensions", "authority",
            "-keyfile", key, "-in", request, "-out", made,
            "-startdate", stamp(begins_days), "-enddate", stamp(ends_days),
        )  # fmt: skip
        shutil.copy(made, self.home.ca)


class Surroundings(Home):
    def test_hosts_that_go_past_weir(self):
        self.home.env["NO_PROXY"] = "localhost,.corp.test"
        found = self.one(self.doctor(), "environment", "remark")
        self.assertIn("localhost,.corp.test", found["text"])
        self.assertIn("unset NO_PROXY", found["advice"])

    def test_all_hosts_that_go_past_weir(self):
        self.home.env["no_proxy"] = "*"
        self.one(self.doctor(code=1), "environment", "broken")

    def test_another_proxy_without_its_password(self):
        self.home.env["HTTPS_PROXY"] = "http://me:secret@127.0.0.1:9/"
        found = self.one(self.doctor(), "environment", "remark")
        self.assertIn("127.0.0.1:9", found["text"])
        self.assertNotIn("secret", found["text"])

    def test_one_of_two_variables_and_none(self):
        del self.home.env["HTTPS_PROXY"]
        self.assertIn("HTTPS_PROXY", self.one(self.doctor(), "environment", "remark")["text"])
        del self.home.env["http_proxy"]
        self.assertIn("no proxy is set", self.one(self.doctor(), "environment", "remark")["text"])

    def test_certificates_and_keys(self):
        self.make_ca()
        other = self.home.path("other.pem")
        with open(other, "w") as file:
            file.write("no certificate\n")
        self.home.env.update(CURL_CA_BUNDLE=other, SSL_CERT_FILE=self.home.ca)
        self.home.env["SSLKEYLOGFILE"] = self.home.path("keys")
        texts = [c["text"] for c in self.of(self.doctor(), "environment", "remark")]
        self.assertEqual(len(texts), 2, texts)
        self.assertIn("CURL_CA_BUNDLE", texts[0])
        self.assertNotIn("SSL_CERT_FILE", texts[0])
        self.assertIn("SSLKEYLOGFILE", texts[1])
        self.assertFalse(os.path.exists(self.home.path("keys")))

    def test_nothing_of_it_acts_on_a_terminal(self):
        self.home.env["NO_PROXY"] = "\x1b]0;owned\x07\u202e\x9b31m"
        code, out, err = self.home.cli("doctor")
        self.assertEqual(code, 0)
        self.assertIsNone(HOSTILE.search(out + err), out)

    def test_a_firefox_that_keeps_localhost_to_itself(self):
        profile = self.home.path(".mozilla", "firefox", "x.default")
        os.makedirs(profile)
        with open(os.path.join(profile, "prefs.js"), "w") as file:
            file.write('user_pref("network.proxy.type", 1);\n')
            file.write('user_pref("network.proxy.http", "127.0.0.1");\n')
            file.write('user_pref("network.proxy.http_port", %d);\n' % self.port)
        found = self.one(self.doctor(), "browsers", "remark")
        self.assertIn("allow_hijacking_localhost", found["advice"])
        with open(os.path.join(profile, "user.js"), "w") as file:
            file.write('user_pref("network.proxy.allow_hijacking_localhost", true);\n')
            file.write('user_pref("network.proxy.no_proxies_on", "corp.test");\n')
        checks = self.doctor()
        self.one(checks, "browsers", "ok")
        self.assertIn("corp.test", self.one(checks, "browsers", "remark")["text"])
        with open(os.path.join(profile, "user.js"), "w") as file:
            file.write('user_pref("network.proxy.http_port", 9);\n')
        self.assertIn("not weir", self.one(self.doctor(), "browsers", "remark")["text"])

    def test_a_chromium_that_keeps_localhost_to_itself(self):
        for words, state in ([], "remark"), (["--proxy-bypass-list=<-loopback>"], "ok"):
            with self.stand_in("--proxy-server=127.0.0.1:%d" % self.port, *words) as pid:
                found = [
                    c
                    for c in self.of(self.doctor(), "browsers", state)
                    if "process %d" % pid in c["text"]
                ]
            self.assertEqual(len(found), 1)
            self.assertEqual(found[0]["advice"] is None, state == "ok")

    @contextlib.contextmanager
    def stand_in(self, *words):
        """A process that looks like a Chromium, and waits: its pid."""
        code = "import sys; sys.stdin.read()"
        child = subprocess.Popen(
            ["/opt/chromium", "-c", code, *words],
            executable=sys.executable,
            stdin=subprocess.PIPE,
        )
        try:
            yield child.pid
        finally:
            child.stdin.close()
            child.wait()

    def test_a_store_that_is_none(self):
        folder = self.home.path("state", "weir")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "flows.db"), "w") as file:
            file.write("something else, and long enough to be looked at")
        self.assertIn("is none", self.one(self.doctor(code=1), "state", "broken")["text"])


class Running(unittest.TestCase):
    def checks(self, weir, code=0, *args):
        got, out, err = weir.cli("doctor", "-c", weir.yaml_path, "--json", *args)
        self.assertEqual(got, code, out + err)
        return {
            (c["check"], c["text"].split(":")[0]): c
            for c in json.loads(out)["checks"]
            if c["check"] in ("port", "request")
        }

    def test_asks_through_the_weir_that_runs(self):
        with Weir() as weir:
            checks = self.checks(weir)
            flows = weir.flows(2)
        self.assertEqual({c["state"] for c in checks.values()}, {"ok"})
        self.assertIn(("request", "https"), checks)
        self.assertIn("%d" % weir.port, checks[("port", "a weir runs at 127.0.0.1")]["text"])
        self.assertTrue(all(flow["url"].startswith("http") for flow in flows))

    def test_says_when_a_rule_answers(self):
        rules = "rules: [{ name: all, match: '/<any*>', then: 418 }]\n"
        with Weir(rules) as weir:
            found = self.checks(weir)[("request", "http")]
        self.assertEqual(found["state"], "remark")
        self.assertIn("a rule answered with 418", found["text"])

    def test_knows_the_password_of_its_configuration_only(self):
        with Weir("auth: me:secret\n") as weir:
            self.assertEqual(self.checks(weir)[("request", "http")]["state"], "ok")
            weir.write_yaml("")
            found = self.checks(weir)[("request", "http")]
            self.assertEqual(found["state"], "remark")
            self.assertIn("password", found["text"])

    def test_says_when_the_one_that_is_named_does_not_run(self):
        home = Weir()
        self.addCleanup(shutil.rmtree, home.folder, ignore_errors=True)
        self.assertEqual(home.cli("doctor", "--instance", "1")[0], 5)


if __name__ == "__main__":
    unittest.main()
