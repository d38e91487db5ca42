#include "attack.h"

#include <stdio.h>

#include "base/codec.h"

int test_wrapping(void);

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

static void wrapping_s01_original_moved_into_security_is_refused(void **state)
{
    (void)state;
    static const struct attack rows[] = {
        {"S-01 sibling of Signature", s01_sibling_of_signature, KEPT, SPH_EBMS_0103,
         "wss.unknown-child", 1},
        {"S-01 child of Signature", s01_child_of_signature, KEPT, SPH_EBMS_0103, "dsig.shape", 1},
    };
    RUN(rows);
}

static void wrapping_s02_forged_before_or_around_the_original_is_refused(void **state)
{
    (void)state;
    static const struct attack rows[] = {
        {"S-02 forged first", s02_forged_first, KEPT, SPH_EBMS_0009, "soap.messaging", 1},
        {"S-02 original inside", s02_original_inside_forged, KEPT, SPH_EBMS_0009, "header.schema",
         1},
    };
    RUN(rows);
}

static void wrapping_s03_original_moved_to_the_end_is_refused(void **state)
{
    (void)state;
    static const struct attack rows[] = {
        {"S-03 end of Header", s03_original_at_the_end_of_header, KEPT, SPH_EBMS_0009,
         "soap.messaging", 1},
        {"S-03 end of Envelope", s03_original_at_the_end_of_envelope, KEPT, SPH_EBMS_0009,
         "soap.envelope", 1},
    };
    RUN(rows);
}

static void wrapping_s04_original_in_an_unknown_header_is_refused(void **state)
{
    (void)state;
    static const struct attack rows[] = {
        {"S-04 wrapper", s04_unknown_header, KEPT, SPH_EBMS_0103, "dsig.wrong-node", 1},
        {"S-04 mustUnderstand", s04_unknown_header_must_understand, KEPT, SPH_EBMS_0008,
         "soap.must-understand", 1},
    };
    RUN(rows);
}

static void wrapping_s05_object_host_is_refused(void **state)
{
    (void)state;
    static const struct attack rows[] = {
        {"S-05 in Object", s05_original_in_object, KEPT, SPH_EBMS_0103, "dsig.shape", 1},
        {"S-05 Object", s05_empty_object, KEPT, SPH_EBMS_0103, "dsig.shape", 1},
    };
    RUN(rows);
}

static void wrapping_x11_duplicate_id_is_refused(void **state)
{
    (void)state;
    static const struct attack rows[] = {
        {"D11 duplicate Id", duplicate_id, KEPT, SPH_EBMS_0009, "soap.duplicate-id", 1},
    };
    RUN(rows);
}

static void wrapping_s06_doubled_or_split_signature_parts_are_refused(void **state)
{
    (void)state;
    static const struct attack rows[] = {
        {"S-06 two SignedInfo", s06_two_signed_infos, KEPT, SPH_EBMS_0103, "dsig.shape", 1},
        {"S-06 two SignatureValue", s06_two_signature_values, KEPT, SPH_EBMS_0103, "dsig.shape", 1},
        {"S-06 comment in DigestValue", s06_comment_in_digest, KEPT, SPH_EBMS_0009, "soap.xml", 1},
        {"S-06 element in DigestValue", s06_element_in_digest, KEPT, SPH_EBMS_0103, "dsig.shape",
         1},
    };
    RUN(rows);
}

static void wrapping_s07_second_foreign_or_filled_body_is_refused(void **state)
{
    (void)state;
    static const struct attack rows[] = {
        {"S-07 two Bodies", s07_two_bodies, KEPT, SPH_EBMS_0009, "soap.envelope", 1},
        {"S-07 foreign Body", s07_foreign_body, KEPT, SPH_EBMS_0009, "soap.envelope", 1},
        {"S-07 Body with element", s07_body_with_content, BY_SENDER, SPH_EBMS_0009, "soap.body", 1},
        {"S-07 Body with text", s07_body_with_text, BY_SENDER, SPH_EBMS_0009, "soap.body", 1},
        {"S-07 Body with Fault", s07_body_with_fault, BY_SENDER, SPH_EBMS_0009, "soap.body", 1},
        {"S-07 nested Envelope", s07_envelope_in_envelope, KEPT, SPH_EBMS_0009, "soap.envelope", 1},
    };
    RUN(rows);
}

static void wrapping_s08_second_security_or_one_for_a_role_is_refused(void **state)
{
    (void)state;
    static const struct attack rows[] = {
        {"S-08 two Security", s08_two_securities, KEPT, SPH_EBMS_0009, "soap.security", 1},
        {"S-08 for a role", s08_security_for_a_role, KEPT, SPH_EBMS_0009, "soap.security", 1},
    };
    RUN(rows);
}

static void wrapping_s09_two_signatures_are_refused(void **state)
{
    (void)state;
    static const struct attack rows[] = {
        {"S-09 two Signatures", s09_two_signatures, KEPT, SPH_EBMS_0103, "wss.unsigned", 1},
    };
    RUN(rows);
}

static void wrapping_s10_cid_spelled_differently_is_refused(void **state)
{
    (void)state;
    static const struct attack rows[] = {
        {"S-10 Reference", s10_reference_spelled_differently, BY_SENDER, SPH_EBMS_0103,
         "dsig.wrong-node", 1},
        {"S-10 CipherReference", s10_cipher_reference_spelled_differently, KEPT, SPH_EBMS_0103,
         "xenc.foreign-cid", 1},
    };
    RUN(rows);
}

static void wrapping_s12_reference_to_anything_else_is_refused(void **state)
{
    (void)state;
    static const struct attack rows[] = {
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
    };
    RUN(rows);
}

static void wrapping_s13_unsigned_part_is_refused(void **state)
{
    (void)state;
    static const struct attack rows[] = {
        {"S-13 unsigned part", s13_unsigned_part_info, BY_SENDER, SPH_EBMS_0103,
         "dsig.part-unsigned", 2},
    };
    RUN(rows);
}

static void wrapping_s15_receipt_as_host_is_refused(void **state)
{
    (void)state;
    static const struct attack rows[] = {
        {"S-15 Receipt as host", s15_receipt_as_host, KEPT, SPH_EBMS_0103, "dsig.wrong-node", PING},
    };
    RUN(rows);
}

static void wrapping_changed_or_signed_by_another_is_refused(void **state)
{
    (void)state;
    static const struct attack rows[] = {
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
int test_wrapping(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrapping_s01_original_moved_into_security_is_refused),
        cmocka_unit_test(wrapping_s02_forged_before_or_around_the_original_is_refused),
        cmocka_unit_test(wrapping_s03_original_moved_to_the_end_is_refused),
        cmocka_unit_test(wrapping_s04_original_in_an_unknown_header_is_refused),
        cmocka_unit_test(wrapping_s05_object_host_is_refused),
        cmocka_unit_test(wrapping_x11_duplicate_id_is_refused),
        cmocka_unit_test(wrapping_s06_doubled_or_split_signature_parts_are_refused),
        cmocka_unit_test(wrapping_s07_second_foreign_or_filled_body_is_refused),
        cmocka_unit_test(wrapping_s08_second_security_or_one_for_a_role_is_refused),
        cmocka_unit_test(wrapping_s09_two_signatures_are_refused),
        cmocka_unit_test(wrapping_s10_cid_spelled_differently_is_refused),
        cmocka_unit_test(wrapping_s12_reference_to_anything_else_is_refused),
        cmocka_unit_test(wrapping_s13_unsigned_part_is_refused),
        cmocka_unit_test(wrapping_s15_receipt_as_host_is_refused),
        cmocka_unit_test(wrapping_changed_or_signed_by_another_is_refused),
        cmocka_unit_test(wrapping_s11_swapped_parts_fail_and_order_is_the_signed_one),
        cmocka_unit_test(wrapping_s14_parts_of_another_message_fail),
        cmocka_unit_test(wrapping_s16_name_space_changes_are_seen),
    };
    return cmocka_run_group_tests_name("wrapping", tests, kit_start, kit_stop);
}
