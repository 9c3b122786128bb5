"""The lints themselves: each must see what it is for, and leave good code alone."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))


class LintTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name

    def write(self, path, text):
        path = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def run_lint(self, name, *arguments):
        call = [sys.executable, "-B", os.path.join(HERE, "lint_%s.py" % name), *arguments]
        return subprocess.run(call, capture_output=True, text=True)

    def complaint(self, name, path, text):
        """What the lint says of a tree with this one file."""
        self.write(path, text)
        done = self.run_lint(name, "--root", self.root)
        os.remove(os.path.join(self.root, path))
        self.assertEqual(done.stderr, "")
        self.assertEqual(done.returncode, 1 if done.stdout else 0)
        return done.stdout

    def assert_complains(self, name, path, text, word):
        self.assertIn(word, self.complaint(name, path, text))

    def assert_content(self, name, path, text):
        self.assertEqual(self.complaint(name, path, text), "")


class Docs(LintTest):
    SUITE = "tests/e2e/test_faults.py"
    TESTS = "class Slow(unittest.TestCase):\n    def test_a(self):\n        pass\n"

    def test_the_page_of_tests_names_what_exists(self):
        self.write(self.SUITE, self.TESTS)
        self.assert_content("docs", "docs/testing.md", "`test_faults.Slow` in `tests/e2e/`\n")
        self.assert_complains("docs", "docs/testing.md", "nothing\n", "test_faults.Slow")
        page = "`test_faults.Slow` and `test_faults.Gone`\n"
        self.assert_complains("docs", "docs/testing.md", page, "there is no test_faults.Gone")
        page = "`test_faults.Slow` and `tests/gone/`\n"
        self.assert_complains("docs", "docs/testing.md", page, "there is no tests/gone/")


class Tables(LintTest):
    PAGE = "# Rules\n<!-- rows: verbs -->\n%s\n<!-- end -->\nmore\n"

    def setUp(self):
        super().setUp()
        self.tool = os.path.join(self.root, "tool")
        self.write("tool", "#!/bin/sh\nprintf '<!-- rows: verbs -->\\nnew\\n<!-- end -->\\n'\n")
        os.chmod(self.tool, 0o755)

    def result(self, page, *arguments):
        self.write("docs/rules.md", page)
        done = self.run_lint("tables", *arguments, self.tool, self.root)
        self.assertEqual((done.stderr, done.returncode), ("", 1 if "docs/rules.md: " in done.stdout else 0))
        return done.stdout

    def test_a_table_that_is_not_of_the_rows_is_seen(self):
        self.assertEqual(self.result(self.PAGE % "new"), "")
        self.assertIn("the table 'verbs' is not what the rows say", self.result(self.PAGE % "old"))
        self.assertIn("it has the table 'verbs' 0 times", self.result("# Rules\n"))

    def test_a_page_is_written_anew(self):
        self.result(self.PAGE % "old", "--write")
        with open(os.path.join(self.root, "docs/rules.md"), encoding="utf-8") as file:
            self.assertEqual(file.read(), self.PAGE % "new")


class Floors(LintTest):
    def test_third_party_headers_stay_in_their_folder(self):
        for header, home, other in (
            ("yaml.h", "config", "rules"),
            ("openssl/ssl.h", "tls", "http"),
            ("pcre2.h", "rules", "http"),
            ("uv.h", "proxy/loop", "proxy/core"),
            ("zlib.h", "http", "logs"),
            ("jansson.h", "cli", "http"),
        ):
            self.assert_content("floors", home + "/a.c", "#include <%s>\n" % header)
            self.assert_complains("floors", other + "/a.c", "# include <%s>\n" % header, header)

    def test_nothing_is_included_by_way_of_the_parent(self):
        self.assert_complains("floors", "http/a.c", '#include "../base/buf.h"\n', "by way of")
        self.assert_complains("floors", "tests/unit/a.c", '#include "../a.h"\n', "by way of")

    def test_quiet_floors_touch_no_socket_clock_or_thread(self):
        for call in ("connect(fd, a, b);", "x = clock_gettime (c, &t);", "y = time(NULL);"):
            self.assert_complains("floors", "proxy/core/a.c", "void f(void) { %s }\n" % call, "must")
            self.assert_content("floors", "proxy/loop/a.c", "void f(void) { %s }\n" % call)
        self.assert_complains("floors", "http/a.c", "#include <pthread.h>\n", "pthread.h")
        self.assert_content("floors", "tls/a.c", "#include <pthread.h>\n")

    def test_members_parts_of_names_comments_and_texts_are_no_calls(self):
        text = "void f(void) { s->connect(1); s.open(2); job_time(3); g(\"time(x)\"); } /* open(x) */\n"
        self.assert_content("floors", "proxy/core/a.c", text)

    def test_files_are_opened_in_their_places_only(self):
        text = 'void f(void) { fopen("a", "b"); }\n'
        for path in ("tls/ca.c", "logs/flow.c", "rules/ruleset.c"):
            self.assert_complains("floors", path, text, "fopen")
        for path in ("tls/ca_file.c", "logs/sink_jsonl.c", "logs/query_file.c", "cli/run.c"):
            self.assert_content("floors", path, text)

    def test_banned_functions_are_seen(self):
        self.assert_complains("floors", "cli/a.c", "void f(void) { strcpy(a, b); }\n", "strcpy")


class Sizes(LintTest):
    def function(self, lines):
        return "int f(void)\n{\n" + "    g();\n" * (lines - 3) + "}\n"

    def test_a_function_has_ninety_lines_at_most(self):
        self.assert_content("sizes", "http/a.c", "int x;\n" + self.function(90))
        self.assert_complains("sizes", "http/a.c", "int x;\n" + self.function(91), "a.c:2")

    def test_a_long_table_is_no_function(self):
        self.assert_content("sizes", "http/a.c", "int t[] = {\n" + "    1,\n" * 200 + "};\n")
        self.assert_content("sizes", "http/a.c", "struct s {\n" + "    int a;\n" * 200 + "};\n")

    def test_braces_in_texts_and_macros_do_not_confuse(self):
        text = '#define OPEN {\nint f(void)\n{\n    g("{", \'{\'); /* { */\n}\n' + self.function(91)
        self.assert_complains("sizes", "http/a.c", text, "a.c:6")

    def test_a_file_has_nine_hundred_lines_at_most(self):
        self.assert_content("sizes", "http/a.c", "int x;\n" * 900)
        self.assert_complains("sizes", "http/a.c", "int x;\n" * 901, "901 lines")


class Words(LintTest):
    def test_unfinished_work_is_seen(self):
        for word in ("TODO", "FIXME", "XXX", "HACK", "not implemented", "Not yet implemented"):
            self.assert_complains("words", "http/a.c", "/* %s */\n" % word, word)
        self.assert_complains("words", "docs/a.md", "FIXME\n", "FIXME")

    def test_other_words_are_left_alone(self):
        self.assert_content("words", "http/a.c", 'char t[] = "a-XXXXXX"; /* no hack, a todo list: 501 Not Implemented */\n')


class Format(LintTest):
    def test_a_badly_formatted_file_is_seen(self):
        self.write(".clang-format", "BasedOnStyle: LLVM\n")
        self.write("http/a.c", "int f( void ){return 1;}\n")
        done = self.run_lint("format", "--root", self.root)
        if done.returncode == 77:
            self.skipTest(done.stdout)
        self.assertEqual(done.returncode, 1)
        self.write("http/a.c", "int f(void) { return 1; }\n")
        self.assertEqual(self.run_lint("format", "--root", self.root).returncode, 0)


class Compiled(LintTest):
    """The lints that look at a build folder."""

    def setUp(self):
        super().setUp()
        self.build = os.path.join(self.root, "build")
        for floor in ("base", "http", "rules"):
            self.write(floor + "/a.h", "int %s_a(void);\n" % floor)
            self.write(floor + "/a.c", "int %s_a(void);\nint %s_a(void)\n{\n    return 1;\n}\n" % (floor, floor))
        self.see = {"base": ["base"], "http": ["base", "http"], "rules": ["base", "http", "rules"]}

    def configure(self):
        commands = []
        for floor, seen in self.see.items():
            for other in seen:
                folder = os.path.join(self.build, "include", other)
                os.makedirs(folder, exist_ok=True)
                link = os.path.join(folder, other)
                if not os.path.exists(link):
                    os.symlink(os.path.join(self.root, other), link)
            flags = " ".join("-I%s/include/%s" % (self.build, o) for o in seen)
            file = os.path.join(self.root, floor, "a.c")
            call = "cc %s -o a.o -c %s" % (flags, file)
            commands.append({"directory": self.build, "command": call, "file": file})
        self.write("build/compile_commands.json", json.dumps(commands))

    def assert_result(self, name, code, word=""):
        self.configure()
        done = self.run_lint(name, self.root, self.build)
        if done.returncode == 77:
            self.skipTest(done.stdout)
        self.assertEqual((done.stderr, done.returncode), ("", code), done.stdout)
        self.assertIn(word, done.stdout)

    def test_a_floor_that_sees_no_other_is_fine(self):
        self.assert_result("includes", 0)

    def test_a_floor_that_can_include_a_higher_one_is_seen(self):
        self.see["http"].append("rules")
        self.assert_result("includes", 1, "http/ can include")

    def test_a_header_that_needs_another_before_it_is_seen(self):
        self.write("http/b.h", "void http_b(uint8_t *ptr);\n")
        self.assert_result("includes", 1, "http/b.h does not compile alone")

    def test_clang_tidy_is_asked_again_after_a_change_only(self):
        self.write(".clang-tidy", "Checks: '-*,bugprone-*'\nWarningsAsErrors: '*'\n")
        self.assert_result("tidy", 0)
        self.assertEqual(len(os.listdir(os.path.join(self.build, "lint_tidy"))), 3)
        self.write("http/a.h", "static inline int http_b(int x) { if (x); return x; }\n")
        self.write("http/a.c", '#include "http/a.h"\nint http_a(int x)\n{\n    if (x);\n        return 1;\n    return 0;\n}\n')
        self.assert_result("tidy", 1, "bugprone")


if __name__ == "__main__":
    unittest.main()
