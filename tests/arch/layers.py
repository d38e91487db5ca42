#!/usr/bin/env python3
"""Hold the code to node/layers.txt: who may include whom, and which folder owns a library's headers.

The link step holds the same rule a second time: each layer is its own static library and its unit
test links only what the layer may use. Usage: layers.py [ROOT] [--self-test]
"""
import os
import re
import sys

import checks

NOT_LAYERS = {"cmake", "texts", "tools"}  # folders of node/ that hold no layer

# Headers that only some layers may see although their folder is open to more.
RESTRICTED = {"crypto/openssl_peek.h": {"crypto", "net"}}

# What a layer needs beside a header it owns: libssl's types cannot be used without these.
COMPANIONS = {"openssl/ssl.h": {"openssl/err.h", "openssl/x509.h", "openssl/x509_vfy.h", "openssl/bio.h"}}

# C17, POSIX and Linux. A header that is neither here nor in layers.txt is third-party and homeless.
SYSTEM = set(
    """assert ctype errno fenv float inttypes iso646 limits locale malloc math setjmp signal stdalign stdarg
    stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string strings threads time uchar wchar wctype
    arpa/inet dirent fcntl getopt grp langinfo netdb netinet/in netinet/tcp poll pthread pwd sched semaphore
    spawn sys/epoll sys/eventfd sys/file sys/inotify sys/ioctl sys/mman sys/prctl sys/random sys/resource
    sys/select sys/signalfd sys/socket sys/stat sys/statvfs sys/syscall sys/time sys/timerfd sys/types
    sys/uio sys/un sys/vfs sys/wait syslog termios unistd linux/fs linux/openat2""".split()
)


def read_layers(root):
    """{layer: (allowed layers, owned third-party prefixes)} in the order of the file."""
    layers = {}
    with open(os.path.join(root, "node/layers.txt"), encoding="utf-8") as handle:
        for line in handle:
            line = line.split("#")[0].strip()
            if line:
                name, _, rest = line.partition(":")
                allowed, _, owned = rest.partition("|")
                layers[name.strip()] = (set(allowed.split()), set(owned.split()))
    return layers


def layer_of(path):
    """node/<layer>/… or tests/unit/<layer>/… as (layer, is a test)."""
    parts = path.split("/")
    return (parts[2], True) if parts[0] == "tests" else (parts[1], False)


def sources(root):
    for file in checks.c_files(root, "node", "tests/unit"):
        depth = 4 if file.path.startswith("tests/") else 3
        if file.path.count("/") + 1 >= depth and layer_of(file.path)[0] not in NOT_LAYERS:
            yield file


def quoted_problem(root, layers, file, name):
    """Why `file` may not include "name", or None."""
    layer, is_test = layer_of(file.path)
    if name.startswith(("./", "../")) or "/../" in name:
        return "relative include; write \"layer/file.h\""
    target = name.split("/")[0]
    beside = os.path.join(root, os.path.dirname(file.path), name)
    if is_test and (target == "support" or ("/" not in name and os.path.exists(beside))):
        return None
    if "/" not in name or target not in layers:
        return "is not of the form \"layer/file.h\""
    if target != layer and target not in layers[layer][0]:
        return "%s may not include %s" % (layer, target)
    if name in RESTRICTED and layer not in RESTRICTED[name]:
        return "only %s may see this header" % " and ".join(sorted(RESTRICTED[name]))
    if not os.path.exists(os.path.join(root, "node", name)):
        return "no such header in node/"
    return None


def is_owned(layers, layer, name):
    def matches(prefix):
        return name == prefix or (prefix.endswith("/") and name.startswith(prefix))

    own = layers[layer][1]
    return any(matches(prefix) for prefix in own) or any(name in COMPANIONS.get(prefix, ()) for prefix in own)


def check_includes(root):
    """Every include is allowed: layers by the table, third-party headers by their owner."""
    layers = read_layers(root)
    for file in sources(root):
        layer, is_test = layer_of(file.path)
        if layer not in layers:
            yield "%s: the folder has no line in node/layers.txt" % file.path
            continue
        for line, kind, name in file.includes():
            if kind == '"':
                problem = quoted_problem(root, layers, file, name)
                if problem:
                    yield file.at(line, '"%s": %s' % (name, problem))
            elif not is_test and name.removesuffix(".h") not in SYSTEM and not is_owned(layers, layer, name):
                owners = [other for other in layers if is_owned(layers, other, name)]
                yield file.at(line, "<%s> in %s; its home is %s" % (name, layer, " or ".join(owners) or "nowhere"))


def cycles(graph):
    """Each cycle of {node: successors} once, as a list of nodes."""
    done, found = set(), []

    def visit(node, path):
        if node in path:
            found.append(path[path.index(node) :] + [node])
        elif node not in done:
            for after in sorted(graph.get(node, ())):
                visit(after, path + [node])
            done.add(node)

    for node in sorted(graph):
        visit(node, [])
    return found


def check_cycles(root):
    """No cycle among the layers of the table, nor among headers."""
    layers = read_layers(root)
    for cycle in cycles({name: allowed for name, (allowed, _) in layers.items()}):
        yield "node/layers.txt: " + " -> ".join(cycle)
    headers = {
        file.path.removeprefix("node/"): {name for _, kind, name in file.includes() if kind == '"'}
        for file in sources(root)
        if file.path.endswith(".h") and file.path.startswith("node/")
    }
    for cycle in cycles(headers):
        yield "headers: " + " -> ".join(cycle)


def check_order(root):
    """A source file includes its own header first; a header starts with #pragma once."""
    for file in sources(root):
        includes = list(file.includes())
        own = file.path.removeprefix("node/").removesuffix(".c") + ".h"
        if file.path.endswith(".c") and os.path.exists(os.path.join(root, "node", own)):
            if not includes or includes[0][2] != own:
                yield file.at(includes[0][0] if includes else 1, 'own header "%s" comes first' % own)
    for file in checks.c_files(root, "node", "tests", suffixes=(".h",)):
        code = [line.strip() for line in file.code.split("\n") if line.strip()]
        if not code or code[0] != "#pragma once":
            yield file.at(1, "header without #pragma once as its first line of code")


def check_cmake(root):
    """node/CMakeLists.txt links each layer with exactly what node/layers.txt allows."""
    layers = read_layers(root)
    with open(os.path.join(root, "node/CMakeLists.txt"), encoding="utf-8") as handle:
        text = re.sub(r"#[^\n]*", "", handle.read())
    linked = {}
    for call in re.findall(r"\bsaphan_layer\(([^)]*)\)", text):
        words = call.split()
        uses = words[words.index("USES") + 1 :] if "USES" in words else []
        end = next((at for at, word in enumerate(uses) if word in ("LIBS", "GENERATED")), len(uses))
        linked[words[0]] = set(uses[:end])
    for name in sorted(set(layers) - {"cli"} | set(linked)):  # cli is the program, not a library
        if name not in linked or name not in layers:
            yield "%s: only in %s" % (name, "node/layers.txt" if name in layers else "node/CMakeLists.txt")
        elif linked[name] != layers[name][0]:
            differing = ", ".join(sorted(linked[name] ^ layers[name][0]))
            yield "%s: node/CMakeLists.txt and node/layers.txt differ in %s" % (name, differing)


CHECKS = [
    ("layers_includes", check_includes),
    ("layers_cycles", check_cycles),
    ("layers_own_header_first", check_order),
    ("layers_cmake_agrees", check_cmake),
]

CLEAN = {
    "node/layers.txt": "base: | ini.h\ncrypto: base | openssl/\nnet: base crypto | openssl/ssl.h event2/\ncli: base net\n",
    "node/CMakeLists.txt": "saphan_layer(base LIBS x)\nsaphan_layer(crypto USES base LIBS c)\n"
    "saphan_layer(net USES base crypto)\n",
    "node/base/a.h": "/** A. */\n#pragma once\n#include <stdint.h>\n",
    "node/base/a.c": '#include "base/a.h"\n#include <ini.h>\n',
    "node/crypto/openssl_peek.h": '#pragma once\n#include "base/a.h"\n#include <openssl/evp.h>\n',
    "node/net/tls.c": '#include "crypto/openssl_peek.h"\n#include <event2/event.h>\n#include <openssl/ssl.h>\n#include <openssl/err.h>\n',
    "node/cli/main.c": '#include "base/a.h"\n',
    "tests/unit/net/test_tls.c": '#include "support/data.h"\n#include "base/a.h"\n#include <cmocka.h>\n',
    "tests/unit/net/test_http.c": '#include "net_support.h"\n',
    "tests/unit/net/net_support.h": "#pragma once\n",
    "tests/support/data.h": "#pragma once\n",
}

PLANTED = [
    ("upward", "layers_includes", {"node/base/b.c": '#include "crypto/openssl_peek.h"\n'}, "base may not include crypto"),
    ("upward_in_test", "layers_includes", {"tests/unit/base/test_b.c": '#include "crypto/openssl_peek.h"\n'}, "base may not"),
    ("third_party", "layers_includes", {"node/base/b.c": "#include <openssl/evp.h>\n"}, "its home is crypto"),
    ("part_of_library", "layers_includes", {"node/net/b.c": "#include <openssl/evp.h>\n"}, "<openssl/evp.h> in net"),
    ("unknown_library", "layers_includes", {"node/base/b.c": "#include <glib.h>\n"}, "its home is nowhere"),
    ("relative", "layers_includes", {"node/base/b.c": '#include "../base/a.h"\n'}, "relative include"),
    ("bare", "layers_includes", {"node/base/b.c": '#include "a.h"\n'}, 'not of the form "layer/file.h"'),
    ("bare_in_test", "layers_includes", {"tests/unit/net/test_b.c": '#include "gone.h"\n'}, 'not of the form "layer/file.h"'),
    ("restricted", "layers_includes", {"node/cli/b.c": '#include "crypto/openssl_peek.h"\n',
     "node/layers.txt": "base: | ini.h\ncrypto: base | openssl/\nnet: base crypto | openssl/ssl.h event2/\ncli: base crypto\n"},
     "only crypto and net may see"),
    ("missing", "layers_includes", {"node/base/b.c": '#include "base/gone.h"\n'}, "no such header"),
    ("unlisted", "layers_includes", {"node/extra/b.c": "\n"}, "no line in node/layers.txt"),
    ("layers", "layers_cycles", {"node/layers.txt": "a: b\nb: c\nc: a\n"}, "a -> b -> c -> a"),
    ("headers", "layers_cycles", {"node/base/a.h": '#pragma once\n#include "base/b.h"\n',
     "node/base/b.h": '#pragma once\n#include "base/a.h"\n'}, "base/a.h -> base/b.h -> base/a.h"),
    ("own_header", "layers_own_header_first", {"node/base/a.c": '#include <ini.h>\n#include "base/a.h"\n'}, "comes first"),
    ("pragma", "layers_own_header_first", {"node/base/b.h": "int x;\n#pragma once\n"}, "without #pragma once"),
    ("more_linked", "layers_cmake_agrees", {"node/CMakeLists.txt": "saphan_layer(base USES crypto)\n"
     "saphan_layer(crypto USES base)\nsaphan_layer(net USES base crypto)\n"}, "base: node/CMakeLists.txt and"),
    ("not_linked", "layers_cmake_agrees", {"node/CMakeLists.txt": "saphan_layer(base)\n"}, "crypto: only in node/layers.txt"),
]

if __name__ == "__main__":
    sys.exit(checks.run(CHECKS, CLEAN, PLANTED))
