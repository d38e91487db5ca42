#include "kit.h"

#include <stdio.h>

#include "base/codec.h"

int test_encryption(void);

/* security.md 2.6, as far as it lives at this level. */

static const struct kit *ed25519(void)
{
    return kit_of(SPH_SUITE_EDELIVERY_2_0_ED25519);
}

static const struct kit *rsa(void)
{
    return kit_of(SPH_SUITE_EDELIVERY_1_15);
}

/** Replace the content of the first element that starts with `tag`. */
static void set_text(struct kit_msg *msg, const char *tag, const char *text)
{
    char *old = kit_copy(msg, tag, "</");
    char *inner = strchr(old, '>') + 1;
    char with[4096];
    (void)snprintf(with, sizeof(with), "%.*s%s</", (int)(inner - old), old, text);
    kit_replace(msg, old, with);
    sph_str_free(&old);
}

struct row {
    const char *id, *old, *with;
    enum sph_ebms code;
    const char *rule;
};

static void run(const struct kit *kit, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct kit_msg msg;
        kit_message(kit, &(struct kit_wish){0}, &msg);
        if (rows[i].old[0] == '<' && strchr(rows[i].old, ' ') == NULL &&
            strchr(rows[i].old, '>') == NULL)
            set_text(&msg, rows[i].old, rows[i].with);
        else
            kit_replace(&msg, rows[i].old, rows[i].with);
        kit_expect(rows[i].id, &msg, rows[i].code, rows[i].rule);
        kit_msg_clear(&msg);
    }
}
#define RUN(kit, rows) run(kit, rows, sizeof(rows) / sizeof(rows[0]))

static void encryption_e01_any_oaep_failure_looks_like_a_bad_tag(void **state)
{
    (void)state;
    static char zero[600], short_one[] = "AAAA";
    /* 384 zero octets: never a good OAEP block */
    memset(zero, 'A', 512);
    const struct row rows[] = {
        {"E-01 zero", "<xenc:CipherValue", zero, SPH_EBMS_0102, "xenc.content"}};
    RUN(rsa(), rows);
    struct kit_msg msg;
    sph_as4_fault fault = {0};
    kit_message(rsa(), &(struct kit_wish){0}, &msg);
    set_text(&msg, "<xenc:CipherValue", short_one);
    assert_false(kit_judge(&msg, &fault));
    assert_int_equal(fault.code, SPH_EBMS_0102);
    kit_msg_clear(&msg);
}

/** E-02: the tag, the IV and the length, through the part's octets in the MIME body. */
static size_t part_start(const struct kit_msg *msg)
{
    return sph_slice_find(sph_buf_peek(&msg->after), SPH_LIT("\r\n\r\n"), 0) + 4;
}

static size_t part_end(const struct kit_msg *msg)
{
    return sph_slice_find(sph_buf_peek(&msg->after), SPH_LIT("\r\n--=_"), part_start(msg));
}

static void encryption_e02_any_flipped_octet_is_refused(void **state)
{
    (void)state;
    struct kit_msg msg;
    kit_message(ed25519(), &(struct kit_wish){.first = SPH_LIT("a short part")}, &msg);
    const size_t from = part_start(&msg), end = part_end(&msg);
    assert_int_equal(end - from, 12 + 12 + 16);
    for (size_t i = from; i < end; i++) { /* IV, ciphertext and tag */
        msg.after.at[i] ^= 0x40;
        kit_expect("E-02 flip", &msg, SPH_EBMS_0102, "xenc.content");
        msg.after.at[i] ^= 0x40;
    }
    sph_as4_fault fault = {0};
    assert_true(kit_judge(&msg, &fault));
    kit_msg_clear(&msg);
}

static void encryption_e02_any_shortened_part_is_refused(void **state)
{
    (void)state;
    struct kit_msg msg;
    kit_message(ed25519(), &(struct kit_wish){.first = SPH_LIT("a short part")}, &msg);
    const size_t from = part_start(&msg);
    while (part_end(&msg) > from) {
        const size_t end = part_end(&msg);
        for (size_t i = end - 1; i + 1 < msg.after.len; i++)
            msg.after.at[i] = msg.after.at[i + 1];
        msg.after.len--;
        kit_expect("E-02 cut", &msg, SPH_EBMS_0102, "xenc.content");
    }
    kit_msg_clear(&msg);
}

/** A good tag around other octets than were signed: the sender's own header with a part it did not
 * sign. */
static void encryption_good_tag_but_other_octets_is_refused(void **state)
{
    (void)state;
    struct kit_msg msg;
    kit_message(ed25519(), &(struct kit_wish){0}, &msg);
    char *ref = kit_copy(&msg, "<ds:Reference URI=\"cid:", "</ds:Reference>"), *with = NULL;
    sph_err err = {0};
    kit_good(sph_str_dup(sph_slice_str(ref), &with, &err), &err);
    char *digest = strstr(with, "<ds:DigestValue>") + strlen("<ds:DigestValue>");
    digest[0] = digest[0] == 'A' ? 'B' : 'A';
    kit_replace(&msg, ref, with);
    kit_resign(&msg, ed25519()->there.sign_key);
    kit_expect("part digest", &msg, SPH_EBMS_0101, "dsig.part-digest");
    sph_str_free(&ref);
    sph_str_free(&with);
    kit_msg_clear(&msg);
}

#define GCM "Algorithm=\"http://www.w3.org/2009/xmlenc11#aes128-gcm\""
#define CONTENT_ONLY                                                                               \
    "Type=\"http://docs.oasis-open.org/wss/oasis-wss-SwAProfile-1.1#Attachment-Content-Only\""

static void encryption_e03_algorithm_outside_the_suite_is_refused(void **state)
{
    (void)state;
    static const struct row both[] = {
        {"E-03 aes128-cbc", GCM, "Algorithm=\"http://www.w3.org/2001/04/xmlenc#aes128-cbc\"",
         SPH_EBMS_0103, "xenc.algorithm"},
        {"E-03 3des", GCM, "Algorithm=\"http://www.w3.org/2001/04/xmlenc#tripledes-cbc\"",
         SPH_EBMS_0103, "xenc.algorithm"},
        {"E-03 aes256-gcm", GCM, "Algorithm=\"http://www.w3.org/2009/xmlenc11#aes256-gcm\"",
         SPH_EBMS_0103, "xenc.algorithm"},
        {"E-03 Complete", CONTENT_ONLY,
         "Type=\"http://docs.oasis-open.org/wss/oasis-wss-SwAProfile-1.1#Attachment-Complete\"",
         SPH_EBMS_0103, "xenc.algorithm"},
        {"E-03 transform", "#Attachment-Ciphertext-Transform",
         "#Attachment-Content-Signature-Transform", SPH_EBMS_0103, "xenc.algorithm"},
        {"XML part", "MimeType=\"application/gzip\"", "MimeType=\"text/xml\"", SPH_EBMS_0103,
         "xenc.media-type"},
        {"XML part", "MimeType=\"application/gzip\"", "MimeType=\"application/xml\"", SPH_EBMS_0103,
         "xenc.media-type"},
        {"XML part", "MimeType=\"application/gzip\"", "MimeType=\"image/svg+xml\"", SPH_EBMS_0103,
         "xenc.media-type"},
    };
    RUN(ed25519(), both);
    RUN(rsa(), both);
    static const struct row of_rsa[] = {
        {"E-03 rsa-1_5", "xmlenc11#rsa-oaep", "xmlenc11#rsa-1_5", SPH_EBMS_0103, "xenc.algorithm"},
        {"E-03 mgf1p", "http://www.w3.org/2009/xmlenc11#rsa-oaep",
         "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p", SPH_EBMS_0103, "xenc.algorithm"},
        {"E-03 MGF SHA-1", "mgf1sha256", "mgf1sha1", SPH_EBMS_0103, "xenc.algorithm"},
        {"E-03 OAEPparams", "<xenc11:MGF ", "<xenc:OAEPparams>AAAA</xenc:OAEPparams><xenc11:MGF ",
         SPH_EBMS_0103, "xenc.shape"},
    };
    RUN(rsa(), of_rsa);
    static const struct row of_x25519[] = {
        {"E-03 kw-aes256", "kw-aes128", "kw-aes256", SPH_EBMS_0103, "xenc.algorithm"},
        {"E-03 ECDH-ES", "http://www.w3.org/2021/04/xmldsig-more#x25519",
         "http://www.w3.org/2009/xmlenc11#ECDH-ES", SPH_EBMS_0103, "xenc.algorithm"},
        {"E-06 ConcatKDF", "http://www.w3.org/2021/04/xmldsig-more#hkdf",
         "http://www.w3.org/2009/xmlenc11#ConcatKDF", SPH_EBMS_0103, "xenc.algorithm"},
        {"E-06 PRF", "xmldsig-more#hmac-sha256", "xmldsig-more#hmac-sha1", SPH_EBMS_0103,
         "xenc.algorithm"},
        {"E-06 KeyLength 0", "<dsm:KeyLength>16", "<dsm:KeyLength>0", SPH_EBMS_0103,
         "xenc.algorithm"},
        {"E-06 KeyLength 15", "<dsm:KeyLength>16", "<dsm:KeyLength>15", SPH_EBMS_0103,
         "xenc.algorithm"},
        {"E-06 KeyLength 128", "<dsm:KeyLength>16", "<dsm:KeyLength>128", SPH_EBMS_0103,
         "xenc.algorithm"},
        {"E-06 KeyLength 2^31", "<dsm:KeyLength>16", "<dsm:KeyLength>2147483648", SPH_EBMS_0103,
         "xenc.shape"},
    };
    RUN(ed25519(), of_x25519);
}

static void encryption_e04_key_for_another_recipient_is_refused(void **state)
{
    (void)state;
    for (size_t form = 0; form < 4; form++) {
        struct kit_msg msg;
        const struct kit_wish wish = {.recipient = &ed25519()->other,
                                      .encrypt_form = (enum sph_token_ref)form};
        kit_message(ed25519(), &wish, &msg);
        kit_expect("E-04 other recipient", &msg, SPH_EBMS_0102, "xenc.recipient");
        kit_msg_clear(&msg);
    }
}

static void encryption_e04_two_keys_are_refused(void **state)
{
    (void)state;
    struct kit_msg msg;
    kit_message(ed25519(), &(struct kit_wish){0}, &msg);
    char *key = kit_copy(&msg, "<xenc:EncryptedKey", "</xenc:EncryptedKey>");
    char *id = strstr(key, "Id=\"EK-");
    id[4] = 'F';
    kit_insert_before(&msg, "<xenc:EncryptedKey", key);
    kit_expect("E-04 two EncryptedKeys", &msg, SPH_EBMS_0103, "xenc.shape");
    sph_str_free(&key);
    kit_msg_clear(&msg);
}

/** The SPKI of an X25519 key with these 32 octets. */
static void originator(const char *hex, char out[64])
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) spki = sph_buf_init(44), text = sph_buf_init(64);
    kit_good(sph_hex_decode(SPH_LIT("302a300506032b656e032100"), &spki, &err), &err);
    kit_good(sph_hex_decode(sph_slice_str(hex), &spki, &err), &err);
    kit_good(sph_base64_encode(sph_buf_peek(&spki), &text, &err), &err);
    strcpy(out, sph_buf_text(&text));
}

static void encryption_e06_low_order_points_are_refused(void **state)
{
    (void)state;
    /* Points of order 1, 2, 4 and 8 and p, by Wycheproof x25519_test.json and RFC 7748 §6.1's
     * warning. */
    static const char *const points[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };
    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        char text[64];
        originator(points[i], text);
        const struct row row[] = {
            {points[i], "<ds11:DEREncodedKeyValue", text, SPH_EBMS_0102, "xenc.key"}};
        RUN(ed25519(), row);
    }
}

static void encryption_e06_malformed_agreement_is_refused(void **state)
{
    (void)state;
    static char salt[200], big[400];
    memset(salt, 'A', 88); /* 66 octets, limit 64 */
    memset(big, 'A', 344); /* 258 octets of Info, limit 256 */
    (void)strcat(big, "");
    static const struct row rows[] = {
        {"E-06 salt", "<dsm:Salt", salt, SPH_EBMS_0103, "xenc.shape"},
        {"E-06 originator", "<ds11:DEREncodedKeyValue", "AAAA", SPH_EBMS_0103, "xenc.shape"},
        {"E-06 no originator", "<xenc:RecipientKeyInfo", "<x", SPH_EBMS_0103, "xenc.shape"},
    };
    run(ed25519(), rows, 2);
    assert_int_equal(strlen(big), 344);
    struct kit_msg msg;
    kit_message(ed25519(), &(struct kit_wish){0}, &msg);
    kit_insert_before(&msg, "<dsm:KeyLength",
                      "<dsm:Info>AAAA</dsm:Info>"); /* taken, but another key results */
    kit_expect("E-06 Info", &msg, SPH_EBMS_0102, "xenc.key");
    kit_msg_clear(&msg);
}

static void encryption_e07_wrong_key_wrap_is_refused(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"E-07 wrong IV", "<xenc:CipherValue", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", SPH_EBMS_0102,
         "xenc.key"},
        {"E-07 short", "<xenc:CipherValue", "AAAAAAAAAAA=", SPH_EBMS_0102, "xenc.key"},
        {"E-07 empty", "<xenc:CipherValue", "", SPH_EBMS_0102, "xenc.key"},
    };
    struct kit_msg msg;
    for (size_t i = 0; i < 3; i++) {
        sph_as4_fault fault = {0};
        kit_message(ed25519(), &(struct kit_wish){0}, &msg);
        set_text(&msg, rows[i].old, rows[i].with);
        assert_false(kit_judge(&msg, &fault));
        if (fault.code != SPH_EBMS_0102 && fault.code != SPH_EBMS_0103)
            fail_msg("%s: %s", rows[i].id, fault.rule);
        kit_msg_clear(&msg);
    }
}

/** E-09: plain parts; and what is encrypted must be named by the one key, both ways. */
static void encryption_e09_plain_part_or_loose_element_is_refused(void **state)
{
    (void)state;
    struct kit_msg msg;
    char *cut = NULL, *key = NULL;
    kit_message(ed25519(), &(struct kit_wish){0}, &msg);
    cut = kit_cut(&msg, "<xenc:EncryptedData", "</xenc:EncryptedData>");
    kit_expect("E-09 no EncryptedData", &msg, SPH_EBMS_0103, "xenc.part-plain");
    key = kit_cut(&msg, "<xenc:EncryptedKey", "</xenc:EncryptedKey>");
    kit_expect("E-09 encrypt-strip", &msg, SPH_EBMS_0103, "xenc.part-plain");
    sph_str_free(&cut);
    sph_str_free(&key);
    kit_msg_clear(&msg);
    static const struct row rows[] = {
        {"E-09 no DataReference", "<xenc:DataReference URI=\"#ED-1\"></xenc:DataReference>", "",
         SPH_EBMS_0103, "xenc.references"},
        {"E-09 other DataReference", "<xenc:DataReference URI=\"#ED-1\">",
         "<xenc:DataReference URI=\"#ED-2\">", SPH_EBMS_0103, "xenc.references"},
        {"E-09 other key", "<wsse:Reference URI=\"#EK-", "<wsse:Reference URI=\"#EX-",
         SPH_EBMS_0103, "xenc.shape"},
        {"E-09 no method", "<xenc:EncryptionMethod " GCM "></xenc:EncryptionMethod>", "",
         SPH_EBMS_0103, "xenc.shape"},
    };
    RUN(ed25519(), rows);
}

static void encryption_part_encrypted_twice_is_refused(void **state)
{
    (void)state;
    struct kit_msg msg;
    kit_message(ed25519(), &(struct kit_wish){0}, &msg);
    char *data = kit_copy(&msg, "<xenc:EncryptedData", "</xenc:EncryptedData>");
    char *id = strstr(data, "Id=\"ED-1");
    id[7] = '2';
    kit_insert_before(&msg, "<xenc:EncryptedData", data);
    kit_insert_after(&msg, "<xenc:DataReference URI=\"#ED-1\"></xenc:DataReference>",
                     "<xenc:DataReference URI=\"#ED-2\"></xenc:DataReference>");
    kit_expect("twice", &msg, SPH_EBMS_0103, "xenc.repeated");
    sph_str_free(&data);
    kit_msg_clear(&msg);
}

/** A ping carries no part, so nothing may be encrypted; the 0102 text never tells why. */
static void encryption_0102_says_the_same_for_every_cause(void **state)
{
    (void)state;
    struct kit_msg a, b;
    sph_as4_fault first = {0}, second = {0};
    kit_message(ed25519(), &(struct kit_wish){.recipient = &ed25519()->other}, &a);
    kit_message(ed25519(), &(struct kit_wish){0}, &b);
    b.after.at[part_end(&b) - 1] ^= 1;
    assert_false(kit_judge(&a, &first));
    assert_false(kit_judge(&b, &second));
    assert_string_not_equal(first.rule, second.rule);
    assert_string_equal(first.detail, second.detail);
    kit_msg_clear(&a);
    kit_msg_clear(&b);
}

/** as4.md 7: a previous encryption key opens what was sent to it during a rollover. */
static void encryption_previous_key_opens_its_messages(void **state)
{
    (void)state;
    struct kit_msg msg;
    sph_err err = {0};
    sph_as4_fault fault = {0};
    static sph_as4_parts parts;
    SPH_AUTO(sph_buf) bytes = sph_buf_init(1u << 20);
    SPH_AUTO_PTR(sph_as4_in) *in = NULL;
    kit_message(ed25519(), &(struct kit_wish){0}, &msg);
    kit_bytes(&msg, &bytes);
    const sph_as4_source source = {.bytes = sph_buf_peek(&bytes)};
    const sph_as4_trust trust = kit_trust(ed25519());
    const sph_as4_recipient own[] = {{ed25519()->other.encrypt_key, ed25519()->other.encrypt},
                                     {ed25519()->here.encrypt_key, ed25519()->here.encrypt}};
    kit_good(sph_as4_open(msg.content_type, &source, sph_limits_default(), &in, &fault, &err),
             &err);
    assert_int_equal(sph_as4_unwrap(in, own, 2, kit_random(), kit_files(), KIT_SPOOL,
                                    sph_limits_default(), &parts, &fault, &err)
                         .code,
                     SPH_EARG); /* never before verify */
    kit_good(sph_as4_verify(in, &trust, &fault, &err), &err);
    kit_good(sph_as4_unwrap(in, own, 2, kit_random(), kit_files(), KIT_SPOOL, sph_limits_default(),
                            &parts, &fault, &err),
             &err);
    sph_as4_parts_clear(&parts);
    kit_msg_clear(&msg);
}

/** The leading part is held in memory, so its size is limited before and while it is read. */
static void encryption_leading_part_over_the_limit_is_refused(void **state)
{
    (void)state;
    struct kit_msg msg;
    sph_err err = {0};
    SPH_AUTO(sph_buf) octets = sph_buf_init(8u << 20);
    uint8_t *at = NULL;
    const size_t limit = (4u << 20) + (128u << 10);
    kit_good(sph_buf_grow(&octets, limit + 1, &at, &err), &err);
    memset(at, 'x', limit + 1);
    kit_message(ed25519(),
                &(struct kit_wish){.first = sph_slice_sub(sph_buf_peek(&octets), 0, limit)}, &msg);
    sph_as4_fault fault = {0};
    if (!kit_judge(&msg, &fault))
        fail_msg("at the limit: %s", fault.rule);
    kit_msg_clear(&msg);
    kit_message(ed25519(), &(struct kit_wish){.first = sph_buf_peek(&octets)}, &msg);
    kit_expect("over the limit", &msg, SPH_EBMS_0303, "part.size");
    kit_msg_clear(&msg);
}

int test_encryption(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encryption_e01_any_oaep_failure_looks_like_a_bad_tag),
        cmocka_unit_test(encryption_e02_any_flipped_octet_is_refused),
        cmocka_unit_test(encryption_e02_any_shortened_part_is_refused),
        cmocka_unit_test(encryption_good_tag_but_other_octets_is_refused),
        cmocka_unit_test(encryption_e03_algorithm_outside_the_suite_is_refused),
        cmocka_unit_test(encryption_e04_key_for_another_recipient_is_refused),
        cmocka_unit_test(encryption_e04_two_keys_are_refused),
        cmocka_unit_test(encryption_e06_low_order_points_are_refused),
        cmocka_unit_test(encryption_e06_malformed_agreement_is_refused),
        cmocka_unit_test(encryption_e07_wrong_key_wrap_is_refused),
        cmocka_unit_test(encryption_e09_plain_part_or_loose_element_is_refused),
        cmocka_unit_test(encryption_part_encrypted_twice_is_refused),
        cmocka_unit_test(encryption_0102_says_the_same_for_every_cause),
        cmocka_unit_test(encryption_previous_key_opens_its_messages),
        cmocka_unit_test(encryption_leading_part_over_the_limit_is_refused),
    };
    return cmocka_run_group_tests_name("encryption", tests, kit_start, kit_stop);
}
