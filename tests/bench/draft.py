"""Writes a draft of an invented service entry whose packet is about 10 KB: draft.py FILE"""
import json
import sys

TEXT = ("ຂໍ້ມູນສົມມຸດ ສຳລັບການວັດແທກ. ข้อมูลสมมติเพื่อการวัดผล. Fictitious text for measuring. " * 60)[:1150]
BODY = {"subtype": "guide", "name": {"en": "Guide for measuring (fictitious)", "lo": "ຄູ່ມື (ສົມມຸດ)"}, "provider": "a.example",
        "description": {"en": TEXT, "lo": TEXT, "th": TEXT}, "service": ["Legal"], "coverage": ["TH-10"],
        "serviceLanguage": ["lao", "tha"], "cost": "free",
        "contact": [{"kind": "web", "value": "https://guide.example", "reachableFrom": ["LA"]}], "referralMethod": "self",
        "lastVerified": "2026-11-01", "verifiedBy": "a.example", "reverifyBy": "2027-01-30", "licence": "CC-BY-4.0"}
with open(sys.argv[1], "w", encoding="utf-8") as out:
    json.dump({"draft": {"type": "resource", "header": {"language": ["en", "lo", "th"]}, "body": BODY}}, out, ensure_ascii=False)
