"""Certificates of all kinds, good and bad, made by the openssl command: what TestPki of pki.py
makes too well for some tests."""

import os
import ssl

from pki import NEW_KEY, openssl, stamp
from weirtest import run

CONFIG = """
[ca]
default_ca = bad
[bad]
database = {index}
new_certs_dir = {folder}
rand_serial = yes
default_md = {digest}
policy = anything
unique_subject = no
[anything]
commonName = supplied
[extensions]
{extensions}
"""
RSA = ["-newkey", "rsa:{bits}", "-nodes"]
ROOT = {"basicConstraints": "critical,CA:TRUE", "keyUsage": "critical,keyCertSign,cRLSign"}
LEAF = {
    "basicConstraints": "critical,CA:FALSE",
    "keyUsage": "critical,digitalSignature",
    "extendedKeyUsage": "serverAuth",
}
KEY_IDS = {"subjectKeyIdentifier": "hash", "authorityKeyIdentifier": "keyid"}


class Issued:
    """A certificate, its key, and the certificates between it and the root."""

    def __init__(self, cert, key, between=()):
        self.cert, self.key, self.between = cert, key, list(between)

    def chain(self):
        """What an origin sends: this one, then those above it, without the root."""
        return [self, *self.between]


class Issuer:
    """Makes certificates in a folder of the caller's."""

    def __init__(self, folder):
        self.folder = folder
        self.count = 0

    def _paths(self):
        self.count += 1
        base = os.path.join(self.folder, "c%d" % self.count)
        return [base + end for end in (".pem", ".key", ".csr", ".cnf", ".index")]

    def issue(self, subject, extensions, by=None, days=(-1, 30), bits=0, digest="sha256"):
        """A certificate with these extensions, signed by `by` (else by itself)."""
        cert, key, request, config, index = self._paths()
        new_key = [part.format(bits=bits) for part in RSA] if bits else NEW_KEY
        subject = "/CN=" + subject
        openssl("req", "-new", *new_key, "-keyout", key, "-out", request, "-subj", subject)
        lines = "\n".join("%s = %s" % pair for pair in extensions.items())
        with open(config, "w") as file:
            file.write(
                CONFIG.format(index=index, folder=self.folder, digest=digest, extensions=lines)
            )
        open(index, "w").close()
        dates = ["-startdate", stamp(days[0]), "-enddate", stamp(days[1])]
        signer = ["-cert", by.cert, "-keyfile", by.key] if by else ["-selfsign", "-keyfile", key]
        openssl(
            *["ca", "-batch", "-notext", "-config", config, "-extensions", "extensions"],
            *[*signer, "-in", request, "-out", cert, *dates],
        )
        return Issued(cert, key)

    def root(self, name, **more):
        return self.issue(name, {**ROOT, "subjectKeyIdentifier": "hash"}, **more)

    def between(self, name, by, changes=None, **more):
        """An intermediate authority; a change to None takes the extension out."""
        extensions = {**ROOT, **KEY_IDS, **(changes or {})}
        extensions = {k: v for k, v in extensions.items() if v is not None}
        made = self.issue(name, extensions, by=by, **more)
        made.between = by.chain()
        return made

    def leaf(self, host, by, changes=None, **more):
        """A leaf for the host, as good as can be but for the changes."""
        extensions = {**LEAF, **KEY_IDS, "subjectAltName": "DNS:" + host, **(changes or {})}
        extensions = {k: v for k, v in extensions.items() if v is not None}
        made = self.issue(host[:60], extensions, by=by, **more)
        made.between = by.chain() if by else []
        return made

    def tampered(self, good):
        """The same certificate with one bit of its signature changed."""
        der = bytearray(openssl("x509", "-in", good.cert, "-outform", "DER"))
        der[-5] ^= 1
        path = good.cert + ".tampered"
        with open(path, "w") as file:
            file.write(ssl.DER_cert_to_PEM_cert(bytes(der)))
        return Issued(path, good.key, good.between)


def server_context(issued, send_root=False, without=0):
    """An SSLContext that shows the chain; it takes keys of any weakness."""
    chain = issued.chain()
    if not send_root:
        chain = [c for c in chain if not is_root(c)] or chain[:1]
    chain = chain[: len(chain) - without]
    path = issued.cert + ".chain"
    with open(path, "w") as file:
        for each in chain:
            with open(each.cert) as part:
                file.write(part.read())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.load_cert_chain(path, issued.key)
    return context


def is_root(issued):
    return not issued.between and not os.path.basename(issued.cert).endswith(".tampered")


def san_with_nul(before, after):
    """A subjectAltName whose name goes on behind a NUL, as DER: C programs saw the first part."""
    name = before.encode() + b"\x00" + after.encode()
    inner = bytes([0x82, len(name)]) + name
    der = bytes([0x30, len(inner)]) + inner
    return "DER:" + ":".join("%02X" % byte for byte in der)


def verify_strictly(ca, leaves):
    """The output of openssl's strictest verification of all these files, and its code."""
    done = run(
        *["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", ca], *leaves
    )
    return done.code, done.out.decode() + done.err
