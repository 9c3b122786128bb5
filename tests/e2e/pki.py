"""Certificates for the origins of the tests, made by openssl."""

import datetime
import ipaddress
import os
import ssl
import subprocess

CONFIG = """
[ca]
default_ca = tests
[tests]
database = {folder}/{name}.index
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
policy = anything
unique_subject = no
[anything]
commonName = supplied
[leaf]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth,clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = {names}
"""
NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


def openssl(*args, stdin=b""):
    run = subprocess.run(["openssl", *args], input=stdin, capture_output=True, timeout=30)
    if run.returncode != 0:
        raise RuntimeError("openssl %s: %s" % (args[0], run.stderr.decode(errors="replace")))
    return run.stdout


def alt_name(name):
    try:
        ipaddress.ip_address(name)
        return "IP:" + name
    except ValueError:
        return "DNS:" + name


def stamp(days):
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
    return when.strftime("%Y%m%d%H%M%SZ")


class Certificate:
    def __init__(self, cert, key):
        self.cert, self.key = cert, key

    def server_context(self, client_ca=None, versions=None):
        """An SSLContext of a server; with `client_ca` it demands a client certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, self.key)
        if client_ca:
            context.load_verify_locations(client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        if versions:
            context.minimum_version, context.maximum_version = versions
        return context

    def der(self):
        return openssl("x509", "-in", self.cert, "-outform", "DER")


class TestPki:
    """A CA in a folder of the caller's, and what it signs."""

    __test__ = False  # a name, not a test case

    def __init__(self, folder):
        self.folder = folder
        self.count = 0
        self.authority = self._authority("ca")
        self.ca = self.authority.cert

    def _path(self, name):
        return os.path.join(self.folder, name)

    def _authority(self, name):
        cert, key = self._path(name + ".pem"), self._path(name + ".key")
        openssl(
            "req",
            "-x509",
            *NEW_KEY,
            "-keyout",
            key,
            "-out",
            cert,
            "-days",
            "30",
            "-subj",
            "/CN=weir tests " + name,
            "-addext",
            "keyUsage=critical,keyCertSign,cRLSign"
        )
        return Certificate(cert, key)

    def other_authority(self):
        """A CA that nobody trusts."""
        self.count += 1
        return self._authority("other%d" % self.count)

    def leaf(self, *names, days=(-1, 30), authority=None):
        """A leaf for DNS names and addresses, valid for days (from, to) around now."""
        authority = authority or self.authority
        self.count += 1
        name = "leaf%d" % self.count
        cert, key = self._path(name + ".pem"), self._path(name + ".key")
        request, config = self._path(name + ".csr"), self._path(name + ".cnf")
        openssl("req", "-new", *NEW_KEY, "-keyout", key, "-out", request, "-subj", "/CN=" + name)
        with open(config, "w") as file:
            file.write(
                CONFIG.format(
                    folder=self.folder, name=name, names=",".join(alt_name(n) for n in names)
                )
            )
        open(self._path(name + ".index"), "w").close()
        openssl(
            "ca",
            "-batch",
            "-notext",
            "-config",
            config,
            "-extensions",
            "leaf",
            "-cert",
            authority.cert,
            "-keyfile",
            authority.key,
            "-in",
            request,
            "-out",
            cert,
            "-startdate",
            stamp(days[0]),
            "-enddate",
            stamp(days[1]),
        )
        return Certificate(cert, key)

    def expired(self, *names):
        return self.leaf(*names, days=(-30, -2))

    def not_yet(self, *names):
        return self.leaf(*names, days=(2, 30))

    def untrusted(self, *names):
        return self.leaf(*names, authority=self.other_authority())

    def self_signed(self, *names):
        self.count += 1
        cert, key = self._path("self%d.pem" % self.count), self._path("self%d.key" % self.count)
        openssl(
            "req",
            "-x509",
            *NEW_KEY,
            "-keyout",
            key,
            "-out",
            cert,
            "-days",
            "30",
            "-subj",
            "/CN=" + names[0],
            "-addext",
            "subjectAltName=" + ",".join(alt_name(n) for n in names)
        )
        return Certificate(cert, key)
