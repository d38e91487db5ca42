#include "attack.h"

#include <stdio.h>

#include "base/codec.h"

int test_sets(void);

/* Three sets that must be one: what PartInfo lists, what is signed, what is encrypted; and one key
 * for each purpose. security.md 2.5 S-13, S-20, S-22 and 2.6 E-04, E-06, E-08. */

/** Encrypted and in the MIME body, but left out of the signature. */
static void encrypted_not_signed(struct kit_msg *msg)
{
    char *ref = kit_cut(msg, "<ds:Reference URI=\"cid:", "</ds:Reference>");
    sph_str_free(&ref);
}

/** Signed and in the MIME body, but its EncryptedData and DataReference left out. */
static void signed_not_encrypted(struct kit_msg *msg)
{
    char *data = kit_cut(msg, "<xenc:EncryptedData ", "</xenc:EncryptedData>");
    char *ref = kit_cut(msg, "<xenc:DataReference URI=\"#ED-1\">", "</xenc:DataReference>");
    sph_str_free(&data);
    sph_str_free(&ref);
}

/** Encrypted, signed, in the MIME body, but no PartInfo tells of it. */
static void not_announced(struct kit_msg *msg)
{
    char *info = kit_cut(msg, "<eb:PartInfo ", "</eb:PartInfo>");
    sph_str_free(&info);
}

/** Announced and signed, but EncryptedData names the other part a second time. */
static void encrypts_the_other(struct kit_msg *msg)
{
    char *first = kit_cut(msg, "<xenc:EncryptedData ", "</xenc:EncryptedData>");
    char *second = kit_copy(msg, "<xenc:CipherReference URI=\"", "\">");
    memcpy(strstr(first, "<xenc:CipherReference URI=\""), second,
           strlen(second)); /* equal lengths */
    kit_insert_before(msg, "<xenc:EncryptedData ", first);
    sph_str_free(&first);
    sph_str_free(&second);
}

static void sets_s13_part_signed_and_encrypted_are_one_set(void **state)
{
    (void)state;
    static const struct attack rows[] = {
        {"S-13 encrypted, not signed", encrypted_not_signed, BY_SENDER, SPH_EBMS_0103,
         "dsig.part-unsigned", 2},
        {"S-13 signed, not encrypted", signed_not_encrypted, BY_SENDER, SPH_EBMS_0103,
         "xenc.part-plain", 2},
        {"S-13 not announced", not_announced, BY_SENDER, SPH_EBMS_0007, "mime.unannounced", 2},
        {"S-13 one part twice", encrypts_the_other, BY_SENDER, SPH_EBMS_0103, "xenc.repeated", 2},
    };
    RUN(rows);
}

/* ------------------------------------------------------------------ S-20, S-22 */

/** KeyInfo that names a good certificate of the party, but not the one whose key signed. */
static void sets_s20_key_info_that_names_another_key_is_refused(void **state)
{
    (void)state;
    for (unsigned suite = 0; suite < SPH_SUITE_COUNT; suite++) {
        const struct kit *k = kit_of((enum sph_suite)suite);
        for (unsigned form = 0; form < 4; form++) {
            sph_err err = {0};
            struct kit_msg msg;
            SPH_AUTO_PTR(sph_key) *key = NULL;
            SPH_AUTO_PTR(sph_cert) *second = NULL;
            struct kit_party crossed = k->there; /* signs with one key and names the other */
            kit_good(sph_key_generate(sph_suite_sign_kind(k->suite), &key, &err), &err);
            kit_good(sph_cert_issue_leaf(k->there.root_key, k->there.root, k->there.name,
                                         sph_key_peek_public(key), SPH_USE_SIGN, sph_random_real(),
                                         KIT_NOW_MS, KIT_DAYS, &second, &err),
                     &err);
            crossed.sign_key = key;
            kit_message(
                k, &(struct kit_wish){.signer = &crossed, .sign_form = (enum sph_token_ref)form},
                &msg);
            kit_expect("S-20 another key of the party", &msg, SPH_EBMS_0101, "dsig.value");
            kit_msg_clear(&msg);
        }
    }
}

/** The TLS client is `there`, whose trust is asked; the message is all of it `other`'s. */
static void sets_s22_message_of_another_party_than_the_tls_client_is_refused(void **state)
{
    (void)state;
    for (unsigned suite = 0; suite < SPH_SUITE_COUNT; suite++) {
        const struct kit *k = kit_of((enum sph_suite)suite);
        struct kit_msg msg;
        kit_message(k, &(struct kit_wish){.signer = &k->other}, &msg);
        kit_replace(&msg, ">there.example</eb:PartyId>", ">other.example</eb:PartyId>");
        kit_resign(&msg, k->other.sign_key);
        kit_expect("S-22", &msg, SPH_EBMS_0101, "signer.path");
        kit_msg_clear(&msg);
    }
}

/* ------------------------------------------------------------------ S-24 */

static bool is_same_text(const char *a, const char *b)
{
    return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

static bool is_same_user(const sph_as4_user *a, const sph_as4_user *b)
{
    bool is_same = a->timestamp_ms == b->timestamp_ms && a->part_count == b->part_count &&
                   a->property_count == b->property_count;
    const char *const pairs[][2] = {{a->message_id, b->message_id},
                                    {a->ref_to, b->ref_to},
                                    {a->from, b->from},
                                    {a->from_type, b->from_type},
                                    {a->to, b->to},
                                    {a->to_type, b->to_type},
                                    {a->from_role, b->from_role},
                                    {a->to_role, b->to_role},
                                    {a->agreement, b->agreement},
                                    {a->service, b->service},
                                    {a->action, b->action},
                                    {a->mpc, b->mpc},
                                    {a->conversation_id, b->conversation_id}};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        is_same = is_same && is_same_text(pairs[i][0], pairs[i][1]);
    for (size_t i = 0; is_same && i < a->part_count; i++)
        is_same = is_same_text(a->part[i].href, b->part[i].href) &&
                  is_same_text(a->part[i].mime_type, b->part[i].mime_type) &&
                  a->part[i].is_gzip == b->part[i].is_gzip;
    return is_same;
}

/** What is read comes from what is verified: whichever octet is changed, a message that still
 * verifies reads as the signed one did. */
static void sets_s24_change_that_verifies_changes_no_value(void **state)
{
    (void)state;
    static const uint8_t flips[] = {0x01, 0x20, 0x80};
    struct kit_msg msg;
    size_t accepted = 0, refused = 0;
    kit_message(kit(), &(struct kit_wish){.parts = 2}, &msg);
    SPH_AUTO_PTR(sph_as4_in) *good = kit_open(&msg);
    const sph_as4_trust trust = kit_trust(kit());
    for (size_t i = 0; i < msg.root.len; i++) {
        sph_as4_fault fault = {0};
        SPH_AUTO_PTR(sph_as4_in) *in = NULL;
        const uint8_t flip = flips[i % 3];
        msg.root.at[i] ^= flip;
        sph_rc rc =
            sph_as4_open_root(sph_buf_peek(&msg.root), sph_limits_default(), &in, &fault, NULL);
        if (rc.code == SPH_OK)
            rc = sph_as4_verify(in, &trust, &fault, NULL);
        msg.root.at[i] ^= flip;
        refused += rc.code != SPH_OK;
        if (rc.code != SPH_OK)
            continue;
        accepted++;
        if (!is_same_user(sph_as4_in_user(good), sph_as4_in_user(in)) ||
            !sph_as4_refs_equal(sph_as4_in_refs(good), sph_as4_in_refs(in)))
            fail_msg("octet %zu changed another value", i);
    }
    print_message("S-24: %zu changes refused, %zu without effect on what is read\n", refused,
                  accepted);
    assert_true(refused > accepted && accepted > 0); /* the EncryptedKey is not signed */
    kit_msg_clear(&msg);
}

/* ------------------------------------------------------------------ E-04, E-06, E-08 */

static void unwrap_as(const struct kit_msg *msg, const struct kit_party *who, sph_as4_parts *parts,
                      sph_as4_in **in)
{
    sph_err err = {0};
    sph_as4_fault fault = {0};
    static sph_buf bytes;
    sph_buf_clear(&bytes);
    bytes = sph_buf_init(1u << 20);
    kit_bytes(msg, &bytes);
    const sph_as4_source source = {.bytes = sph_buf_peek(&bytes)};
    const sph_as4_trust trust = kit_trust(msg->kit);
    const sph_as4_recipient own = {who->encrypt_key, who->encrypt};
    kit_good(sph_as4_open(msg->content_type, &source, sph_limits_default(), in, &fault, &err),
             &err);
    kit_good(sph_as4_verify(*in, &trust, &fault, &err), &err);
    kit_good(sph_as4_unwrap(*in, &own, 1, kit_random(), NULL, NULL, sph_limits_default(), parts,
                            &fault, &err),
             &err);
    sph_buf_clear(&bytes);
}

/** E-04: the same key has the same name, another key another one, and it is not a plain digest. */
static void sets_e04_content_key_has_a_name_of_its_own(void **state)
{
    (void)state;
    static sph_as4_parts first, again, other;
    struct kit_msg one, two;
    SPH_AUTO_PTR(sph_as4_in) *a = NULL, *b = NULL, *c = NULL;
    kit_message(kit(), &(struct kit_wish){0}, &one);
    kit_message(kit(), &(struct kit_wish){0}, &two);
    unwrap_as(&one, &kit()->here, &first, &a);
    unwrap_as(&one, &kit()->here, &again, &b);
    unwrap_as(&two, &kit()->here, &other, &c);
    assert_memory_equal(first.content_key.at, again.content_key.at, sizeof(sph_hash));
    assert_memory_not_equal(first.content_key.at, other.content_key.at, sizeof(sph_hash));
    sph_as4_parts_clear(&first);
    sph_as4_parts_clear(&again);
    sph_as4_parts_clear(&other);
    kit_msg_clear(&one);
    kit_msg_clear(&two);
}

/** E-08: `here` encrypts the sender's message anew to `other`. Everything holds but the signed
 * eb:To, which is what the receiving node asks for before anything else. */
static void sets_e08_forwarded_message_still_names_its_first_recipient(void **state)
{
    (void)state;
    static sph_as4_parts parts;
    struct kit_msg msg;
    SPH_AUTO_PTR(sph_as4_in) *in = NULL;
    kit_message(kit(), &(struct kit_wish){.recipient = &kit()->other}, &msg);
    unwrap_as(&msg, &kit()->other, &parts, &in);
    assert_string_equal(sph_as4_in_user(in)->to, "here.example");
    sph_as4_parts_clear(&parts);
    kit_msg_clear(&msg);
}

#define CURVE "urn:oid:1.2.840.10045.3.1.7"

struct point_row {
    const char *id, *old, *with, *rule;
    enum sph_ebms code;
};

static void sets_e06_p256_agreement_outside_the_form_is_refused(void **state)
{
    (void)state;
    static const struct point_row rows[] = {
        {"P-384", CURVE, "urn:oid:1.3.132.0.34", "xenc.algorithm", SPH_EBMS_0103},
        {"brainpool", CURVE, "urn:oid:1.3.36.3.3.2.8.1.1.7", "xenc.algorithm", SPH_EBMS_0103},
        {"no curve", "<ds11:NamedCurve URI=\"" CURVE "\"></ds11:NamedCurve>", "", "xenc.shape",
         SPH_EBMS_0103},
        {"explicit curve", "ds11:NamedCurve", "ds11:ECParameters", "soap.xml", SPH_EBMS_0009},
        {"x25519", "xmlenc11#ECDH-ES", "xmlenc11#ECDH-SS", "xenc.algorithm", SPH_EBMS_0103},
        {"off the curve", "<ds11:PublicKey>B", "<ds11:PublicKey>BAAA", "xenc.shape", SPH_EBMS_0103},
        {"compressed", "<ds11:PublicKey>B", "<ds11:PublicKey>A", "xenc.shape", SPH_EBMS_0103},
        {"infinity", NULL, "AA==", "xenc.shape", SPH_EBMS_0103},
        {"empty", NULL, "", "xenc.shape", SPH_EBMS_0103},
        {"zero", NULL,
         "BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
         "xenc.shape", SPH_EBMS_0103},
        {"another point of the curve", NULL,
         "BGsX0fLhLEJH+Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT+NC4v4af5uO5+tKfA+eFivOM1drMV7Oy7ZAaDe/UfU=",
         "xenc.key", SPH_EBMS_0102}, /* the base point: a good one, so another secret */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct kit_msg msg;
        char with[256];
        kit_message(kit_of(SPH_SUITE_EDELIVERY_2_0_P256), &(struct kit_wish){0}, &msg);
        char *value = kit_copy(&msg, "<ds11:PublicKey>", "</");
        (void)snprintf(with, sizeof(with), "<ds11:PublicKey>%s</", rows[i].with);
        if (rows[i].old == NULL)
            kit_replace(&msg, value, with);
        else
            kit_replace(&msg, rows[i].old, rows[i].with);
        kit_expect(rows[i].id, &msg, rows[i].code, rows[i].rule);
        sph_str_free(&value);
        kit_msg_clear(&msg);
    }
}

/** S-19 for ECDSA: DER, r or s of 0 or n, 63 and 65 octets. */
static void sets_s19_ecdsa_value_of_another_form_is_refused(void **state)
{
    (void)state;
    static const char zero[] =
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==";
    const struct kit *k = kit_of(SPH_SUITE_EDELIVERY_2_0_P256);
    for (int row = 0; row < 4; row++) {
        sph_err err = {0};
        struct kit_msg msg;
        SPH_AUTO(sph_buf) raw = sph_buf_init(128), text = sph_buf_init(512);
        kit_message(k, &(struct kit_wish){0}, &msg);
        char *old = kit_copy(&msg, "<ds:SignatureValue>", "</ds:SignatureValue>");
        kit_good(sph_buf_add_text(&text, "<ds:SignatureValue>", &err), &err);
        if (row == 0)
            kit_good(sph_key_sign_der(k->there.sign_key, SPH_LIT("any"), &raw, &err), &err);
        else
            kit_good(sph_base64_decode(sph_slice_of(old + 19, strlen(old) - 19 - 20), &raw, &err),
                     &err);
        if (row == 1)
            raw.len--;
        if (row == 2)
            kit_good(sph_buf_add_byte(&raw, 0, &err), &err);
        kit_good(row == 3 ? sph_buf_add_text(&text, zero, &err)
                          : sph_base64_encode(sph_buf_peek(&raw), &text, &err),
                 &err);
        kit_good(sph_buf_add_text(&text, "</ds:SignatureValue>", &err), &err);
        kit_replace(&msg, old, sph_buf_text(&text));
        kit_expect("S-19 ECDSA", &msg, SPH_EBMS_0101, "dsig.value");
        sph_str_free(&old);
        kit_msg_clear(&msg);
    }
}

int test_sets(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_s13_part_signed_and_encrypted_are_one_set),
        cmocka_unit_test(sets_s20_key_info_that_names_another_key_is_refused),
        cmocka_unit_test(sets_s22_message_of_another_party_than_the_tls_client_is_refused),
        cmocka_unit_test(sets_s24_change_that_verifies_changes_no_value),
        cmocka_unit_test(sets_e04_content_key_has_a_name_of_its_own),
        cmocka_unit_test(sets_e08_forwarded_message_still_names_its_first_recipient),
        cmocka_unit_test(sets_e06_p256_agreement_outside_the_form_is_refused),
        cmocka_unit_test(sets_s19_ecdsa_value_of_another_form_is_refused),
    };
    return cmocka_run_group_tests_name("sets", tests, kit_start, kit_stop);
}
