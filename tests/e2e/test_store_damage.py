"""Stores that are damaged, or made to do harm: reading them ends, soon and with a word; weir
runs, or says why it does not.

WEIR_ROUNDS=N damages so many of them."""

import contextlib
import os
import random
import shutil
import sqlite3
import subprocess
import tempfile
import unittest

from rig import status
from weirtest import Origin, Weir, binary, curl_status, eventually, upstream_map, urllib_open

KIB = 1024
ROUNDS = int(os.environ.get("WEIR_ROUNDS", "0"))
SEED = int(os.environ.get("WEIR_SEED", "5"))
READ_S = 60


def read(path, *args):
    """The code and what was said; sanitizers end with others than weir's own."""
    done = subprocess.run(
        [binary(), *args, "--store", path],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=READ_S,
    )
    said = done.stderr.decode(errors="replace")
    assert done.returncode in (0, 1, 2, 3, 4), (args, done.returncode, said)
    assert "Sanitizer" not in said and "runtime error" not in said, (args, said)
    assert done.returncode in (0, 3) or said, (args, done.returncode, "without a word")
    return done.returncode, done.stdout, said


def connect(path):
    return contextlib.closing(sqlite3.connect(path, timeout=10, isolation_level=None))


class Recorded(unittest.TestCase):
    """One store of flows of several sorts, of which each test has a copy."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="weir-test-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        cls.whole = os.path.join(cls.folder, "whole.db")
        with Origin() as origin:
            origin.routes["/text"] = lambda wire, _: wire.reply(
                200, b"oops, some text " * 200, [("Content-Type", "text/plain")]
            )
            origin.routes["/large"] = lambda wire, _: wire.reply(200, random.randbytes(300 * KIB))
            with Weir(upstream_map({"a.test": origin.port}), ["--store", cls.whole]) as weir:
                for i in range(12):
                    curl_status(weir, "http://a.test/text?number=%d" % i)
                    urllib_open(weir, "http://a.test/large").read()
                    curl_status(weir, "http://gone.test/")
                eventually(lambda: status(weir)["store"]["stored"] == 36)
                with connect(cls.whole) as db:
                    upto = "SELECT value FROM meta WHERE key = 'fts_upto'"
                    eventually(lambda: db.execute(upto).fetchone() == (36,))

    def copy(self):
        path = os.path.join(self.folder, "copy.db")
        for name in os.listdir(self.folder):
            if name.startswith("copy.db"):
                os.unlink(os.path.join(self.folder, name))
        shutil.copy(self.whole, path)
        return path

    def changed(self, *statements):
        """A copy, changed by SQL."""
        path = self.copy()
        with connect(path) as db:
            for sql in statements:
                db.execute(sql)
        return path

    def read_all(self, path):
        answers = [
            read(path, "log", "-n", "0", "--json"),
            read(path, "log", "body:oops"),
            read(path, "show", "@3", "-v"),
        ]
        return answers

    def used_by_weir(self, path, origin):
        """weir takes it, or a new one in its place, or does not start and says why."""
        weir = Weir(upstream_map({"a.test": origin.port}), ["--store", path])
        weir.start()
        try:
            self.assertEqual(curl_status(weir, "http://a.test/")[0], 200)
            eventually(lambda: status(weir)["store"]["stored"] == 1, "that it is stored")
        finally:
            weir.stop()
            weir.process.stderr.close()
            shutil.rmtree(weir.folder, True)


class Damaged(Recorded):
    def damage(self, path, rng):
        """Bytes anywhere, or in what stands in the rows."""
        kind = rng.randrange(4)
        if kind == 0:
            with connect(path) as db:
                for number in range(1, 37):
                    sql = "SELECT record FROM records WHERE number = ?"
                    record = bytearray(db.execute(sql, (number,)).fetchone()[0])
                    for _ in range(rng.randint(1, 4)):
                        record[rng.randrange(len(record))] = rng.randrange(256)
                    sql = "UPDATE records SET record = ? WHERE number = ?"
                    db.execute(sql, (bytes(record), number))
            return
        size = os.path.getsize(path)
        with open(path, "r+b") as file:
            if kind == 1:
                file.truncate(rng.randrange(size))
                return
            for _ in range(rng.choice((1, 8, 64))):
                at = rng.randrange(size) if kind == 2 else rng.randrange(size // 4096) * 4096
                file.seek(at + (0 if kind == 2 else rng.randrange(16)))
                file.write(bytes([rng.randrange(256)]))

    def test_a_damaged_store_is_read_as_far_as_it_goes(self):
        for i in range(ROUNDS or 12):
            with self.subTest(round=i):
                path = self.copy()
                self.damage(path, random.Random(SEED * 1000 + i))
                self.read_all(path)

    def test_weir_runs_on_a_damaged_store_or_says_why_not(self):
        with Origin() as origin:
            for i in range(ROUNDS or 5):
                path = self.copy()
                self.damage(path, random.Random(SEED * 2000 + i))
                with self.subTest(round=i):
                    self.try_to_use(path, origin)

    def try_to_use(self, path, origin):
        try:
            self.used_by_weir(path, origin)
        except AssertionError as error:
            if "no store of weir's" not in str(error) and "made by a newer" not in str(error):
                raise
        for name in os.listdir(self.folder):
            if ".corrupt-" in name:
                os.unlink(os.path.join(self.folder, name))

    def test_a_table_that_is_damaged_is_found_at_the_beginning(self):
        for sql in (
            "DELETE FROM meta",
            "DROP TABLE gaps",
            "UPDATE meta SET value = 9223372036854775807 WHERE key = 'last_number'",
            "UPDATE meta SET value = -7 WHERE key = 'flows'",
        ):
            with self.subTest(sql), Origin() as origin:
                self.used_by_weir(self.changed(sql), origin)

    def test_numbers_go_on_behind_the_highest(self):
        path = self.changed("UPDATE meta SET value = 3 WHERE key = 'last_number'")
        with Origin() as origin:
            self.used_by_weir(path, origin)
        with connect(path) as db:
            self.assertEqual(db.execute("SELECT max(number) FROM flows").fetchone(), (37,))

    def test_without_its_index_a_store_is_searched_all_the_same(self):
        found = read(self.whole, "log", "-n", "0", "body:oops")
        self.assertEqual(found[1].count(b"/text"), 12)
        path = self.changed("UPDATE fts_0_data SET block = x'00112233445566778899'")
        self.assertEqual(read(path, "log", "-n", "0", "body:oops"), found)
        with Origin() as origin:  # and it goes out of use
            self.used_by_weir(path, origin)
        self.assertEqual(read(path, "log", "-n", "0", "body:oops")[1].count(b"/text"), 12)


class Hostile(Recorded):
    def test_a_view_in_the_place_of_a_table_does_not_run(self):
        path = self.changed(
            "ALTER TABLE flows RENAME TO other",
            "CREATE VIEW flows AS WITH RECURSIVE n(number) AS"
            " (SELECT 1 UNION ALL SELECT number FROM n) SELECT * FROM n, other",
        )
        for code, _, said in self.read_all(path):
            self.assertEqual(code, 1, said)

    def test_a_trigger_does_not_run(self):
        path = self.changed(
            "CREATE TRIGGER t AFTER INSERT ON flows BEGIN DELETE FROM records; END"
        )
        with Origin() as origin:
            self.used_by_weir(path, origin)
        with connect(path) as db:
            self.assertEqual(db.execute("SELECT count(*) FROM records").fetchone(), (37,))

    def test_lengths_that_are_lies_cost_one_body_or_one_flow(self):
        path = self.changed(
            "UPDATE bodies SET bytes = 200000000",
            "UPDATE records SET record = zeroblob(100000000) WHERE number = 1",
        )
        code, out, _ = read(path, "log", "-n", "0", "--format", "har")
        self.assertEqual(code, 0)
        self.assertEqual(out.count(b'"startedDateTime"'), 35)

    def test_what_is_no_plain_file_is_not_waited_for(self):
        path = os.path.join(self.folder, "pipe")
        os.mkfifo(path)
        for what in (path, self.folder, "/dev/zero"):
            code, _, said = read(what, "log")
            self.assertEqual(code, 1)
            self.assertRegex(said, "no plain file|no store of flows")

    def test_links_are_not_followed(self):
        victim = os.path.join(self.folder, "victim")
        with open(victim, "w") as file:
            file.write("precious")
        path = self.copy()
        os.symlink(victim, path + ".lock")
        code, _, said = read(path, "gc")
        self.assertEqual(code, 1)
        self.assertIn(".lock", said)
        with open(victim) as file:
            self.assertEqual(file.read(), "precious")

    def test_a_file_of_somebody_else_keeps_its_mode(self):
        path = os.path.join(self.folder, "notes.txt")
        with open(path, "w") as file:
            file.write("my notes")
        os.chmod(path, 0o644)
        self.assertEqual(read(path, "gc")[0], 1)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o644)
