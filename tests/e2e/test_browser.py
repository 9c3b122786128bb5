"""A real browser: headless Chromium, its proxy set, the CA trusted by `weir trust`."""

import os
import shutil
import unittest

from weirtest import Nginx, TestPki, Weir, eventually, run, upstream_map

SUBRESOURCES = 50
GIF = bytes.fromhex("47494638396101000100800000ffffff00000021f90400000000002c000000000100010000024401003b")
PAGE = "https://origin.test/page/index.html"
SWITCHES = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--disable-features=OptimizationHints,MediaRouter")


def chromium():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if shutil.which(name):
            return name
    raise AssertionError("there is no Chromium: run scripts/bootstrap --tests")


def write_page(nginx):
    parts = []
    for at in range(SUBRESOURCES):
        kind = at % 3
        if kind == 0:
            nginx.write("page/s%d.css" % at, b"h1 { color: green }")
            parts.append('<link rel="stylesheet" href="s%d.css">' % at)
        elif kind == 1:
            nginx.write("page/j%d.js" % at, b"window.loaded = (window.loaded || 0) + 1;")
            parts.append('<script src="j%d.js"></script>' % at)
        else:
            nginx.write("page/i%d.gif" % at, GIF)
            parts.append('<img src="i%d.gif" onload="window.images = (window.images || 0) + 1">' % at)
    end = "<script>onload = () => { document.title = window.loaded + '+' + window.images; }</script>"
    nginx.write("page/index.html", ("<!doctype html><title>no</title>" + "".join(parts) + end).encode())


class Browser(unittest.TestCase):
    def setUp(self):
        folder = os.path.join("/tmp", "weir-browser-%d" % os.getpid())
        os.makedirs(folder)
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        self.profile = os.path.join(folder, "profile")
        pki = TestPki(folder)
        self.nginx = self.enterContext(Nginx(pki.leaf("origin.test")))
        write_page(self.nginx)
        self.weir = self.enterContext(Weir(
            upstream_map({"origin.test:443": self.nginx.tls_port})
            + "tls: { upstream_ca: '%s' }\n" % pki.ca))

    def open_page(self):
        return run(chromium(), *SWITCHES, "--user-data-dir=" + self.profile,
                   "--proxy-server=" + self.weir.url, "--virtual-time-budget=20000", "--dump-dom",
                   PAGE, env=self.weir.env, timeout=120)

    def trust(self, verb):
        env = {"TRUST_STORES": "nss"}
        done = run(self.weir.program, verb, env={**self.weir.env, **env})
        self.assertEqual(done.code, 0, done.err)

    def test_loads_a_page_with_fifty_subresources_all_decrypted(self):
        store = self.weir.path(".pki", "nssdb")
        os.makedirs(store)
        self.assertEqual(run("certutil", "-N", "-d", "sql:" + store, "--empty-password").code, 0)
        self.trust("trust")
        page = self.open_page()
        self.assertIn(b"<title>17+16</title>", page.out, page.err[-2000:])

        def flows():
            return [f for f in self.weir.ended_flows(kind="http")
                    if f["url"].startswith("https://origin.test/page/")]

        eventually(lambda: len(flows()) >= SUBRESOURCES + 1, "the flows of the page")
        self.assertEqual({f["status_code"] for f in flows()}, {200})
        self.assertEqual(len({f["url"] for f in flows()}), SUBRESOURCES + 1)

        self.trust("untrust")
        listed = run("certutil", "-L", "-d", "sql:" + store)
        self.assertNotIn(b"weir", listed.out)

    def test_says_what_to_do_when_the_browser_does_not_trust_the_ca(self):
        self.open_page()
        flow = self.weir.flow(kind="refused", reason="client_rejected_ca")
        self.assertIn("weir trust", flow["error"])


if __name__ == "__main__":
    unittest.main()
