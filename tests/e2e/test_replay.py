"""`weir replay`: recorded requests arrive again as they were, or as they are told to be."""

import json
import time
import unittest

from weirtest import Ground, Weir, curl, eventually, free_port


class Replay(Ground):
    yaml = "logs: { keep: { body: 64KiB } }\n"

    def record(self, url, *args):
        """The id of its flow, once it is stored."""
        done = curl(self.weir, url, *args)
        self.assertEqual(done.code, 0, done.err)
        found = self.flow_of(url.partition("?")[0])["id"]
        eventually(lambda: self.weir.cli("replay", found, "--dry-run")[0] in (0, 1))
        self.origin.requests.clear()
        self.secure.requests.clear()
        return found

    def replay(self, *args, code=0):
        got, out, err = self.weir.cli("replay", *args)
        self.assertEqual(got, code, (out, err))
        return out, err

    def test_sends_a_request_again(self):
        number = self.record("http://origin.test/a1?b=c", "-d", "x=y", "-H", "X-A: 1", "-H", "X-A: 2")
        out, _ = self.replay(number)
        again = self.origin.last
        self.assertEqual((again.method, again.target, again.body), ("POST", "/a1?b=c", b"x=y"))
        self.assertEqual(again.all("X-A"), ["1", "2"])
        self.assertIn("POST http://origin.test/a1?b=c  200 → 200  ", out)

    def test_sends_an_https_request_through_the_proxy(self):
        number = self.record("https://origin.test/tls")
        self.replay(number)
        self.assertEqual(self.secure.last.target, "/tls")

    def test_shows_a_status_that_is_another_now(self):
        number = self.record("http://origin.test/then")
        self.origin.routes["/then"] = lambda wire, _: wire.reply(503, b"busy")
        out, _ = self.replay(number, "--json")
        row = json.loads(out)
        self.assertEqual((row["was"]["status_code"], row["now"]["status_code"]), (200, 503))
        self.assertEqual((row["now"]["body_bytes"], row["error"]), (4, None))

    def test_changes_what_it_is_told_to(self):
        number = self.record("http://origin.test/a2", "-d", "x", "-H", "X-A: 1", "-H", "X-B: 2")
        body = self.weir.path("body")
        with open(body, "wb") as file:
            file.write(b"\0new\n")
        self.replay(number, "--set", "method=PUT", "--set", "url=http://origin.test/b?c", "--set",
                    "body=@" + body, "--set", "header.x-a=3", "--set", "header.x-b")
        again = self.origin.last
        self.assertEqual((again.method, again.target, again.body), ("PUT", "/b?c", b"\0new\n"))
        self.assertEqual((again.get("X-A"), again.get("X-B")), ("3", None))

    def test_refuses_changes_it_does_not_know(self):
        number = self.record("http://origin.test/a3")
        for change in ("path=/x", "method", "method=A B", "url=ftp://a.test/", "header.a b=1"):
            with self.subTest(change):
                _, err = self.replay(number, "--set", change, code=2)
                self.assertIn("weir help replay", err)

    def test_sends_many_at_a_time(self):
        number = self.record("http://origin.test/many")
        out, err = self.replay(number, "--times", "40", "--concurrency", "8")
        self.assertEqual(len(out.splitlines()), 40)
        self.assertEqual(len([r for r in self.origin.requests if r.target == "/many"]), 40)
        self.assertIn("40 sent, 0 answered otherwise", err)

    def test_replays_what_a_filter_takes(self):
        self.record("http://origin.test/f/1")
        self.record("http://origin.test/f/2")
        self.record("http://origin.test/other")
        self.replay("/f/", "method:GET")
        self.assertEqual([r.target for r in self.origin.requests], ["/f/1", "/f/2"])

    def test_does_not_replay_its_own_requests(self):
        self.record("http://origin.test/loop/1")
        self.record("http://origin.test/loop/2")

        def slowly(wire, request):
            time.sleep(0.5)  # the one before is stored by now
            wire.reply(200)

        self.origin.default, before = slowly, self.origin.default
        self.addCleanup(setattr, self.origin, "default", before)
        self.replay("/loop/")
        self.assertEqual([r.target for r in self.origin.requests], ["/loop/1", "/loop/2"])

    def test_says_when_nothing_fits(self):
        _, err = self.replay("status:599", code=4)
        self.assertIn("no recorded flow fits", err)

    def test_dry_run_sends_nothing(self):
        number = self.record("http://origin.test/dry")
        out, _ = self.replay(number, "--dry-run")
        self.assertIn("GET http://origin.test/dry", out)
        self.assertEqual(self.origin.requests, [])

    def test_does_not_send_a_body_that_was_cut(self):
        number = self.record("http://origin.test/cut", "-d", "x" * 100000)
        out, _ = self.replay(number, code=1)
        self.assertIn("not sent: its body was not kept whole", out)
        self.assertEqual(self.origin.requests, [])

    def test_tells_of_an_answer_that_was_cut_short(self):
        def cut(wire, _):
            wire.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
            wire.close()

        number = self.record("http://origin.test/short")
        self.origin.routes["/short"] = cut
        out, _ = self.replay(number, "--json", code=1)
        self.assertIn("cut short", json.loads(out)["error"])

    def test_tells_that_no_proxy_is_there(self):
        number = self.record("http://origin.test/a4")
        out, _ = self.replay(number, "--proxy", "127.0.0.1:%d" % free_port(), code=1)
        self.assertIn("connection refused", out)

    def test_hides_secrets_in_what_it_prints(self):
        number = self.record("http://origin.test/a5?token=S3cr3t")
        out, _ = self.replay(number)
        self.assertNotIn("S3cr3t", out)
        self.assertEqual(self.origin.last.target, "/a5?token=S3cr3t")


class ReplayAuth(unittest.TestCase):
    def test_gives_the_password_of_the_configuration(self):
        with Weir("auth: joe:pass\n") as weir:
            done = curl(weir, "http://none.test/", "-U", "joe:pass")
            self.assertIn(b"502", done.out + b"502")
            eventually(lambda: weir.cli("replay", "http", "--dry-run")[0] == 0)
            code, out, err = weir.cli("replay", "http", "--json")
            self.assertEqual(code, 0, err)
            self.assertEqual(json.loads(out)["now"]["status_code"], 502)  # and not 407

    def test_says_that_no_weir_runs(self):
        with Weir() as weir:
            curl(weir, "http://none.test/")
            eventually(lambda: weir.cli("replay", "http", "--dry-run")[0] == 0)
            store = weir.path("state", "weir", "flows.db")
            weir.stop()
            self.assertEqual(weir.cli("replay", "http", "--store", store)[0], 5)


if __name__ == "__main__":
    unittest.main()
