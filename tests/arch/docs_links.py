#!/usr/bin/env python3
"""What the documents say must be so: links, routes, words of the command line, reasons, errors.

Usage: docs_links.py [ROOT] [--self-test]
"""
import os
import re
import sys

import checks

API_DOC, API_SOURCE = "docs/api.md", "node/portal/api.c"
WORDS_SOURCE, TEXTS = "node/cli/words.c", "node/texts"
RULES_SOURCE, REASONS_SOURCE, PROTOCOL_DOC = "node/as4/fault.h", "node/exchange/arrival.h", "docs/protocol.md"
LIMITS_DOC, LIMIT_FOLDERS = "docs/limits.md", ("node/as4", "node/exchange", "node/net")
EVENTS_SOURCE, LEDGER_DOC = "node/ledger/event.c", "docs/ledger.md"

LINK = re.compile(r"!?\[[^\]\n]*\]\(([^()\s]+)\)")
ROUTE = re.compile(r'\{"([A-Z]+)",\s*"([^"]+)",\s*sph_api_\w+\}')
DOCUMENTED_ROUTE = re.compile(r"^\| `([A-Z]+) /api/1/([^`?]+)` \|", re.M)
WORD = re.compile(r'^ {4}\{"([a-z][a-z ]*)",\s*\d+,', re.M)
RULE = re.compile(r'X\((\w+),\s*(\d+),\s*(\d{4}),\s*"([^"]+)"')
DOCUMENTED_RULE = re.compile(r"^\| (\d+) \| `([^`]+)` \| EBMS:(\d{4}) \|", re.M)
REASON = re.compile(r"SPH_REASON_\w+ = (0x[0-9a-fA-F]+)")
CONSTANT = re.compile(r"^#define (\w+)[ \t]+(.+)$", re.M)
DOCUMENTED_CONSTANT = re.compile(r"^\| `(node/[^`]+)` `(\w+)` \| [^|]+ \| (\d+) \|", re.M)
# Named as limits, and met by nobody outside: sizes of our own making, tables that only grow slower.
INNER_LIMITS = {
    "node/as4/gzip.c STORED_MAX", "node/as4/rebuild.c ROOT_MAX", "node/as4/receipt.c PROOF_MAX",
    "node/exchange/partner.c ADMITTED_MAX", "node/exchange/partner.c BUSY_MAX", "node/exchange/note_memo.c NOTE_MOST",
    "node/exchange/pmode_json.c CERT_MAX", "node/exchange/secrets.c WRAPPED_MAX", "node/exchange/sender.c THREADS_MAX",
    "node/exchange/inbox.c INBOUND_MOST",
}
EVENT = re.compile(r'\{SPH_EVENT_\w+, "(\w+)"\}')


def read(root, path):
    full = os.path.join(root, path)
    if not os.path.exists(full):
        return None
    with open(full, encoding="utf-8") as handle:
        return handle.read()


def documents(root):
    """(path, text) of every Markdown file but those of a build."""
    for where, inside, names in os.walk(root):
        inside[:] = sorted(name for name in inside if name != "build" and not name.startswith("."))
        for name in sorted(names):
            if name.endswith(".md"):
                path = os.path.relpath(os.path.join(where, name), root)
                yield path, read(root, path)


def without_code(text):
    """The text with fenced blocks and code spans blanked: what stands there is no link."""
    text = re.sub(r"^```.*?^```", lambda m: checks.blanked(m.group()), text, flags=re.M | re.S)
    return re.sub(r"`[^`\n]*`", lambda m: checks.blanked(m.group()), text)


def missing_source(*pairs):
    """A finding for each file that is needed and not there."""
    return [path + ": missing" for path, text in pairs if text is None]


def check_links(root):
    """Every relative link of a document leads to something."""
    for path, text in documents(root):
        prose = without_code(text)
        for match in LINK.finditer(prose):
            target = match.group(1).split("#")[0]
            if not target or re.match(r"[a-z]+:", target):
                continue
            if not os.path.exists(os.path.join(root, os.path.dirname(path), target)):
                yield "%s:%d: leads nowhere: %s" % (path, checks.line_of(prose, match.start()), target)


def check_api(root):
    """The route table and docs/api.md name the same routes."""
    source, text = read(root, API_SOURCE), read(root, API_DOC)
    if source is None or text is None:
        yield from missing_source((API_SOURCE, source), (API_DOC, text))
        return
    built = set(ROUTE.findall(source))
    written = {(method, re.sub(r"\{[^}]*\}", "*", path)) for method, path in DOCUMENTED_ROUTE.findall(text)}
    for method, path in sorted(built - written):
        yield "%s: %s /api/1/%s is not described" % (API_DOC, method, path)
    for method, path in sorted(written - built):
        yield "%s: %s /api/1/%s does not exist" % (API_DOC, method, path)
    if not built:
        yield API_SOURCE + ": no route was found"


def keys(root):
    """All keys of the message catalogue."""
    found = set()
    for name in sorted(os.listdir(os.path.join(root, TEXTS))):
        found |= set(re.findall(r"^\[([^\]\n]+)\]", read(root, os.path.join(TEXTS, name)) or "", re.M))
    return found


def check_words(root):
    """Every word of the command line has its help and examples, and stands in the documents."""
    source = read(root, WORDS_SOURCE)
    if source is None:
        yield WORDS_SOURCE + ": missing"
        return
    words, known = WORD.findall(source), keys(root)
    prose = "\n".join(text for path, text in documents(root) if not path.startswith("tests"))
    for word in words:
        # A key of the catalogue writes the space of a word as a hyphen or as it is.
        names = {"help." + word, "help." + word.replace(" ", "-")}
        if not names & known:
            yield "%s: no help for the word %s (help.%s)" % (TEXTS, word, word)
        elif not {name + ".examples" for name in names} & known:
            yield "%s: no examples for the word %s" % (TEXTS, word)
        if not re.search(r"(`|saphan )%s\b" % re.escape(word), prose):
            yield "docs: the word %s is described nowhere" % word
    if not words:
        yield WORDS_SOURCE + ": no word was found"


def check_reasons(root):
    """docs/protocol.md has each refusal with its number and error, and none besides."""
    rules, reasons, text = read(root, RULES_SOURCE), read(root, REASONS_SOURCE), read(root, PROTOCOL_DOC)
    if None in (rules, reasons, text):
        yield from missing_source((RULES_SOURCE, rules), (REASONS_SOURCE, reasons), (PROTOCOL_DOC, text))
        return
    built = {(number, rule, code) for _, number, code, rule in RULE.findall(rules.replace("\\\n", "\n"))}
    written = set(DOCUMENTED_RULE.findall(text))
    for row in sorted(built - written):
        yield "%s: reason %s %s EBMS:%s is not described" % ((PROTOCOL_DOC,) + row)
    for row in sorted(written - built):
        yield "%s: reason %s %s EBMS:%s does not exist" % ((PROTOCOL_DOC,) + row)
    for number in REASON.findall(reasons):
        if not re.search(r"^\| %d \(%s\) \|" % (int(number, 16), re.escape(number)), text, re.M):
            yield "%s: reason %s is not described" % (PROTOCOL_DOC, number)


def check_events(root):
    """docs/ledger.md names every event code."""
    source, text = read(root, EVENTS_SOURCE), read(root, LEDGER_DOC)
    if source is None or text is None:
        yield from missing_source((EVENTS_SOURCE, source), (LEDGER_DOC, text))
        return
    for name in EVENT.findall(source):
        if not re.search(r"\b%s\b" % name, text):
            yield "%s: the event %s is not named" % (LEDGER_DOC, name)


def constant(text, name):
    """The value of a constant in C, or None when it is none, or no plain number."""
    bodies = dict(CONSTANT.findall(re.sub(r"/\*.*?\*/", "", text.replace("\\\n", " "), flags=re.S)))
    body = re.sub(r"U?INT64_C\((\w+)\)|\((?:size_t|u?int64_t|unsigned)\)", r"\1", bodies.get(name, ""))
    body = re.sub(r"\b(\d+)[uUlL]+\b", r"\1", body)
    return eval(body) if re.fullmatch(r"[0-9xa-fA-F\s()*+<-]+", body) else None


def check_limits(root):
    """docs/limits.md has the constants of the layers with their values, and every one named as a limit."""
    document = read(root, LIMITS_DOC)
    if document is None:
        yield LIMITS_DOC + ": missing"
        return
    written = set()
    for path, name, value in DOCUMENTED_CONSTANT.findall(document):
        written.add("%s %s" % (path, name))
        built = constant(read(root, path) or "", name)
        if built != int(value):
            yield "%s: %s %s is %s, not %s" % (LIMITS_DOC, path, name, built, value)
    for folder in LIMIT_FOLDERS:
        for name in sorted(os.listdir(os.path.join(root, folder))) if os.path.isdir(os.path.join(root, folder)) else []:
            path = "%s/%s" % (folder, name)
            for limit in re.findall(r"^#define (\w*(?:MAX|MOST))[ \t]", read(root, path), re.M):
                if "%s %s" % (path, limit) not in written | INNER_LIMITS:
                    yield "%s: %s %s is not described" % (LIMITS_DOC, path, limit)


CHECKS = [
    ("docs_limits", check_limits),
    ("docs_links", check_links),
    ("docs_api", check_api),
    ("docs_words", check_words),
    ("docs_reasons", check_reasons),
    ("docs_events", check_events),
]

API_TEXT = "| `GET /api/1/node` | status |\n| `GET /api/1/packets/{id}/xml` | octets |\n"
API_CODE = '    {"GET", "node", sph_api_status},\n    {"GET", "packets/*/xml", sph_api_xml},\n'
WORDS_CODE = '    {"run", 0, 0, NULL, sph_cmd_run},\n    {"partner add", 1, 7, NULL, sph_cmd_add},\n'
HELP = "[help.run]\nen = x\n[help.run.examples]\nen = x\n[help.partner add]\nen = x\n[help.partner add.examples]\nen = x\n"
RULES_CODE = '    X(MIME, 101, 0007, "mime.type", "text")  \\\n    X(XML, 202, 0009, "soap.xml",  \\\n      "text")\n'
PROTOCOL = "| 101 | `mime.type` | EBMS:0007 | text |\n| 202 | `soap.xml` | EBMS:0009 | text |\n| 1025 (0x0401) | EBMS:0101 | text |\n"

CLEAN = {
    "README.md": "[a](docs/a.md) [b](docs/a.md#part) [c](https://example.org/) `[d](nowhere)` `saphan run`\n",
    "docs/a.md": "![p](p.svg)\n```\n[e](nowhere)\n```\n`partner add`\n",
    "docs/p.svg": "<svg/>\n",
    API_DOC: API_TEXT,
    API_SOURCE: API_CODE,
    WORDS_SOURCE: WORDS_CODE,
    TEXTS + "/help.txt": HELP,
    RULES_SOURCE: RULES_CODE,
    REASONS_SOURCE: "    SPH_REASON_IDENTITY = 0x0401,\n",
    PROTOCOL_DOC: PROTOCOL,
    EVENTS_SOURCE: '    {SPH_EVENT_SENT, "SENT"},\n',
    LEDGER_DOC: "SENT\n",
    LIMITS_DOC: "| `node/as4/a.c` `PART_MAX` | a part | 2048 | bytes | refused |\n",
    "node/as4/a.c": "#define PART_MAX (UINT64_C(2) << 10) /* a part */\n",
}

PLANTED = [
    ("dead", "docs_links", {"docs/b.md": "\n[x](gone.md)\n"}, "docs/b.md:2: leads nowhere: gone.md"),
    ("picture", "docs_links", {"docs/p.svg": None}, "docs/a.md:1: leads nowhere: p.svg"),
    ("new_route", "docs_api", {API_SOURCE: API_CODE + '    {"POST", "node", sph_api_x},\n'}, "POST /api/1/node is not"),
    ("old_route", "docs_api", {API_DOC: API_TEXT + "| `PUT /api/1/node` | x |\n"}, "PUT /api/1/node does not exist"),
    ("no_routes", "docs_api", {API_SOURCE: "\n", API_DOC: "\n"}, "no route was found"),
    ("no_help", "docs_words", {TEXTS + "/help.txt": HELP.replace("[help.run]", "[other]")}, "no help for the word run"),
    ("no_examples", "docs_words", {TEXTS + "/help.txt": HELP.replace("add.examples", "add.none")}, "no examples for the word partner add"),
    ("undocumented", "docs_words", {"docs/a.md": "![p](p.svg)\n"}, "the word partner add is described nowhere"),
    ("new_reason", "docs_reasons", {RULES_SOURCE: RULES_CODE + '    X(NEW, 203, 0009, "soap.new", "t")\n'}, "203 soap.new EBMS:0009 is not"),
    ("other_code", "docs_reasons", {PROTOCOL_DOC: PROTOCOL.replace("EBMS:0007", "EBMS:0008")}, "101 mime.type EBMS:0008 does not exist"),
    ("exchange_reason", "docs_reasons", {REASONS_SOURCE: "    SPH_REASON_NEW = 0x0409,\n"}, "reason 0x0409 is not"),
    ("new_limit", "docs_limits", {"node/net/b.c": "#define FIELDS_MOST 8u\n"}, "node/net/b.c FIELDS_MOST is not described"),
    ("other_limit", "docs_limits", {"node/as4/a.c": "#define PART_MAX 2047u\n"}, "node/as4/a.c PART_MAX is 2047, not 2048"),
    ("gone_limit", "docs_limits", {"node/as4/a.c": "\n"}, "node/as4/a.c PART_MAX is None, not 2048"),
    ("event", "docs_events", {LEDGER_DOC: "RESENT\n"}, "the event SENT is not named"),
]

if __name__ == "__main__":
    sys.exit(checks.run(CHECKS, CLEAN, PLANTED))
