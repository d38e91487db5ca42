"""What an operator sees and changes at a running node: metrics by the rules of Prometheus, a reload that drops no
connection, a partner that paused or removed us, errors under --json. Two real nodes on the loopback."""

import json
import os
import re
import signal
import socket
import ssl
import time
import urllib.error
import urllib.request

from saphan_nodes import Folder, UnixConnection, free_port, main

SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (-?[0-9.e+-]+|[+-]Inf|NaN)$')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')
UNITS = ("_seconds", "_bytes", "_messages", "_packets", "_connections", "_total", "_info", "_stopped")


def parse(text):
    """{family: (type, {(name, labels): value})}; ValueError when the text is not in the exposition format."""
    families, current = {}, None
    if not text.endswith("\n"):
        raise ValueError("the last line is not ended")
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name = line.split(" ", 3)[2]
            if name in families:
                raise ValueError(f"{name} stands twice")
            families[name] = [None, {}]
            current = name
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            if name != current or kind not in ("counter", "gauge", "histogram") or families[name][0]:
                raise ValueError(line)
            families[name][0] = kind
        else:
            sample = SAMPLE.match(line)
            if not sample:
                raise ValueError(f"no sample: {line}")
            labels, rest = [], sample[2] or ""
            while rest:
                label = LABEL.match(rest)
                if not label:
                    raise ValueError(f"labels: {line}")
                labels.append((label[1], label[2]))
                rest = rest[label.end():]
            base = re.sub("_(bucket|sum|count)$", "", sample[1]) if families[current][0] == "histogram" else sample[1]
            key = (sample[1], tuple(labels))
            if base != current or key in families[current][1]:
                raise ValueError(f"out of place or twice: {line}")
            families[current][1][key] = float(sample[3])
    return families


def conventions(families):
    """What breaks the conventions of names; an empty list is good."""
    wrong = []
    for name, (kind, samples) in families.items():
        if not re.fullmatch("saphan_[a-z][a-z0-9_]*", name) or not name.endswith(UNITS):
            wrong.append(f"{name}: name")
        if (kind == "counter") != name.endswith("_total"):
            wrong.append(f"{name}: {kind}")
        if kind == "histogram":
            buckets = [v for (n, _), v in samples.items() if n.endswith("_bucket")]
            count = [v for (n, _), v in samples.items() if n.endswith("_count")]
            if buckets != sorted(buckets) or buckets[-1:] != count:
                wrong.append(f"{name}: buckets")
    return wrong


def rejects(text):
    try:
        parse(text)
    except (ValueError, KeyError):
        return True
    return False


def control_get(node, path):
    connection = UnixConnection(os.path.join(node.home, "run", "control.sock"), 10)
    connection.request("GET", path)
    answer = connection.getresponse()
    data = answer.read().decode()
    connection.close()
    return answer, data


def set_ini(node, key, value, section="listen"):
    path = os.path.join(node.home, "saphan.ini")
    with open(path, encoding="utf-8") as f:
        lines = [line for line in f.read().splitlines() if not re.match(rf"{key}\s*=", line)]
    if value is not None:
        lines.insert(lines.index(f"[{section}]") + 1, f"{key} = {value}")
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(lines) + "\n")


def wait_for(seconds, look):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        seen = look()
        if seen:
            return seen
        time.sleep(0.1)
    return None


def metrics(report, a, b, port):
    report.check("metrics_parser_refuses_bad_text", all(map(rejects, (
        "a 1\n", "# HELP a x\n# TYPE a gauge\na{x=1} 1\n", "# HELP a x\n# TYPE a gauge\nb 1\n",
        "# HELP a x\n# TYPE a gauge\na 1", "# HELP a x\n# TYPE a gauge\na 1\na 2\n"))), "one was taken")
    answer, text = control_get(a, "/metrics")
    families = parse(text)
    report.check("metrics_have_their_content_type", answer.getheader("Content-Type") ==
                 "text/plain; version=0.0.4; charset=utf-8", answer.getheader("Content-Type"))
    report.check("metrics_follow_the_conventions", not conventions(families), conventions(families))
    delivered = families["saphan_messages_delivered_total"][1]
    mine = ("saphan_messages_delivered_total", (("partner", b.party),))
    report.check("metrics_count_exchanges_by_partner", delivered.get(mine) == 1, delivered)
    report.check("metrics_time_commits", families["saphan_journal_commit_seconds"][1][
        ("saphan_journal_commit_seconds_count", ())] > 3, "no commits")
    names = ("saphan_outbox_messages", "saphan_outbox_oldest_age_seconds", "saphan_disk_free_bytes",
             "saphan_certificate_remaining_seconds", "saphan_tls_handshake_failures_total",
             "saphan_http_received_bytes_total", "saphan_partner_queue_messages", "saphan_delivery_failures_total",
             "saphan_messages_refused_total")
    report.check("metrics_are_complete", all(name in families for name in names), sorted(families))
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as page:
        report.check("metrics_at_their_address", parse(page.read().decode()).keys() == families.keys(), "other")
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/api/1/node", timeout=10)
        report.not_ok("metrics_address_has_nothing_else", "the API answered")
    except urllib.error.HTTPError as e:
        report.check("metrics_address_has_nothing_else", e.code == 404, e.code)
    for address in ("0.0.0.0:9464", "192.0.2.1:9464", "[::]:9464", "publicity 192.0.2.1:9464", "127.0.0.1"):
        set_ini(a, "metrics", address)
        status, _ = a.api("POST", "node/reload", b"")
        report.check(f"metrics_refuse_{address}", status == 422, status)
    set_ini(a, "metrics", f"127.0.0.1:{port}")


def nobody():
    """TLS settings of a caller without a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def reload(report, a, b):
    connection = UnixConnection(os.path.join(a.home, "run", "control.sock"), 10)
    connection.request("GET", "/api/1/node/version")
    connection.getresponse().read()
    set_ini(a, "largest", 3000000, "node")
    set_ini(a, "workers", 3)
    status, answer = a.api("POST", "node/reload", b"")
    report.check("reload_says_what_changed", status == 200 and answer["changed"] == ["largest"] and
                 answer["needsRestart"] == ["workers"], answer)
    connection.request("GET", "/api/1/node/version")
    report.check("reload_drops_no_connection", connection.getresponse().status == 200, "it ended")
    connection.close()
    moved = wait_for(20, lambda: b.must("GET", f"partners/{a.party}")["largestMessage"] == 3000000)
    report.check("reload_sends_partners_the_new_card", moved, "the partner's copy is old")
    set_ini(a, "name_en", "Renamed office (fictitious)", "node")
    a.process.send_signal(signal.SIGHUP)
    renamed = wait_for(10, lambda: a.must("GET", "node")["name"].get("en") == "Renamed office (fictitious)")
    report.check("reload_by_sighup", renamed, "the name is the old one")
    before = a.must("GET", "node")["country"]
    set_ini(a, "country", "TH", "node")
    status, answer = a.api("POST", "node/reload", b"")
    report.check("reload_does_not_change_who_we_are", status == 409 and a.must("GET", "node")["country"] == before,
                 f"{status} {answer}")
    set_ini(a, "country", before, "node")
    report.check("reload_leaves_exchanges_alone", a.exchange(b) is None, "no exchange")


def last_failure(a, b):
    return a.must("GET", f"partners/{b.party}/health")["health"].get("lastFailure", {})


def standing(report, a, b):
    b.must("PATCH", f"partners/{a.party}", {"state": "paused"})
    first = a.ask(b)
    seen = wait_for(15, lambda: last_failure(a, b).get("code") == "partner-paused-us")
    report.check("paused_partner_tells_so", seen, last_failure(a, b))
    text = a.run("--lang", "en", "partner", "show", b.party).stdout.decode()
    report.check("paused_is_told_in_words", "has paused you" in text, text)
    doctor = a.run("--lang", "en", "doctor", check=False).stdout.decode()
    report.check("doctor_names_who_is_not_reached", b.party in doctor, doctor)
    status = a.run("--lang", "en", "status").stdout.decode()
    report.check("status_says_it_too", "has paused you" in status, status)
    report.check("paused_message_waits", a.state_of(first)["state"] == "retrying", a.state_of(first))
    b.must("DELETE", f"partners/{a.party}")
    a.ask(b)
    seen = wait_for(15, lambda: last_failure(a, b).get("code") == "partner-removed-us")
    report.check("removed_partner_tells_so", seen, last_failure(a, b))


def errors(report, a):
    second = a.run("run", "--json", check=False)
    problem = json.loads(second.stdout or b"{}")
    report.check("served_home_names_the_process", second.returncode == 5 and str(a.process.pid) in problem.get("title", ""),
                 f"{second.returncode} {second.stdout}")
    connection = UnixConnection(os.path.join(a.home, "run", "control.sock"), 10)
    connection.request("PUT", "/api/1/inbox", b"{}")
    answer = connection.getresponse()
    problem = json.loads(answer.read())
    report.check("api_wrong_method_is_405", answer.status == 405 and answer.getheader("Allow") == "GET",
                 f"{answer.status} {answer.getheader('Allow')}")
    connection.close()
    report.check("problem_has_no_raw_key", "problem." not in json.dumps(problem), problem)
    with socket.create_connection(("127.0.0.1", a.port), 5) as plain:
        try:
            nobody().wrap_socket(plain).recv(1)
            report.not_ok("stranger_ends_at_tls", "it was let in")
        except (ssl.SSLError, OSError):
            report.ok("stranger_ends_at_tls")


def run(report):
    with Folder() as folder:
        a = folder.node("la.alpha.example", "legal-aid", "LA", "Alpha (fictitious)")
        b = folder.node("th.beta.example", "ngo", "TH", "Beta (fictitious)")
        port = free_port()
        set_ini(a, "metrics", f"127.0.0.1:{port}")
        a.start()
        b.start()
        a.trust(b)
        b.trust(a)
        report.check("exchange_works", a.exchange(b) is None, "no exchange")
        metrics(report, a, b, port)
        reload(report, a, b)
        standing(report, a, b)
        errors(report, a)


main(run)
