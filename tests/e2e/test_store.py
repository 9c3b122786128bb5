"""What passed through weir is kept in a store: after kill -9 at any moment, when the disk is
full, when its file is damaged, and for as long as the configuration says.

WEIR_ROUNDS=N kills it N times, the optimised weir if there is one, and tells how long the
restarts took."""

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import sys
import time
import unittest

from rig import Load, control, status, tmpfs
from weirtest import (
    Ground,
    Origin,
    Weir,
    curl_status,
    eventually,
    release_binary,
    upstream_map,
    urllib_open,
)

KIB, MIB = 1024, 1024 * 1024
ROUNDS = int(os.environ.get("WEIR_ROUNDS", "0"))
AHEAD = 32  # exchanges that the log may not have seen yet


def store_path(weir, name="flows.db"):
    return weir.path("state", "weir", name)


def ask(path, sql):
    """All rows; the writer may go on meanwhile."""
    with contextlib.closing(sqlite3.connect(path, timeout=10)) as db:
        return db.execute(sql).fetchall()


def count(path, what="flows"):
    return ask(path, "SELECT count(*) FROM " + what)[0][0]


def store_status(weir):
    return status(weir)["store"]


def settled(weir):
    """The store's status once all flows that were logged are stored or lost."""

    def check():
        told = status(weir)
        store = told["store"]
        done = store["stored"] + store["lost_flows"]
        return store if told["log"]["flows"] == done else None

    try:
        return eventually(check, "the end of writing", 30)
    except AssertionError as error:
        raise AssertionError("%s: %s" % (error, status(weir))) from None


class Keeping(Ground):
    def test_a_flow_is_kept_with_what_belongs_to_it(self):
        self.origin.routes["/kept"] = lambda wire, _: wire.reply(
            200, b"some text", [("Content-Type", "text/plain")]
        )
        before = store_status(self.weir)["stored"]
        self.assertEqual(curl_status(self.weir, "http://origin.test/kept?a=b"), (200, b"some text"))
        eventually(lambda: store_status(self.weir)["stored"] == before + 1)
        row = ask(
            store_path(self.weir),
            "SELECT method, host, path, status, mime, response_bytes, hex(data) FROM flows"
            " JOIN records USING(number) JOIN bodies ON key = response_body"
            " WHERE path = '/kept?a=b'",
        )
        text = b"some text".hex().upper()
        self.assertEqual(row, [("GET", "origin.test", "/kept?a=b", 200, "text/plain", 9, text)])
        flow = self.weir.flow(url="http://origin.test/kept?a=b")
        ids = ask(store_path(self.weir), "SELECT hex(id) FROM flows WHERE path = '/kept?a=b'")
        self.assertEqual(int(ids[0][0], 16), int(ulid_bits(flow["id"])))

    def test_files_are_for_their_owner_only(self):
        folder = os.path.dirname(store_path(self.weir))
        self.assertEqual(os.stat(folder).st_mode & 0o777, 0o700)
        for name in os.listdir(folder):
            self.assertEqual(os.stat(os.path.join(folder, name)).st_mode & 0o777, 0o600, name)

    def test_status_tells_of_the_store(self):
        code, out, err = self.weir.cli("status")
        self.assertEqual(code, 0, err)
        self.assertIn(store_path(self.weir), out)
        self.assertRegex(out, r"\d+ flows, \d+(\.\d+)? (KiB|MiB)")

    def test_a_second_weir_keeps_its_flows_beside(self):
        second = Weir(upstream_map(self.targets()))
        second.env = self.weir.env
        with second:
            second.wait_stderr(r"process %d is writing to .*flows\.db" % self.weir.pid)
            name = "flows-%d.db" % second.port
            curl_status(second, "http://origin.test/second")
            path = store_path(self.weir, name)
            eventually(lambda: count(path) == 1)
            self.assertEqual(
                ask(store_path(self.weir), "SELECT count(*) FROM flows WHERE path = '/second'"),
                [(0,)],
            )


def ulid_bits(text):
    letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    value = 0
    for c in text:
        value = value * 32 + letters.index(c)
    return value


class Choosing(unittest.TestCase):
    def test_off_keeps_nothing(self):
        for yaml, args in (("logs: { store: off }\n", ()), ("", ("--store", "off"))):
            with Origin() as origin, Weir(
                yaml + upstream_map({"a.test": origin.port}), args
            ) as weir:
                curl_status(weir, "http://a.test/")
                self.assertIsNone(status(weir)["store"])
                self.assertFalse(os.path.exists(store_path(weir)))

    def test_a_file_is_named_by_an_option_or_the_configuration(self):
        for yaml, args in (("logs: { store: mine.db }\n", ()), ("", ("--store", "mine.db"))):
            with Origin() as origin, Weir(
                yaml + upstream_map({"a.test": origin.port}), args
            ) as weir:
                curl_status(weir, "http://a.test/")
                eventually(lambda: count(weir.path("mine.db")) == 1)
                self.assertEqual(store_status(weir)["path"], weir.path("mine.db"))
                self.assertFalse(os.path.exists(store_path(weir)))

    def test_exec_keeps_flows_where_it_is_told_to(self):
        with Origin() as origin:
            weir = Weir(upstream_map({"a.test": origin.port}))
            for args in ((), ("--store", "exec.db")):
                code, _, err = weir.cli(
                    "exec", "-c", weir.yaml_path, *args, "--", "curl", "-s", "http://a.test/x"
                )
                self.assertEqual(code, 0, err)
            self.assertEqual(count(weir.path("exec.db")), 1)
            self.assertFalse(os.path.exists(store_path(weir)))

    def test_a_file_that_was_named_and_cannot_be_used_ends_weir(self):
        weir = Weir()
        with open(weir.path("notes.txt"), "w") as file:
            file.write("my notes")
        for name, why in (("no/such/folder.db", "No such file"), ("notes.txt", "notes.txt")):
            code, _, err = weir.cli(
                "run", "-c", weir.yaml_path, "--listen", "127.0.0.1:0", "--store", name
            )
            self.assertEqual(code, 1)
            self.assertIn(why, err)
        with open(weir.path("notes.txt")) as file:
            self.assertEqual(file.read(), "my notes")

    def test_a_damaged_file_is_moved_aside_and_weir_runs(self):
        with Origin() as origin:
            weir = Weir(upstream_map({"a.test": origin.port}))
            os.mkdir(weir.path("state", "weir"), 0o700)
            with open(store_path(weir), "wb") as file:
                file.write(random.randbytes(64 * KIB))
            with weir:
                weir.wait_stderr(r"flows\.db is damaged: it was moved aside to .*\.corrupt-")
                curl_status(weir, "http://a.test/")
                eventually(lambda: count(store_path(weir)) == 1)
                aside = [n for n in os.listdir(weir.path("state", "weir")) if ".corrupt-" in n]
                self.assertEqual(len(aside), 1)

    def test_without_a_folder_weir_runs_and_keeps_nothing(self):
        with Origin() as origin:
            weir = Weir(upstream_map({"a.test": origin.port}))
            with open(weir.path("state", "weir"), "w"):
                pass  # a file stands where the folder would
            with weir:
                weir.wait_stderr(r"flows are not kept: ")
                self.assertEqual(curl_status(weir, "http://a.test/")[0], 200)
                self.assertIsNone(status(weir)["store"])


class Retention(unittest.TestCase):
    def test_flows_go_when_they_are_too_old_classes_apart(self):
        yaml = (
            "logs:\n  keep:\n    age: 1s\n    classes:\n"
            "      - { filter: 'is:injected', age: 1h }\n"
            "rules:\n  - { name: made, match: a.test/made, then: 404 }\n"
        )
        with Origin() as origin, Weir(yaml + upstream_map({"a.test": origin.port})) as weir:
            for path in ("/passed", "/made", "/passed"):
                curl_status(weir, "http://a.test" + path)
            eventually(lambda: store_status(weir)["removed"] == 2)
            self.assertEqual(ask(store_path(weir), "SELECT path FROM flows"), [("/made",)])
            self.assertEqual(store_status(weir)["flows"], 1)

    def test_the_file_does_not_outgrow_its_size(self):
        yaml = "logs: { keep: { size: 4MiB } }\n"
        with Origin() as origin, Weir(yaml + upstream_map({"a.test": origin.port})) as weir:
            origin.routes["/"] = lambda wire, _: wire.reply(200, random.randbytes(256 * KIB))
            for _ in range(64):  # 16 MiB
                self.assertEqual(urllib_open(weir, "http://a.test/").status, 200)
            eventually(lambda: store_status(weir)["removed"] > 20)
            eventually(lambda: store_status(weir)["bytes"] < 9 * MIB)
            self.assertEqual(ask(store_path(weir), "PRAGMA integrity_check"), [("ok",)])


    def test_flows_stay_when_their_index_is_too_large(self):
        letters = "abcdefghijklmnopqrstuvwxyz"
        yaml = "logs: { keep: { size: 4MiB } }\n"
        with Origin() as origin, Weir(yaml + upstream_map({"a.test": origin.port})) as weir:
            origin.routes["/"] = lambda wire, _: wire.reply(
                200, "".join(random.choices(letters, k=8000)).encode(), [("Content-Type", "text/plain")]
            )
            for _ in range(200):  # 1.6 MB, and an index several times as large
                urllib_open(weir, "http://a.test/").read()
            upto = "SELECT value FROM meta WHERE key = 'fts_upto'"
            eventually(lambda: ask(store_path(weir), upto) == [(99999,)])
            eventually(lambda: store_status(weir)["bytes"] < 7 * MIB)
            self.assertEqual(store_status(weir)["flows"], 200)
            self.assertEqual(store_status(weir)["removed"], 0)
            self.assertEqual(weir.cli("log", "-n", "0", "body:nowhere")[0], 4)


class Tidying(unittest.TestCase):
    """weir gc."""

    def gc(self, weir, *args, code=0):
        got, out, err = weir.cli("gc", "-c", weir.yaml_path, "--json", *args)
        self.assertEqual(got, code, err)
        return json.loads(out) if out else err

    def recorded(self, weir, origin, flows=40):
        """A store with so many flows of 64 KiB."""
        self.addCleanup(shutil.rmtree, weir.folder, True)
        origin.routes["/"] = lambda wire, _: wire.reply(200, random.randbytes(64 * KIB))
        weir.start()
        try:
            for _ in range(flows):
                urllib_open(weir, "http://a.test/").read()
        finally:
            weir.stop()
            weir.process.stderr.close()
        self.assertEqual(count(store_path(weir)), flows)

    def test_a_file_is_tidied_up(self):
        with Origin() as origin:
            weir = Weir(upstream_map({"a.test": origin.port}))
            self.recorded(weir, origin)
            path, size = store_path(weir), os.path.getsize(store_path(weir))
            plan = self.gc(weir, "--dry-run", "--set", "logs.keep.age=1us")
            self.assertEqual((plan["removed"], plan["flows"], plan["dry_run"]), (40, 0, True))
            self.assertEqual(count(path), 40)
            self.assertEqual(self.gc(weir)["removed"], 0)
            done = self.gc(weir, "--set", "logs.keep.age=1us", "--integrity")
            self.assertEqual((done["removed"], done["flows"], done["sound"]), (40, 0, True))
            self.assertEqual(done["path"], path)
            self.assertEqual(done["bytes_after"], os.path.getsize(path))
            self.assertLess(os.path.getsize(path), size / 10)
            code, out, _ = weir.cli("gc", "-c", weir.yaml_path)
            self.assertEqual(code, 0)
            self.assertIn("removed  0 flows", out)

    def test_a_running_weir_is_asked(self):
        yaml = "logs: { keep: { size: 1MiB } }\n"
        with Origin() as origin:
            weir = Weir(upstream_map({"a.test": origin.port}))
            self.recorded(weir, origin)
            weir.write_yaml(yaml + upstream_map({"a.test": origin.port}))
            weir.stderr.clear()
            with weir:
                done = self.gc(weir)
                self.assertEqual(done["path"], store_path(weir))
                self.assertLess(done["bytes_after"], 1.2 * MIB)
                self.assertEqual(count(store_path(weir)), done["flows"])
                self.assertGreater(store_status(weir)["removed"], 20)
                self.assertIn("writing to", self.gc(weir, "--dry-run", code=1))
                said = self.gc(weir, "--store", store_path(weir), code=1)
                self.assertIn("process %d is writing" % weir.pid, said)

    def test_damage_is_found(self):
        with Origin() as origin:
            weir = Weir(upstream_map({"a.test": origin.port}))
            self.recorded(weir, origin, 10)
            with open(store_path(weir), "r+b") as file:
                file.seek(os.path.getsize(store_path(weir)) // 8192 * 4096)
                file.write(b"\x55" * 3 * 4096)
            self.assertIn("flows.db", self.gc(weir, "--integrity", code=1))

    def test_without_a_store_there_is_nothing_to_tidy(self):
        weir = Weir("logs: { store: off }\n")
        self.assertIn("is off", self.gc(weir, code=1))
        self.assertIn("no such store", self.gc(weir, "--store", "gone.db", code=1))


class Killing(unittest.TestCase):
    """kill -9 at random moments under load."""

    def test_no_flow_is_lost_that_was_told_to_be_stored(self):
        rounds = ROUNDS or 10
        restarts, told_flows = [], 0
        with Origin() as origin:
            origin.routes["/"] = lambda wire, _: wire.reply(200, b"x" * 2000)
            weir = Weir(
                upstream_map({"a.test": origin.port}),
                program=release_binary() if ROUNDS else None,
            )
            for i in range(rounds):
                before = count(store_path(weir)) if i else 0
                told, took = self.round(weir)
                told_flows += told
                restarts.append(took)
                path = store_path(weir)
                self.assertGreaterEqual(count(path), before + told)
                self.assertEqual(ask(path, "PRAGMA integrity_check"), [("ok",)])
                self.assertEqual(count(path, "records"), count(path))
            weir.stderr.clear()
            with weir:  # and it runs on
                pass
        self.assertGreater(told_flows, 0)
        if ROUNDS:
            sys.stderr.write(
                "%d rounds, %d flows told of, restart at most %d ms\n"
                % (rounds, told_flows, max(restarts) * 1000)
            )

    def round(self, weir):
        """How many flows it said were stored, and how long it took to be ready."""
        start = time.monotonic()
        weir.stderr.clear()
        weir.start()
        took = time.monotonic() - start
        told = 0
        deadline = time.monotonic() + random.uniform(0.2, 1.2)
        with Load(lambda _: urllib_open(weir, "http://a.test/").read()) as load:
            while time.monotonic() < deadline:
                told = store_status(weir)["stored"]
            weir.signal(signal.SIGKILL)
            load.stop()
        weir.wait()
        weir.process.stderr.close()
        return told, took


class FullDisk(unittest.TestCase):
    def test_a_full_disk_costs_no_exchange_and_is_counted_exactly(self):
        with Origin() as origin:
            origin.routes["/"] = lambda wire, _: wire.reply(200, random.randbytes(100 * KIB))
            weir = Weir(upstream_map({"a.test": origin.port}))
            folder = weir.path("small")
            os.mkdir(folder)
            weir.args = ["--store", os.path.join(folder, "flows.db")]
            with tmpfs(folder, 104 * MIB) as place:
                if place is None:
                    self.skipTest("mounting is not allowed here")
                self.fill_and_free(weir, os.path.join(folder, "flows.db"))

    def logged(self, weir, sent):
        """Flows that reached the log's sinks, or did not for want of room in its queue."""
        told = {}

        def check():
            told.update(status(weir)["log"])
            return told["flows"] + told["dropped_flows"] >= sent

        try:
            eventually(check, "the end of logging", 30)
        except AssertionError as error:
            raise AssertionError("%s: %d sent, %s" % (error, sent, told)) from None
        return told["flows"] + told["dropped_flows"]

    def ask_in_step(self, weir):
        """No faster than the log, on whatever machine: what is sent must fit into the disk."""

        def nearly_logged():
            told = control(weir, "GET", "/v1/status")[1]
            gone = told["log"]["flows"] + told["log"]["dropped_flows"]
            return told["traffic"]["exchanges"] < gone + AHEAD

        eventually(nearly_logged, "room in the log", 30)
        return urllib_open(weir, "http://a.test/").read()

    def fill_and_free(self, weir, path):
        ballast = os.path.join(os.path.dirname(path), "ballast")
        with open(ballast, "wb") as file:
            file.write(b"x" * 96 * MIB)
        with weir:
            with Load(lambda _: self.ask_in_step(weir), 4) as load:
                eventually(lambda: store_status(weir)["lost_bodies"] > 50, "a loss", 60)
                weir.wait_stderr(r"cannot be written to the store")
            os.unlink(ballast)  # what waits in memory fits into that; more load might not
            self.assertEqual(load.errors, [])
            sent = len(load.results)
            self.assertEqual(self.logged(weir, sent), sent)
            store = settled(weir)
            self.assertEqual(count(path), store["stored"])
            dropped = status(weir)["log"]["dropped_flows"]
            self.assertEqual(store["stored"] + store["lost_flows"] + dropped, sent)
            without = "records WHERE response_body IS NULL"
            self.assertEqual(count(path, without), store["lost_bodies"])
            self.assertEqual(ask(path, "PRAGMA integrity_check"), [("ok",)])
            gaps = ask(path, "SELECT sum(flows), sum(bodies) FROM gaps")
            self.assertEqual(gaps[0][1], store["lost_bodies"])


if __name__ == "__main__":
    unittest.main()
