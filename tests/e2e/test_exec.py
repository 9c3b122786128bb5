"""`weir exec`: real clients that know nothing of weir but the variables set for them."""

import json
import os
import shutil
import subprocess
import unittest

from weirtest import SANITIZER, Nginx, Origin, TestPki, TlsOrigin, Weir, run, upstream_map

NODE = """
const http = require('http'), https = require('https');
const body = (res) => new Promise((done) => {
    let text = ''; res.on('data', (d) => { text += d; }); res.on('end', () => done(text));
});
const get = (from, url) => new Promise((done, fail) => from.get(url, (r) => body(r).then(done)).on('error', fail));
(async () => {
    console.log(await get(http, 'http://origin.test/node-http'));
    console.log(await get(https, 'https://origin.test/node-https'));
    console.log(await (await fetch('https://origin.test/node-fetch')).text());
})().catch((e) => { console.error(e); process.exit(9); });
"""

PYTHON = """
import urllib.request
for url in ('http://origin.test/python-http', 'https://origin.test/python-https'):
    print(urllib.request.urlopen(url).read().decode())
"""


class Exec(unittest.TestCase):
    def setUp(self):
        # A weir that is not started gives the folders and the file.
        self.home = Weir()
        self.addCleanup(shutil.rmtree, self.home.folder, ignore_errors=True)
        pki = TestPki(self.home.folder)
        self.origin = self.enterContext(Origin())
        self.secure = self.enterContext(TlsOrigin(pki.leaf("origin.test").server_context()))
        self.pki = pki
        self.write({"origin.test:80": self.origin.port, "origin.test:443": self.secure.port})

    def write(self, targets):
        self.home.write_yaml(upstream_map(targets) + "tls: { upstream_ca: '%s' }\n" % self.pki.ca)

    def exec(self, *command, args=(), env=None):
        done = subprocess.run(
            [self.home.program, "exec", "-c", self.home.yaml_path, "--jsonl", self.home.jsonl_path,
             *args, "--", *command],
            env={**self.home.env, **(env or {})}, cwd=self.home.folder, stdin=subprocess.DEVNULL,
            capture_output=True, timeout=120)
        err = done.stderr.decode()
        self.assertIsNone(SANITIZER.search(err), err)
        return done.returncode, done.stdout.decode(), err

    def urls(self):
        return [f["url"] for f in self.home.ended_flows(kind="http")]

    def test_shows_curl_by_variables_alone(self):
        code, out, err = self.exec("curl", "-sS", "http://origin.test/a", "https://origin.test/b")
        self.assertEqual((code, out), (0, "GET /aGET /b"), err)
        self.assertEqual(self.urls(), ["http://origin.test/a", "https://origin.test/b"])
        self.assertIn("origin.test/b", err)

    def test_shows_python(self):
        code, out, err = self.exec("/usr/bin/python3", "-c", PYTHON)
        self.assertEqual((code, out), (0, "GET /python-http\nGET /python-https\n"), err)

    def test_shows_wget(self):
        code, out, err = self.exec("wget", "-q", "-O", "-", "https://origin.test/w")
        self.assertEqual((code, out), (0, "GET /w"), err)

    def test_shows_git(self):
        nginx = self.enterContext(Nginx(self.pki.leaf("git.test")))
        self.write({"git.test:443": nginx.tls_port})
        work = self.home.path("work")
        git = ["git", "-c", "user.name=a", "-c", "user.email=a@a.test", "-C", work]
        run("git", "init", "-q", work)
        run(*git, "commit", "-q", "--allow-empty", "-m", "one")
        run(*git, "update-server-info")
        for folder, _, names in os.walk(os.path.join(work, ".git")):
            for name in names:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    nginx.write("repo.git/" + os.path.relpath(path, os.path.join(work, ".git")),
                                file.read())
        code, _, err = self.exec("git", "clone", "-q", "https://git.test/repo.git",
                                 self.home.path("clone"))
        self.assertEqual(code, 0, err)
        self.assertTrue(os.path.exists(self.home.path("clone", ".git")))
        self.assertIn("https://git.test/repo.git/info/refs?service=git-upload-pack", self.urls())

    def test_shows_node_with_its_http_https_and_fetch(self):
        code, out, err = self.exec("/usr/bin/node", "-e", NODE)
        self.assertEqual((code, out), (0, "GET /node-http\nGET /node-https\nGET /node-fetch\n"), err)
        self.assertEqual(len(self.urls()), 3)

    def test_leaves_node_alone_without_hooks(self):
        code, out, _ = self.exec("/bin/sh", "-c", "echo ${NODE_OPTIONS-unset}", args=["--no-hooks"])
        self.assertEqual((code, out), (0, "unset\n"))
        code, out, _ = self.exec("/bin/sh", "-c", "echo ${NODE_OPTIONS-unset}")
        self.assertIn("--require", out)

    def test_returns_the_codes_of_shells(self):
        self.assertEqual(self.exec("/bin/sh", "-c", "exit 7")[0], 7)
        self.assertEqual(self.exec("/no/such/program")[0], 127)
        self.assertEqual(self.exec("/etc/passwd")[0], 126)
        self.assertEqual(self.exec("/bin/sh", "-c", "kill -INT $$")[0], 130)

    def test_the_command_owns_standard_output(self):
        code, out, err = self.exec("/bin/sh", "-c", "curl -s https://origin.test/x; echo done")
        self.assertEqual((code, out), (0, "GET /xdone\n"))
        self.assertRegex(err, r"200 +GET +origin\.test/x")

    def test_leaves_nothing_behind(self):
        code, out, _ = self.exec("/bin/sh", "-c", "echo $CURL_CA_BUNDLE")
        self.assertEqual(code, 0)
        self.assertTrue(out.strip())
        self.assertFalse(os.path.exists(out.strip()))


if __name__ == "__main__":
    unittest.main()
