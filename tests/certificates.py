"""A certificate authority of the tests' own, made by `openssl`: for a server on 127.0.0.1.

Called by `tests/servers.py` and by tests that want an authority that nobody trusts.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
_SERVER = "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n"


class Authority:
    """Signs certificates; everything is in files, as servers and clients want it."""

    def __init__(self, directory: Path) -> None:
        """Make an authority whose files are in `directory`."""
        self._directory = directory
        self.certificate = directory / "authority.pem"
        usage = ("-addext", "keyUsage=critical,keyCertSign,cRLSign")
        named = ("-subj", "/CN=an authority of the tests", "-days", "2")
        self._openssl(
            "req", "-x509", *_NEW_KEY, *named, *usage, "-keyout", "authority.key", "-out", self.certificate
        )

    def server(self) -> tuple[Path, Path]:
        """Give the certificate of a server on 127.0.0.1 and nowhere else, and its key."""
        certificate, key = self._directory / "server.pem", self._directory / "server.key"
        (self._directory / "server.ext").write_text(_SERVER)
        self._openssl(
            "req", *_NEW_KEY, "-subj", "/CN=a server of the tests", "-keyout", key, "-out", "server.csr"
        )
        by = ("-CA", self.certificate, "-CAkey", "authority.key", "-CAcreateserial", "-days", "2")
        self._openssl("x509", "-req", "-in", "server.csr", *by, "-extfile", "server.ext", "-out", certificate)
        return certificate, key

    def _openssl(self, *words: str | Path) -> None:
        subprocess.run(["openssl", *map(str, words)], cwd=self._directory, capture_output=True, check=True)
