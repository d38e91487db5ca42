#!/usr/bin/python3
"""Documents that exercise exclusive C14N, the same in every run: corpus.py DIR COUNT.

NAME.xml is a document with one <t:target Id="t"> somewhere in it and @SIGNATURE@ at its end; NAME.prefixes holds the
PrefixList of its C14N transform ("-": none). All names are invented.
"""
import os
import random
import sys

NAMES = ["a", "b", "long-name", "_under", "x.y", "\u0e81\u0ea7", "\u0e01\u0e32"]
URIS = ["urn:one", "urn:two", "http://invented.example/ns#", "urn:x:t", "urn:th:%E0%B8%81"]
PREFIXES = ["p", "q", "r", "s", "t2"]
TEXTS = ["plain", " \t ", "&amp;&lt;&gt;", "&quot;&apos;", "&#x9;&#xA;&#xD;", "&#13;x", "\u0eaa\u0eb0\u0e9e\u0eb2\u0e99", "\U0001f30f",
         "line\nline\r\nline", "]]&gt;", "<!-- comment -->", "<!---->", "<![CDATA[<a & b>]]>", "'\"", "\u00e9e\u0301"]
VALUES = ["v", "", " a  b ", "&#x9;t&#xA;n&#xD;r", "&lt;&amp;&quot;", "new\nline\ttab", "'", "&gt;", "\u0ea5\u0eb2\u0ea7"]


class Maker:
    def __init__(self, rng):
        self.rng = rng
        self.budget = rng.randint(5, 60)

    def pick(self, items):
        return items[self.rng.randrange(len(items))]

    def chance(self, percent):
        return self.rng.randrange(100) < percent

    def declarations(self, scope):
        """xmlns attributes of one element, and the scope inside it. Also ones that repeat or are never used."""
        scope, found = dict(scope), []
        if self.chance(25):
            uri = self.pick(URIS + [""])
            scope[""] = uri
            found.append('xmlns="%s"' % uri)
        for prefix in self.rng.sample(PREFIXES, self.rng.randrange(3)):
            scope[prefix] = self.pick(URIS)
            found.append("xmlns:%s='%s'" % (prefix, scope[prefix]))
        return found, scope

    def attributes(self, scope):
        found, seen = [], set()
        for _ in range(self.rng.randrange(4)):
            prefix = self.pick([""] + [p for p in scope if p])
            local = self.pick(NAMES)
            key = (scope[prefix] if prefix else None, local)
            if key not in seen:
                seen.add(key)
                found.append('%s%s="%s"' % (prefix + ":" if prefix else "", local, self.pick(VALUES)))
        if self.chance(10):
            found.append(self.pick(['xml:lang="lo"', 'xml:space="preserve"']))
        return found

    def element(self, scope, depth):
        self.budget -= 1
        declared, scope = self.declarations(scope)
        prefix = self.pick(list(scope))
        name = (prefix + ":" if prefix else "") + self.pick(NAMES)
        items = declared + self.attributes(scope)
        self.rng.shuffle(items)
        gap = self.pick([" ", "  ", "\n ", "\t"])
        head = "<" + name + "".join(gap + i for i in items)
        if self.chance(20):
            return head + self.pick(["/>", " />", "></%s>" % name])
        return head + ">" + self.content(scope, depth) + "</%s%s>" % (name, self.pick(["", " "]))

    def content(self, scope, depth):
        parts = []
        for _ in range(self.rng.randrange(5)):
            if depth < 8 and self.budget > 0 and self.chance(60):
                parts.append(self.element(scope, depth + 1))
            else:
                parts.append(self.pick(TEXTS))
        return "".join(parts)

    def document(self):
        declared, scope = self.declarations({"": ""})
        inner, deeper = self.declarations(scope)
        target, own = self.declarations(deeper)
        items = target + ['xmlns:t="urn:x:t"', 'Id="t"'] + self.attributes(own)
        self.rng.shuffle(items)
        own["t"] = "urn:x:t"
        text = "<t:target %s>%s</t:target>" % (" ".join(items), self.content(own, 0))
        text = "<wrap %s>%s%s%s</wrap>" % (" ".join(inner), self.content(deeper, 6), text, self.content(deeper, 6))
        listed = [p for p in own if p and p != "t"] + ["#default", "absent"]
        self.rng.shuffle(listed)
        prefixes = self.pick(["-", "", " ".join(listed[:self.rng.randint(1, 3)])])
        head = self.pick(["", '<?xml version="1.0"?>\n', '<?xml version="1.0" encoding="UTF-8"?>', "\ufeff"])
        return head + "<root %s>%s@SIGNATURE@</root>" % (" ".join(declared), text), prefixes


def main(folder, count):
    rng = random.Random(20261124)
    os.makedirs(folder, exist_ok=True)
    for i in range(int(count)):
        text, prefixes = Maker(rng).document()
        with open(os.path.join(folder, "%04d.xml" % i), "w", encoding="utf-8", newline="") as f:
            f.write(text)
        with open(os.path.join(folder, "%04d.prefixes" % i), "w") as f:
            f.write(prefixes)


if __name__ == "__main__":
    main(*sys.argv[1:])
