#include "attack.h"

#include <stdio.h>

#include "base/codec.h"

int test_downgrade(void);

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
    RUN_ED25519(rows);
}
int test_downgrade(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrapping_s17_transforms_outside_the_list_are_refused),
        cmocka_unit_test(wrapping_s18_too_much_in_a_signature_is_refused),
        cmocka_unit_test(wrapping_s19_downgraded_algorithm_is_refused),
    };
    return cmocka_run_group_tests_name("downgrade", tests, kit_start, kit_stop);
}
