"""Stock HTTPS clients at a node: the openssl and curl programs and Python's ssl, all with their usual host name check
and this party's root as only anchor. The TLS certificate names the host of `url`, and follows it when it changes."""

import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time

from saphan_nodes import Folder, main


def keys(node, name):
    return os.path.join(node.home, "keys", name)


def python_sees(client, node, name, address="127.0.0.1"):
    """None when Python's ssl takes the node under this name, or why not."""
    context = ssl.create_default_context(cafile=keys(node, "root.cert"))
    context.load_cert_chain(keys(client, "tls.cert"), keys(client, "tls.key"))
    try:
        with socket.create_connection((address, node.port), 10) as plain:
            with context.wrap_socket(plain, server_hostname=name) as connection:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % node.port)
                return None if connection.recv(9) == b"HTTP/1.1 " else "no answer"
    except (ssl.SSLError, OSError) as e:
        return str(e)


def curl_sees(client, node, name):
    """(exit code, HTTP status) of curl for https://NAME:port/as4."""
    done = subprocess.run(["curl", "--silent", "--noproxy", "*", "--output", "/dev/null", "--write-out", "%{http_code}",
                           "--resolve", f"{name}:{node.port}:127.0.0.1", "--cacert", keys(node, "root.cert"),
                           "--cert", keys(client, "tls.cert"), "--key", keys(client, "tls.key"),
                           f"https://{name}:{node.port}/as4"], capture_output=True, text=True, timeout=30)
    return done.returncode, done.stdout


def openssl_judges(node, *check):
    return subprocess.run(["openssl", "verify", "-x509_strict", "-no-CApath", "-no-CAstore", "-CAfile",
                           keys(node, "root.cert"), "-purpose", "sslserver", *check, keys(node, "tls.cert")],
                          capture_output=True, timeout=30).returncode


def has_curl():
    return shutil.which("curl") is not None


def under_its_address(report, a, b):
    report.check("python_takes_the_node_by_its_address", python_sees(a, b, "127.0.0.1") is None,
                 python_sees(a, b, "127.0.0.1"))
    report.check("python_refuses_another_name", "mismatch" in str(python_sees(a, b, "localhost")),
                 python_sees(a, b, "localhost"))
    report.check("python_refuses_another_party", "mismatch" in str(python_sees(a, b, a.party)),
                 python_sees(a, b, a.party))
    report.check("openssl_takes_the_address", openssl_judges(b, "-verify_ip", "127.0.0.1") == 0, "refused")
    report.check("openssl_refuses_another_address", openssl_judges(b, "-verify_ip", "127.0.0.2") != 0, "taken")
    if not has_curl():
        report.skip("curl_takes_the_node_by_its_address", "no curl program here")
        return
    code, status = curl_sees(a, b, "127.0.0.1")
    report.check("curl_takes_the_node_by_its_address", code == 0 and status == "405", f"exit {code}, HTTP {status}")
    code, _ = curl_sees(a, b, "localhost")
    report.check("curl_refuses_another_name", code == 60, f"exit {code}")


def serial(node):
    done = subprocess.run(["openssl", "x509", "-noout", "-serial", "-in", keys(node, "tls.cert")], capture_output=True,
                          text=True, timeout=30)
    return done.stdout


def after_a_move(report, a, b):
    before = serial(b)
    path = os.path.join(b.home, "saphan.ini")
    with open(path, encoding="utf-8") as f:
        text = re.sub(r"(?m)^url = .*$", f"url = https://localhost:{b.port}", f.read())
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    b.process.send_signal(signal.SIGHUP)
    end = time.monotonic() + 20
    while time.monotonic() < end and python_sees(a, b, "localhost") is not None:
        time.sleep(0.2)
    report.check("certificate_follows_the_url", python_sees(a, b, "localhost") is None, python_sees(a, b, "localhost"))
    report.check("old_name_is_gone", "mismatch" in str(python_sees(a, b, "127.0.0.1")), python_sees(a, b, "127.0.0.1"))
    report.check("certificate_is_a_new_one", serial(b) != before, before)
    if has_curl():
        code, status = curl_sees(a, b, "localhost")
        report.check("curl_takes_the_new_name", code == 0 and status == "405", f"exit {code}, HTTP {status}")
    now = serial(b)
    b.process.send_signal(signal.SIGHUP)
    time.sleep(1)
    report.check("certificate_is_renewed_once", serial(b) == now, "again")


def run(report):
    with Folder() as folder:
        a = folder.node("la.alpha.example", "legal-aid", "LA", "Alpha (fictitious)")
        b = folder.node("th.beta.example", "ngo", "TH", "Beta (fictitious)")
        a.start()
        b.start()
        a.trust(b)
        b.trust(a)
        report.check("exchange_works", a.exchange(b) is None, "no exchange")
        under_its_address(report, a, b)
        after_a_move(report, a, b)
        b.stop()
        b.start()
        report.check("exchange_works_after_the_move", b.exchange(a) is None, "no exchange")


main(run)
