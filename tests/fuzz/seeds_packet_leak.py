#!/usr/bin/env python3
"""First inputs of fuzz_packet_leak: all invented. Usage: seeds_packet_leak.py DIR"""
import os
import sys

SEEDS = [
    b"a@b.org \xe0\xb9\x90\xe0\xb9\x98\xe0\xb9\x91-234-5678 1-2345-67890-12-1 AA1234567",
    "น.ส. ดอกบัว เกิดวันที่ ๕ มีนาคม ๒๕๔๐ บ้านเลขที่ 12/3 ซอย 5".encode(),
    "ບ້ານພັກຕັ້ງຢູ່ ຖະໜົນດອກບົວ ເລກບັດປະຈຳຕົວ 01-123456 ບັນຊີ 123-4-56789-0".encode(),
    b"LINE ID: noi_99 at 17.9757, 102.6331 or 7P8C+9WX; GB82 WEST 1234 5698 7654 32",
    b"zero eight one two three four five six, Mr Somphone, 12 High Street, born March 5, 1985",
    b"\xff\xfe1\x00-\x002\x003\x00", b"<a>&#48;&#x38;1&#50;345678</a>",
    b"%PDF-1.4 <</Author (Somphone)/Title <FEFF0E01>/URI (mailto:a@b.org)>> <rdf:li>x</rdf:li>",
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\x09tEXtc\x00a@b.org....",
    b"\xff\xd8\xff\xe1\x00\x26Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x88\x25" + bytes(20) + b"\xff\xda",
]
for number, text in enumerate(SEEDS):
    for first in (0, 9, 18, 27, 36):
        with open(os.path.join(sys.argv[1], "seed-%d-%d" % (number, first)), "wb") as file:
            file.write(bytes([first]) + text)
