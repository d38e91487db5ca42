#!/usr/bin/env python3
"""The node-set cases of exclusive C14N, which Saphan never needs: libxml2's own function on them.

Usage: c14n_nodeset.py FOLDER   (holds test/c14n/exc-without-comments and result/c14n/…)
Shows that the library under node/xml/c14n.c is the one its vectors speak of, also with DOCTYPE and XPath
selections that our parser refuses. Prints one line and exits 1 on a difference; 77 when libxml2 cannot be loaded.
"""
import ctypes
import glob
import os
import re
import sys

SUBSTITUTE_AND_DEFAULTS = 2 | 4 | 8  # XML_PARSE_NOENT | DTDLOAD | DTDATTR, as the vectors were made
EXCLUSIVE = 1


class XPathObject(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int), ("nodes", ctypes.c_void_p)]


def load():
    try:
        lib = ctypes.CDLL("libxml2.so.2")
    except OSError:
        print("skipped: no libxml2.so.2")
        sys.exit(77)
    pointer, text = ctypes.c_void_p, ctypes.c_char_p
    for name, result, arguments in [
            ("xmlReadFile", pointer, [text, text, ctypes.c_int]),
            ("xmlXPathNewContext", pointer, [pointer]),
            ("xmlXPathRegisterNs", ctypes.c_int, [pointer, text, text]),
            ("xmlXPathEvalExpression", ctypes.POINTER(XPathObject), [text, pointer]),
            ("xmlC14NDocDumpMemory", ctypes.c_int,
             [pointer, pointer, ctypes.c_int, pointer, ctypes.c_int, ctypes.POINTER(pointer)])]:
        getattr(lib, name).restype = result
        getattr(lib, name).argtypes = arguments
    return lib


def selection(path):
    """(expression, [(prefix, uri)…]) of an XPath element written as a small document."""
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"<!--.*?-->", "", file.read(), flags=re.S)
    head, body = re.search(r"<XPath([^>]*)>(.*)</XPath>", text, re.S).groups()
    namespaces = re.findall(r"xmlns:([\w.-]+)\s*=\s*[\"']([^\"']*)[\"']", head)
    for entity, char in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        body = body.replace(entity, char)
    return body.strip(), namespaces


def canonical(lib, base):
    document = lib.xmlReadFile((base + ".xml").encode(), None, SUBSTITUTE_AND_DEFAULTS)
    expression, namespaces = selection(base + ".xpath")
    context = lib.xmlXPathNewContext(document)
    for prefix, uri in namespaces:
        lib.xmlXPathRegisterNs(context, prefix.encode(), uri.encode())
    nodes = lib.xmlXPathEvalExpression(expression.encode(), context)
    prefixes = None
    if os.path.exists(base + ".ns"):
        with open(base + ".ns", "rb") as file:
            words = file.read().split()
        prefixes = ctypes.cast((ctypes.c_char_p * (len(words) + 1))(*words, None), ctypes.c_void_p)
    out = ctypes.c_void_p()
    length = lib.xmlC14NDocDumpMemory(document, nodes.contents.nodes, EXCLUSIVE, prefixes, 0, ctypes.byref(out))
    return ctypes.string_at(out, length) if length >= 0 else None


def main():
    lib, root, count, wrong = load(), sys.argv[1], 0, []
    for path in sorted(glob.glob(os.path.join(root, "result/c14n/exc-without-comments/*"))):
        name = os.path.basename(path)
        with open(path, "rb") as file:
            want = file.read()
        count += 1
        if canonical(lib, os.path.join(root, "test/c14n/exc-without-comments", name)) != want:
            wrong.append(name)
    print("%d node-set vectors, %d differ %s" % (count, len(wrong), " ".join(wrong)))
    sys.exit(1 if wrong or count == 0 else 0)


main()
