#!/usr/bin/env python3
"""First inputs of fuzz_xml_prescan. Usage: seeds_xml_prescan.py DIR"""
import os
import sys

SEEDS = [
    "<a/>",
    "<?xml version='1.0' encoding='UTF-8' standalone='yes'?><a b=\"c\">t</a>",
    "\ufeff<a xmlns='urn:a' xmlns:p='urn:p' p:b='>' c=\"'/>\"><p:d/><e>x &lt; &#65;</e></a>",
    "<!-- c --><a><!----><![CDATA[<b>]]>]]&gt;<?p <x> ?></a><!-- - -- -->",
    "<a><b><c><d/></c></b><b/></a >",
    "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
    "<a b = 'c'\n\td='e' />\n",
    # at the target's tight limits, and one over each: depth, elements, attributes, declarations, text
    "<a><b><c><d/></c></b></a>", "<a><b><c><d><e/></d></c></b></a>",
    "<a>%s</a>" % ("<b/>" * 11), "<a>%s</a>" % ("<b/>" * 12),
    "<a b='' c='' d='' e='' f=''/>", "<a b='' c='' d='' e='' f='' g=''/>",
    "<a xmlns='a:' xmlns:p='a:'/>", "<a xmlns:o='a:' xmlns:p='a:' xmlns:q='a:'/>",
    "<a>%s</a>" % ("x" * 40), "<a>%s</a>" % ("x" * 41),
    "<\u0e2a\u0e30 \u0eaa='\u0eb0'/>",
]
for number, text in enumerate(SEEDS):
    for tail in ("", " "):  # both parities of the length: with and without comments
        with open(os.path.join(sys.argv[1], "seed-%d%d" % (number, len(tail))), "wb") as file:
            file.write((text + tail).encode())
