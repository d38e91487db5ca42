#!/usr/bin/env python3
"""First inputs of fuzz_packet_check: an unsigned packet of each type's shape, a judgment, texts with invented
personal data. Usage: seeds_packet_check.py DIR"""
import os
import sys

AKN = "http://docs.oasis-open.org/legaldocml/ns/akn/3.0"
HEADER = """<Header><packetId>urn:uuid:2f1c7a52-5d0e-4b7e-9c1a-0d6f3b8e4a11</packetId><nonce>q83vASNFZ4mrze8BI0VniQ==</nonce>
<type>%s</type><schemaVersion>1.0</schemaVersion><mode>training</mode><issuer party="th.ngo.example" role="publisher"/>
<audience>all</audience><issuedAt>2026-11-02T03:15:00Z</issuedAt><classification>public</classification>
<personalData>none</personalData><purpose>case-law</purpose><legalBasis instrument="la-th-mou">public-task</legalBasis>
<retention class="R0" until="2029-01-31"/><language>th</language></Header>"""
TEXT = '<%s><text xml:lang="th" src="original">ข้อความ 081-234-5678</text></%s>'
BODIES = {
    "assistance-request": '<assistanceRequest><subtype>information</subtype>' + TEXT % ("question", "question")
    + "<topic>compensation</topic><location>TH-43</location><urgency>normal</urgency><capacity>legal-aid</capacity>"
    "<wanted>procedure</wanted><answerLanguage>lo</answerLanguage><notMLA>true</notMLA></assistanceRequest>",
    "assistance-response": "<assistanceResponse><action>answer</action>" + TEXT % ("text", "text") + "</assistanceResponse>",
    "resource": "<resource><subtype>hotline</subtype>" + TEXT % ("name", "name") + "<provider>th.ngo.example</provider>"
    + TEXT % ("description", "description") + "<service>Legal</service><coverage>TH-10</coverage>"
    "<serviceLanguage>tha</serviceLanguage><cost>free</cost><contact kind='phone'><value>+66000000000</value>"
    "<reachableFrom>TH</reachableFrom></contact><referralMethod>phone</referralMethod><lastVerified>2026-10-01</lastVerified>"
    "<verifiedBy>th.ngo.example</verifiedBy><reverifyBy>2026-12-30</reverifyBy><licence>CC0-1.0</licence></resource>",
}


def names(iri):
    return "<FRBRthis value='%s/!main'/><FRBRuri value='%s'/><FRBRdate date='2019-05-02' name='x'/><FRBRauthor href='#o'/>" % (iri, iri)


JUDGMENT = (
    "<akomaNtoso xmlns='%s'><judgment name='j'><meta><identification source='#o'><FRBRWork>%s<FRBRcountry value='th'/>"
    "<FRBRnumber value='7'/></FRBRWork><FRBRExpression>%s<FRBRlanguage language='tha'/></FRBRExpression><FRBRManifestation>%s"
    "</FRBRManifestation></identification><references source='#o'><TLCOrganization eId='o' href='' showAs='o'/></references></meta>"
    "<header><p>h <party refersTo='#o' as='#victim'>A.</party></p></header><judgmentBody><decision><chapter><num>1</num><intro><p>i</p>"
    "</intro><clause><content><ul><li>a</li></ul><table><caption>t</caption><tr><td><p>c</p></td></tr></table></content></clause>"
    "</chapter><p>x<br/><authorialNote marker='1'><p>n</p></authorialNote></p></decision></judgmentBody></judgment></akomaNtoso>"
    % (AKN, names("/x/7"), names("/x/7/tha"), names("/x/7/tha.xml")))


def main(folder):
    os.makedirs(folder, exist_ok=True)
    seeds = {"judgment": JUDGMENT, "leaks": "a@b.org ๐๘๑-๒๓๔-๕๖๗๘ 1-2345-67890-12-1 AA1234567"}
    for name, body in BODIES.items():
        seeds[name] = ('<Packet xmlns="urn:saphan:packet:1">' + HEADER % name + "<Body>" + body + "</Body>"
                       '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Id="sig"/></Packet>')
    seeds["case-law"] = ('<Packet xmlns="urn:saphan:packet:1">' + HEADER % "case-law" + '<Body><caseLaw><document form="akn">'
                         + JUDGMENT + "</document></caseLaw></Body></Packet>")
    for name, text in seeds.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as out:
            out.write(text)


main(sys.argv[1])
