#include "kit.h"

#include <stdio.h>

#include "base/codec.h"

int test_wrapping(void);

/* security.md 2.5. Every row: take a good message, attack it, expect the code and the rule by name.
 * Where the attacker may own a key the message is signed anew; where not, the signature stays the
 * one of the good message. */

static const struct kit *kit(void)
{
    return kit_of(SPH_SUITE_EDELIVERY_2_0_ED25519);
}

#define PING SIZE_MAX /* a message without parts */

enum sign { KEPT, BY_SENDER, BY_OTHER };

struct attack {
    const char *id;
    void (*change)(struct kit_msg *msg);
    enum sign sign;
    enum sph_ebms code;
    const char *rule;
    size_t parts;
};

static void run(const struct attack *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct kit_msg msg;
        const bool is_ping = rows[i].parts == PING;
        kit_message(kit(),
                    &(struct kit_wish){.parts = is_ping ? 0 : rows[i].parts, .is_ping = is_ping},
                    &msg);
        rows[i].change(&msg);
        if (rows[i].sign != KEPT)
            kit_resign(&msg,
                       rows[i].sign == BY_SENDER ? kit()->there.sign_key : kit()->other.sign_key);
        kit_expect(rows[i].id, &msg, rows[i].code, rows[i].rule);
        kit_msg_clear(&msg);
    }
}
#define RUN(rows) run(rows, sizeof(rows) / sizeof(rows[0]))

#define MESSAGING "<eb:Messaging", "</eb:Messaging>"
#define SIGNATURE "<ds:Signature ", "</ds:Signature>"

/** A copy of Messaging with another action and another id. */
static char *forged(struct kit_msg *msg)
{
    char *text = kit_copy(msg, MESSAGING);
    char *action = strstr(text, ">a2<"), *id = strstr(text, "wsu:Id=\"_m");
    assert_non_null(id);
    if (action != NULL) /* a ping has another one */
        action[2] = '9';
    id[9] = 'x';
    return text;
}

static void forge_and_keep(struct kit_msg *msg, const char *original_before)
{
    char *fake = forged(msg), *original = kit_cut(msg, MESSAGING);
    kit_insert_after(msg, "<env:Header>", fake);
    kit_insert_before(msg, original_before, original);
    sph_str_free(&fake);
    sph_str_free(&original);
}

static void s01_sibling_of_signature(struct kit_msg *msg)
{
    forge_and_keep(msg, "<ds:Signature ");
}

static void s01_child_of_signature(struct kit_msg *msg)
{
    forge_and_keep(msg, "</ds:Signature>");
}

static void s02_forged_first(struct kit_msg *msg)
{
    char *fake = forged(msg);
    kit_insert_before(msg, "<eb:Messaging", fake);
    sph_str_free(&fake);
}

static void s02_original_inside_forged(struct kit_msg *msg)
{
    forge_and_keep(msg, "</eb:Messaging>");
}

static void s03_original_at_the_end_of_header(struct kit_msg *msg)
{
    forge_and_keep(msg, "</env:Header>");
}

static void s03_original_at_the_end_of_envelope(struct kit_msg *msg)
{
    forge_and_keep(msg, "</env:Envelope>");
}

static void s04_wrapper(struct kit_msg *msg, const char *must)
{
    char open[128];
    char *fake = forged(msg), *original = kit_cut(msg, MESSAGING);
    (void)snprintf(open, sizeof(open), "<x:Wrapper xmlns:x=\"urn:x\"%s>", must);
    kit_insert_after(msg, "<env:Header>", fake);
    kit_insert_before(msg, "</env:Header>", open);
    kit_insert_before(msg, "</env:Header>", original);
    kit_insert_before(msg, "</env:Header>", "</x:Wrapper>");
    sph_str_free(&fake);
    sph_str_free(&original);
}

static void s04_unknown_header(struct kit_msg *msg)
{
    s04_wrapper(msg, "");
}

static void s04_unknown_header_must_understand(struct kit_msg *msg)
{
    s04_wrapper(msg, " env:mustUnderstand=\"1\"");
}

static void s05_original_in_object(struct kit_msg *msg)
{
    char *fake = forged(msg), *original = kit_cut(msg, MESSAGING);
    kit_insert_after(msg, "<env:Header>", fake);
    kit_insert_before(msg, "</ds:Signature>", "<ds:Object>");
    kit_insert_before(msg, "</ds:Signature>", original);
    kit_insert_before(msg, "</ds:Signature>", "</ds:Object>");
    sph_str_free(&fake);
    sph_str_free(&original);
}

static void s05_empty_object(struct kit_msg *msg)
{
    kit_insert_before(msg, "</ds:Signature>", "<ds:Object></ds:Object>");
}

static void s06_two_signed_infos(struct kit_msg *msg)
{
    char *info = kit_copy(msg, "<ds:SignedInfo", "</ds:SignedInfo>");
    kit_insert_after(msg, "</ds:SignedInfo>", info);
    sph_str_free(&info);
}

static void s06_two_signature_values(struct kit_msg *msg)
{
    char *value = kit_copy(msg, "<ds:SignatureValue", "</ds:SignatureValue>");
    kit_insert_after(msg, "</ds:SignatureValue>", value);
    sph_str_free(&value);
}

static void s06_comment_in_digest(struct kit_msg *msg)
{
    kit_insert_after(msg, "<ds:DigestValue>", "<!--x-->");
}

static void s06_element_in_digest(struct kit_msg *msg)
{
    kit_insert_after(msg, "<ds:DigestValue>", "<x></x>");
}

static void s07_two_bodies(struct kit_msg *msg)
{
    kit_insert_before(msg, "</env:Envelope>", "<env:Body></env:Body>");
}

static void s07_foreign_body(struct kit_msg *msg)
{
    kit_insert_before(msg, "<env:Body", "<b:Body xmlns:b=\"urn:b\"></b:Body>");
}

static void s07_body_with_content(struct kit_msg *msg)
{
    kit_insert_before(msg, "</env:Body>", "<x></x>");
}

static void s07_body_with_text(struct kit_msg *msg)
{
    kit_insert_before(msg, "</env:Body>", "text");
}

static void s07_body_with_fault(struct kit_msg *msg)
{
    kit_insert_before(msg, "</env:Body>", "<env:Fault></env:Fault>");
}

static void s07_envelope_in_envelope(struct kit_msg *msg)
{
    kit_insert_before(msg, "<env:Envelope",
                      "<e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\">");
    kit_insert_after(msg, "</env:Envelope>", "</e:Envelope>");
}

static void s08_two_securities(struct kit_msg *msg)
{
    kit_insert_before(msg, "</env:Header>",
                      "<s:Security xmlns:s=\"http://docs.oasis-open.org/wss/2004/01/"
                      "oasis-200401-wss-wssecurity-secext-1.0.xsd\"></s:Security>");
}

static void s08_security_for_a_role(struct kit_msg *msg)
{
    kit_insert_after(msg, "<wsse:Security", " env:role=\"urn:other\"");
}

static void s09_two_signatures(struct kit_msg *msg)
{
    char *text = kit_copy(msg, SIGNATURE), *id = strstr(text, "Id=\"SIG-");
    id[4] = 'T';
    kit_insert_after(msg, "</ds:Signature>", text);
    sph_str_free(&text);
}

static void s10_reference_spelled_differently(struct kit_msg *msg)
{
    kit_replace(msg, "<ds:Reference URI=\"cid:", "<ds:Reference URI=\"CID:");
}

static void s10_cipher_reference_spelled_differently(struct kit_msg *msg)
{
    kit_replace(msg, "<xenc:CipherReference URI=\"cid:", "<xenc:CipherReference URI=\"cid:%00");
}

/** Point the reference to Messaging somewhere else. */
static void s12_reference(struct kit_msg *msg, const char *uri)
{
    char with[200];
    char *old = kit_copy(msg, "<ds:Reference URI=\"#_m", "\">");
    (void)snprintf(with, sizeof(with), "<ds:Reference URI=\"%s\">", uri);
    kit_replace(msg, old, with);
    sph_str_free(&old);
}

static void s12_token_only(struct kit_msg *msg)
{
    char *id = kit_copy(msg, "<wsse:Reference URI=\"#X509-", "\"");
    char *from = strchr(id, '#');
    from[strlen(from) - 1] = 0;
    s12_reference(msg, from);
    sph_str_free(&id);
}

static void s12_empty_uri(struct kit_msg *msg)
{
    s12_reference(msg, "");
}

static void s12_xpointer(struct kit_msg *msg)
{
    s12_reference(msg, "#xpointer(/)");
}

static void s12_external(struct kit_msg *msg)
{
    s12_reference(msg, "http://evil.example/x");
}

static void s12_messaging_left_out(struct kit_msg *msg)
{
    char *cut = kit_cut(msg, "<ds:Reference URI=\"#_m", "</ds:Reference>");
    sph_str_free(&cut);
}

static void s12_body_left_out(struct kit_msg *msg)
{
    char *cut = kit_cut(msg, "<ds:Reference URI=\"#_b", "</ds:Reference>");
    sph_str_free(&cut);
}

static void s12_body_twice(struct kit_msg *msg)
{
    char *copy = kit_copy(msg, "<ds:Reference URI=\"#_b", "</ds:Reference>");
    kit_insert_before(msg, "</ds:SignedInfo>", copy);
    sph_str_free(&copy);
}

static void s12_part_twice(struct kit_msg *msg)
{
    char *copy = kit_copy(msg, "<ds:Reference URI=\"cid:", "</ds:Reference>");
    kit_insert_before(msg, "</ds:SignedInfo>", copy);
    sph_str_free(&copy);
}

static void s12_third_element(struct kit_msg *msg)
{
    char *one = kit_copy(msg, "<ds:Reference URI=\"#_b", "</ds:Reference>");
    kit_insert_after(msg, "<wsse:Security", " xml:id=\"xsec\"");
    kit_insert_before(msg, "</ds:SignedInfo>", "<ds:Reference URI=\"#xsec\">");
    kit_insert_before(msg, "</ds:SignedInfo>", strchr(one, '>') + 1);
    sph_str_free(&one);
}

static void s13_unsigned_part_info(struct kit_msg *msg)
{
    char *copy = kit_copy(msg, "<ds:Reference URI=\"cid:", "</ds:Reference>");
    kit_replace(msg, copy, "");
    sph_str_free(&copy);
}

static void s15_receipt_as_host(struct kit_msg *msg)
{
    char *fake = forged(msg), *original = kit_cut(msg, MESSAGING);
    char *end = strstr(fake, "<eb:UserMessage");
    *end = 0;
    kit_insert_after(msg, "<env:Header>", "</eb:Receipt></eb:SignalMessage></eb:Messaging>");
    kit_insert_after(msg, "<env:Header>", original);
    kit_insert_after(
        msg, "<env:Header>",
        "<eb:SignalMessage><eb:MessageInfo><eb:Timestamp>2026-11-18T00:00:00Z</eb:Timestamp>"
        "<eb:MessageId>a@b</eb:MessageId></eb:MessageInfo><eb:Receipt>");
    kit_insert_after(msg, "<env:Header>", fake);
    sph_str_free(&fake);
    sph_str_free(&original);
}

static void duplicate_id(struct kit_msg *msg)
{
    char *id = kit_copy(msg, "wsu:Id=\"_m", "\"");
    char again[128];
    (void)snprintf(again, sizeof(again), " Id=\"%s", id + strlen("wsu:Id=\""));
    kit_insert_after(msg, "<wsse:Security", again);
    sph_str_free(&id);
}

static void changed_after_signing(struct kit_msg *msg)
{
    kit_replace(msg, ">here.example<", ">evil.example<");
}

static void unchanged(struct kit_msg *msg)
{
    (void)msg;
}

static void wrapping_s01_to_s05_moved_messaging_is_refused(void **state)
{
    (void)state;
    static const struct attack rows[] = {
        {"S-01 sibling of Signature", s01_sibling_of_signature, KEPT, SPH_EBMS_0103,
         "wss.unknown-child", 1},
        {"S-01 child of Signature", s01_child_of_signature, KEPT, SPH_EBMS_0103, "dsig.shape", 1},
        {"S-02 forged first", s02_forged_first, KEPT, SPH_EBMS_0009, "soap.messaging", 1},
        {"S-02 original inside", s02_original_inside_forged, KEPT, SPH_EBMS_0009, "header.schema",
         1},
        {"S-03 end of Header", s03_original_at_the_end_of_header, KEPT, SPH_EBMS_0009,
         "soap.messaging", 1},
        {"S-03 end of Envelope", s03_original_at_the_end_of_envelope, KEPT, SPH_EBMS_0009,
         "soap.envelope", 1},
        {"S-04 wrapper", s04_unknown_header, KEPT, SPH_EBMS_0103, "dsig.wrong-node", 1},
        {"S-04 mustUnderstand", s04_unknown_header_must_understand, KEPT, SPH_EBMS_0008,
         "soap.must-understand", 1},
        {"S-05 in Object", s05_original_in_object, KEPT, SPH_EBMS_0103, "dsig.shape", 1},
        {"S-05 Object", s05_empty_object, KEPT, SPH_EBMS_0103, "dsig.shape", 1},
        {"D11 duplicate Id", duplicate_id, KEPT, SPH_EBMS_0009, "soap.duplicate-id", 1},
    };
    RUN(rows);
}

static void wrapping_s06_to_s09_doubled_elements_are_refused(void **state)
{
    (void)state;
    static const struct attack rows[] = {
        {"S-06 two SignedInfo", s06_two_signed_infos, KEPT, SPH_EBMS_0103, "dsig.shape", 1},
        {"S-06 two SignatureValue", s06_two_signature_values, KEPT, SPH_EBMS_0103, "dsig.shape", 1},
        {"S-06 comment in DigestValue", s06_comment_in_digest, KEPT, SPH_EBMS_0009, "soap.xml", 1},
        {"S-06 element in DigestValue", s06_element_in_digest, KEPT, SPH_EBMS_0103, "dsig.shape",
         1},
        {"S-07 two Bodies", s07_two_bodies, KEPT, SPH_EBMS_0009, "soap.envelope", 1},
        {"S-07 foreign Body", s07_foreign_body, KEPT, SPH_EBMS_0009, "soap.envelope", 1},
        {"S-07 Body with element", s07_body_with_content, BY_SENDER, SPH_EBMS_0009, "soap.body", 1},
        {"S-07 Body with text", s07_body_with_text, BY_SENDER, SPH_EBMS_0009, "soap.body", 1},
        {"S-07 Body with Fault", s07_body_with_fault, BY_SENDER, SPH_EBMS_0009, "soap.body", 1},
        {"S-07 nested Envelope", s07_envelope_in_envelope, KEPT, SPH_EBMS_0009, "soap.envelope", 1},
        {"S-08 two Security", s08_two_securities, KEPT, SPH_EBMS_0009, "soap.security", 1},
        {"S-08 for a role", s08_security_for_a_role, KEPT, SPH_EBMS_0009, "soap.security", 1},
        {"S-09 two Signatures", s09_two_signatures, KEPT, SPH_EBMS_0103, "wss.unsigned", 1},
    };
    RUN(rows);
}

static void wrapping_s10_to_s13_reference_set_that_differs_is_refused(void **state)
{
    (void)state;
    static const struct attack rows[] = {
        {"S-10 Reference", s10_reference_spelled_differently, BY_SENDER, SPH_EBMS_0103,
         "dsig.wrong-node", 1},
        {"S-10 CipherReference", s10_cipher_reference_spelled_differently, KEPT, SPH_EBMS_0103,
         "xenc.foreign-cid", 1},
        {"S-12 token only", s12_token_only, BY_SENDER, SPH_EBMS_0103, "dsig.wrong-node", 1},
        {"S-12 empty URI", s12_empty_uri, BY_SENDER, SPH_EBMS_0103, "dsig.wrong-node", 1},
        {"S-12 XPointer", s12_xpointer, BY_SENDER, SPH_EBMS_0103, "dsig.wrong-node", 1},
        {"S-12 external", s12_external, BY_SENDER, SPH_EBMS_0103, "dsig.wrong-node", 1},
        {"S-12 Messaging left out", s12_messaging_left_out, BY_SENDER, SPH_EBMS_0103,
         "dsig.header-unsigned", 1},
        {"S-12 Body left out", s12_body_left_out, BY_SENDER, SPH_EBMS_0103, "dsig.header-unsigned",
         1},
        {"S-12 Body twice", s12_body_twice, BY_SENDER, SPH_EBMS_0103, "dsig.repeated", 1},
        {"S-12 part twice", s12_part_twice, BY_SENDER, SPH_EBMS_0103, "dsig.repeated", 1},
        {"S-12 third element", s12_third_element, BY_SENDER, SPH_EBMS_0103, "dsig.wrong-node", 1},
        {"S-13 unsigned part", s13_unsigned_part_info, BY_SENDER, SPH_EBMS_0103,
         "dsig.part-unsigned", 2},
        {"S-15 Receipt as host", s15_receipt_as_host, KEPT, SPH_EBMS_0103, "dsig.wrong-node", PING},
        {"changed header", changed_after_signing, KEPT, SPH_EBMS_0101, "dsig.digest", 1},
        {"signed by another party", unchanged, BY_OTHER, SPH_EBMS_0101, "dsig.value", 1},
    };
    RUN(rows);
}

/* ------------------------------------------------------------------ S-11, S-14: parts of other
 * messages */

static void wrapping_s11_swapped_parts_fail_and_order_is_the_signed_one(void **state)
{
    (void)state;
    struct kit_msg msg;
    kit_message(kit(), &(struct kit_wish){.parts = 3}, &msg);
    /* exchange the Content-IDs of the MIME parts: equal lengths, ids of 32 hex digits */
    size_t at[2], n = 0;
    for (size_t i = 0; n < 2; n++, i = at[n - 1] + 1)
        at[n] = sph_slice_find(sph_buf_peek(&msg.after), SPH_LIT("Content-ID: <"), i) + 13;
    for (size_t i = 0; i < 32; i++) {
        const uint8_t c = msg.after.at[at[0] + i];
        msg.after.at[at[0] + i] = msg.after.at[at[1] + i];
        msg.after.at[at[1] + i] = c;
    }
    kit_expect("S-11 bytes exchanged", &msg, SPH_EBMS_0101, "dsig.part-digest");
    kit_msg_clear(&msg);
    kit_message(kit(), &(struct kit_wish){.parts = 2}, &msg);
    char *first = kit_cut(&msg, "<eb:PartInfo", "</eb:PartInfo>");
    kit_insert_before(&msg, "</eb:PayloadInfo>", first);
    kit_expect("S-11 PartInfo order", &msg, SPH_EBMS_0101, "dsig.digest");
    sph_str_free(&first);
    kit_msg_clear(&msg);
}

static void wrapping_s14_parts_of_another_message_fail(void **state)
{
    (void)state;
    struct kit_msg old, new;
    sph_as4_fault fault = {0};
    kit_message(kit(), &(struct kit_wish){0}, &old);
    kit_message(kit(), &(struct kit_wish){.first = SPH_LIT("other octets")}, &new);
    /* old header, new parts: ids do not match; with the ids made to match, the key does not */
    SPH_AUTO(sph_buf) mixed = sph_buf_init(1u << 20);
    sph_err err = {0};
    kit_good(sph_buf_add(&mixed, sph_buf_peek(&new.before), &err), &err);
    kit_good(sph_buf_add(&mixed, sph_buf_peek(&old.root), &err), &err);
    kit_good(sph_buf_add(&mixed, sph_buf_peek(&new.after), &err), &err);
    assert_false(kit_judge_bytes(kit(), new.content_type, sph_buf_peek(&mixed), &fault));
    assert_string_equal(fault.rule, "header.part-missing");
    kit_msg_clear(&old);
    kit_msg_clear(&new);
}

/* ------------------------------------------------------------------ S-16: name spaces */

static void s16_prefix_above(struct kit_msg *msg)
{
    kit_insert_after(msg, "<env:Header", " xmlns:unused=\"urn:unused\"");
}

static void s16_default_above(struct kit_msg *msg)
{
    kit_insert_after(msg, "<env:Header", " xmlns=\"urn:default\"");
}

static void s16_renamed_prefix(struct kit_msg *msg)
{
    kit_replace(
        msg, "<eb:Action>",
        "<q:Action xmlns:q=\"http://docs.oasis-open.org/ebxml-msg/ebms/v3.0/ns/core/200704/\">");
    kit_replace(msg, "</eb:Action>", "</q:Action>");
}

static void s16_prefix_list_added(struct kit_msg *msg)
{
    kit_replace(
        msg, "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:Transform>",
        "<ds:Transform "
        "Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"><ec:InclusiveNamespaces "
        "xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" "
        "PrefixList=\"env\"></ec:InclusiveNamespaces></ds:Transform>");
}

/** Exclusive C14N: what is not visibly used does not matter; what is does. */
static void wrapping_s16_name_space_changes_are_seen(void **state)
{
    (void)state;
    static void (*const harmless[])(struct kit_msg *) = {s16_prefix_above, s16_default_above};
    for (size_t i = 0; i < 2; i++) {
        struct kit_msg msg;
        sph_as4_fault fault = {0};
        kit_message(kit(), &(struct kit_wish){0}, &msg);
        harmless[i](&msg);
        if (!kit_judge(&msg, &fault))
            fail_msg("harmless %zu refused: %s", i, fault.rule);
        kit_msg_clear(&msg);
    }
    static const struct attack rows[] = {
        {"S-16 renamed prefix", s16_renamed_prefix, KEPT, SPH_EBMS_0101, "dsig.digest", 1},
        {"S-16 PrefixList", s16_prefix_list_added, KEPT, SPH_EBMS_0101, "dsig.value", 1},
    };
    RUN(rows);
}

/* ------------------------------------------------------------------ S-17, S-18, S-19: transforms,
 * counts, algorithms */

#define EXC "Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\""
#define SWA_SIGN                                                                                   \
    "http://docs.oasis-open.org/wss/"                                                              \
    "oasis-wss-SwAProfile-1.1#Attachment-Content-Signature-Transform"

static void transform(struct kit_msg *msg, const char *old, const char *with)
{
    char from[200], to[300];
    (void)snprintf(from, sizeof(from), "<ds:Transform Algorithm=\"%s\"></ds:Transform>", old);
    (void)snprintf(to, sizeof(to), "%s", with);
    kit_replace(msg, from, to);
}

#define TRANSFORM(name, old, with)                                                                 \
    static void name(struct kit_msg *msg)                                                          \
    {                                                                                              \
        transform(msg, old, with);                                                                 \
    }
#define C14N_URI "http://www.w3.org/2001/10/xml-exc-c14n#"
#define T(uri) "<ds:Transform Algorithm=\"" uri "\"></ds:Transform>"
TRANSFORM(s17_xslt, C14N_URI, T("http://www.w3.org/TR/1999/REC-xslt-19991116"))
TRANSFORM(s17_xpath, C14N_URI, T("http://www.w3.org/TR/1999/REC-xpath-19991116"))
TRANSFORM(s17_filter2, C14N_URI, T("http://www.w3.org/2002/06/xmldsig-filter2"))
TRANSFORM(s17_base64, C14N_URI, T("http://www.w3.org/2000/09/xmldsig#base64"))
TRANSFORM(s17_decrypt, C14N_URI, T("http://www.w3.org/2002/07/decrypt#XML"))
TRANSFORM(s17_inclusive, C14N_URI, T("http://www.w3.org/TR/2001/REC-xml-c14n-20010315"))
TRANSFORM(s17_comments, C14N_URI, T("http://www.w3.org/2001/10/xml-exc-c14n#WithComments"))
TRANSFORM(s17_enveloped, C14N_URI, T("http://www.w3.org/2000/09/xmldsig#enveloped-signature"))
TRANSFORM(s17_enveloped_too, C14N_URI,
          T("http://www.w3.org/2000/09/xmldsig#enveloped-signature") T(C14N_URI))
TRANSFORM(s17_none, C14N_URI, "")
TRANSFORM(s17_twice, C14N_URI, T(C14N_URI) T(C14N_URI))
TRANSFORM(s17_swa_for_header, C14N_URI, T(SWA_SIGN))
TRANSFORM(s17_complete, SWA_SIGN,
          T("http://docs.oasis-open.org/wss/"
            "oasis-wss-SwAProfile-1.1#Attachment-Complete-Signature-Transform"))
TRANSFORM(s17_c14n_for_part, SWA_SIGN, T(C14N_URI))

static void s17_hundred(struct kit_msg *msg)
{
    for (size_t i = 0; i < 100; i++)
        kit_insert_after(msg, "<ds:Transforms>", T(C14N_URI));
}

static void s18_thousand_references(struct kit_msg *msg)
{
    char *one = kit_copy(msg, "<ds:Reference URI=\"#_b", "</ds:Reference>");
    for (size_t i = 0; i < 33; i++) /* 36 with the three there are */
        kit_insert_before(msg, "</ds:SignedInfo>", one);
    sph_str_free(&one);
}

static void s18_manifest(struct kit_msg *msg)
{
    kit_insert_before(msg, "</ds:SignedInfo>", "<ds:Manifest></ds:Manifest>");
}

static void s18_retrieval(struct kit_msg *msg)
{
    char *old = kit_cut(msg, "<ds:KeyInfo><wsse:SecurityTokenReference><wsse:Reference URI=\"#X509",
                        "</ds:KeyInfo>");
    sph_str_free(&old);
    kit_insert_before(
        msg, "</ds:Signature>",
        "<ds:KeyInfo><ds:RetrievalMethod URI=\"#x\"></ds:RetrievalMethod></ds:KeyInfo>");
}

static void replace_algorithm(struct kit_msg *msg, const char *element, const char *uri)
{
    char from[64], to[200];
    (void)snprintf(from, sizeof(from), "<ds:%s Algorithm=\"", element);
    char *old = kit_copy(msg, from, "\">");
    (void)snprintf(to, sizeof(to), "%s%s\">", from, uri);
    kit_replace(msg, old, to);
    sph_str_free(&old);
}
#define METHOD(name, uri)                                                                          \
    static void name(struct kit_msg *msg)                                                          \
    {                                                                                              \
        replace_algorithm(msg, "SignatureMethod", uri);                                            \
    }
METHOD(s19_rsa_sha1, "http://www.w3.org/2000/09/xmldsig#rsa-sha1")
METHOD(s19_hmac, "http://www.w3.org/2000/09/xmldsig#hmac-sha1")
METHOD(s19_hmac256, "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")
METHOD(s19_dsa, "http://www.w3.org/2009/xmldsig11#dsa-sha256")
METHOD(s19_rsa, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256")
METHOD(s19_ecdsa, "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256")
METHOD(s19_ed448, "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed448")

static void s19_sha1_digest(struct kit_msg *msg)
{
    replace_algorithm(msg, "DigestMethod", "http://www.w3.org/2000/09/xmldsig#sha1");
}

static void s19_inclusive_signed_info(struct kit_msg *msg)
{
    replace_algorithm(msg, "CanonicalizationMethod",
                      "http://www.w3.org/TR/2001/REC-xml-c14n-20010315");
}

static void s19_output_length(struct kit_msg *msg)
{
    kit_insert_before(msg, "</ds:SignatureMethod>", "<ds:HMACOutputLength>0</ds:HMACOutputLength>");
}

static void s19_empty_value(struct kit_msg *msg)
{
    char *old = kit_copy(msg, "<ds:SignatureValue>", "</ds:SignatureValue>");
    kit_replace(msg, old, "<ds:SignatureValue></ds:SignatureValue>");
    sph_str_free(&old);
}

/** S of an Ed25519 signature raised by the group order: another value for the same signature. */
static void s19_non_canonical_s(struct kit_msg *msg)
{
    static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
                                      0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
                                      0,    0,    0,    0,    0,    0,    0,    0,
                                      0,    0,    0,    0,    0,    0,    0,    0x10};
    sph_err err = {0};
    char *old = kit_copy(msg, "<ds:SignatureValue>", "</ds:SignatureValue>");
    SPH_AUTO(sph_buf) value = sph_buf_init(64), text = sph_buf_init(256);
    const size_t head = strlen("<ds:SignatureValue>");
    kit_good(sph_base64_decode(sph_slice_of(old + head, strlen(old) - 2 * head - 1), &value, &err),
             &err);
    unsigned carry = 0;
    for (size_t i = 0; i < 32; i++) {
        carry += value.at[32 + i] + (unsigned)order[i];
        value.at[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    kit_good(sph_buf_add_text(&text, "<ds:SignatureValue>", &err), &err);
    kit_good(sph_base64_encode(sph_buf_peek(&value), &text, &err), &err);
    kit_good(sph_buf_add_text(&text, "</ds:SignatureValue>", &err), &err);
    kit_replace(msg, old, sph_buf_text(&text));
    sph_str_free(&old);
}

static void wrapping_s17_transforms_outside_the_list_are_refused(void **state)
{
    (void)state;
    static const struct attack rows[] = {
        {"S-17 XSLT", s17_xslt, BY_SENDER, SPH_EBMS_0103, "dsig.algorithm", 1},
        {"S-17 XPath", s17_xpath, BY_SENDER, SPH_EBMS_0103, "dsig.algorithm", 1},
        {"S-17 filter2", s17_filter2, BY_SENDER, SPH_EBMS_0103, "dsig.algorithm", 1},
        {"S-17 base64", s17_base64, BY_SENDER, SPH_EBMS_0103, "dsig.algorithm", 1},
        {"S-17 decrypt", s17_decrypt, BY_SENDER, SPH_EBMS_0103, "dsig.algorithm", 1},
        {"S-17 inclusive C14N", s17_inclusive, BY_SENDER, SPH_EBMS_0103, "dsig.algorithm", 1},
        {"S-17 with comments", s17_comments, BY_SENDER, SPH_EBMS_0103, "dsig.algorithm", 1},
        {"S-17 enveloped", s17_enveloped, BY_SENDER, SPH_EBMS_0103, "dsig.algorithm", 1},
        {"S-17 enveloped + C14N", s17_enveloped_too, BY_SENDER, SPH_EBMS_0103, "dsig.wrong-node",
         1},
        {"S-17 none", s17_none, BY_SENDER, SPH_EBMS_0103, "dsig.shape", 1},
        {"S-17 twice", s17_twice, BY_SENDER, SPH_EBMS_0103, "dsig.algorithm", 1},
        {"S-17 SwA for the header", s17_swa_for_header, BY_SENDER, SPH_EBMS_0103, "dsig.wrong-node",
         1},
        {"S-17 Complete", s17_complete, BY_SENDER, SPH_EBMS_0103, "dsig.algorithm", 1},
        {"S-17 C14N for a part", s17_c14n_for_part, BY_SENDER, SPH_EBMS_0103, "dsig.algorithm", 1},
        {"S-17 hundred", s17_hundred, BY_SENDER, SPH_EBMS_0103, "dsig.shape", 1},
    };
    RUN(rows);
}

static void wrapping_s18_too_much_in_a_signature_is_refused(void **state)
{
    (void)state;
    static const struct attack rows[] = {
        {"S-18 References", s18_thousand_references, KEPT, SPH_EBMS_0103, "dsig.shape", 1},
        {"S-18 Manifest", s18_manifest, KEPT, SPH_EBMS_0103, "dsig.shape", 1},
        {"S-18 RetrievalMethod", s18_retrieval, KEPT, SPH_EBMS_0101, "token.certificate", 1},
    };
    RUN(rows);
}

static void wrapping_s19_downgraded_algorithm_is_refused(void **state)
{
    (void)state;
    static const struct attack rows[] = {
        {"S-19 rsa-sha1", s19_rsa_sha1, BY_SENDER, SPH_EBMS_0103, "dsig.algorithm", 1},
        {"S-19 hmac-sha1", s19_hmac, BY_SENDER, SPH_EBMS_0103, "dsig.algorithm", 1},
        {"S-19 hmac-sha256", s19_hmac256, BY_SENDER, SPH_EBMS_0103, "dsig.algorithm", 1},
        {"S-19 dsa", s19_dsa, BY_SENDER, SPH_EBMS_0103, "dsig.algorithm", 1},
        {"S-19 ed448", s19_ed448, BY_SENDER, SPH_EBMS_0103, "dsig.algorithm", 1},
        {"S-19 rsa of the other suite", s19_rsa, BY_SENDER, SPH_EBMS_0103, "dsig.algorithm", 1},
        {"S-19 ecdsa of another suite", s19_ecdsa, BY_SENDER, SPH_EBMS_0103, "dsig.algorithm", 1},
        {"S-19 sha1 digest", s19_sha1_digest, BY_SENDER, SPH_EBMS_0103, "dsig.algorithm", 1},
        {"S-19 inclusive C14N", s19_inclusive_signed_info, BY_SENDER, SPH_EBMS_0103,
         "dsig.algorithm", 1},
        {"S-19 HMACOutputLength", s19_output_length, KEPT, SPH_EBMS_0103, "dsig.shape", 1},
        {"S-19 empty value", s19_empty_value, KEPT, SPH_EBMS_0101, "dsig.value", 1},
        {"S-19 non-canonical S", s19_non_canonical_s, KEPT, SPH_EBMS_0101, "dsig.value", 1},
    };
    RUN(rows);
}

int test_wrapping(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrapping_s01_to_s05_moved_messaging_is_refused),
        cmocka_unit_test(wrapping_s06_to_s09_doubled_elements_are_refused),
        cmocka_unit_test(wrapping_s10_to_s13_reference_set_that_differs_is_refused),
        cmocka_unit_test(wrapping_s11_swapped_parts_fail_and_order_is_the_signed_one),
        cmocka_unit_test(wrapping_s14_parts_of_another_message_fail),
        cmocka_unit_test(wrapping_s16_name_space_changes_are_seen),
        cmocka_unit_test(wrapping_s17_transforms_outside_the_list_are_refused),
        cmocka_unit_test(wrapping_s18_too_much_in_a_signature_is_refused),
        cmocka_unit_test(wrapping_s19_downgraded_algorithm_is_refused),
    };
    return cmocka_run_group_tests_name("wrapping", tests, kit_start, kit_stop);
}
