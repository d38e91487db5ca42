#include "crypto/secret.h"
#include "packet/attachment.h"
#include "packet_kit.h"

int test_attachment(void);

#define ID "urn:uuid:2f1c7a52-5d0e-4b7e-9c1a-0d6f3b8e4a11"
#define ROOM (1u << 20)

struct sealed {
    sph_secret *key;
    sph_buf plain, octets;
    sph_hash sha256;
    uint64_t len;
};

static void seal(struct sealed *to, size_t size)
{
    sph_err err = {0};
    sph_slice_source source;
    to->plain = sph_buf_init(ROOM);
    to->octets = sph_buf_init(ROOM);
    uint8_t *at = NULL;
    assert_ok(sph_buf_grow(&to->plain, size, &at, &err), &err);
    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)(i * 31);
    assert_ok(sph_secret_random(sph_random_real(), 32, &to->key, &err), &err);
    const sph_reader reader = sph_reader_of_slice(&source, sph_buf_peek(&to->plain));
    const sph_writer writer = sph_writer_of_buf(&to->octets);
    assert_ok(sph_attachment_seal(to->key, ID, "a1", sph_random_real(), &reader, size, &writer,
                                  &to->sha256, &to->len, &err),
              &err);
}

static sph_rc open_it(const struct sealed *sealed, const char *id, uint64_t size, sph_buf *out)
{
    sph_err err = {0};
    sph_slice_source source;
    const sph_reader reader = sph_reader_of_slice(&source, sph_buf_peek(&sealed->octets));
    const sph_writer writer = sph_writer_of_buf(out);
    return sph_attachment_open(sealed->key, ID, id, &reader, sealed->octets.len, size, &writer,
                               &err);
}

static void drop(struct sealed *sealed)
{
    sph_secret_free(&sealed->key);
    sph_buf_clear(&sealed->plain);
    sph_buf_clear(&sealed->octets);
}

static void attachment_of_each_size_opens_and_is_padded_to_steps(void **state)
{
    static const struct {
        size_t size, padded;
    } rows[] = {{0, 4096},      {1, 4096},      {4096, 4096},    {4097, 16384},   {16384, 16384},
                {16385, 65536}, {65536, 65536}, {65537, 131072}, {200000, 262144}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sealed sealed = {0};
        SPH_AUTO(sph_buf) out = sph_buf_init(ROOM);
        seal(&sealed, rows[i].size);
        assert_int_equal(sealed.len, rows[i].padded + 32);
        assert_int_equal(sealed.octets.len, sealed.len);
        assert_true(sph_slice_starts(sph_buf_peek(&sealed.octets), SPH_LIT("SXA1")));
        const sph_hash digest = sph_sha256_of(sph_buf_peek(&sealed.octets));
        assert_memory_equal(digest.at, sealed.sha256.at, 32);
        assert_int_equal(open_it(&sealed, "a1", rows[i].size, &out).code, SPH_OK);
        assert_true(sph_slice_equal(sph_buf_peek(&out), sph_buf_peek(&sealed.plain)));
        drop(&sealed);
    }
}

static void attachment_changed_or_renamed_does_not_open(void **state)
{
    struct sealed sealed = {0};
    static const size_t places[] = {0, 3, 4, 15, 16, 2000, 4111, 4112, 4127};
    (void)state;
    seal(&sealed, 100);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        SPH_AUTO(sph_buf) out = sph_buf_init(ROOM);
        sealed.octets.at[places[i]] ^= 1;
        assert_int_equal(open_it(&sealed, "a1", 100, &out).code, SPH_EPROOF);
        sealed.octets.at[places[i]] ^= 1;
    }
    SPH_AUTO(sph_buf) other = sph_buf_init(ROOM);
    assert_int_equal(open_it(&sealed, "a2", 100, &other).code, SPH_EPROOF);
    assert_int_equal(open_it(&sealed, "a1", 5000, &other).code, SPH_EPROOF);
    sealed.octets.len -= 1;
    assert_int_equal(open_it(&sealed, "a1", 100, &other).code, SPH_EPROOF);
    drop(&sealed);
}

static void attachment_of_wrong_length_is_not_sealed(void **state)
{
    sph_err err = {0};
    static const uint64_t lengths[] = {9, 11};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        sph_slice_source source;
        SPH_AUTO_PTR(sph_secret) *key = NULL;
        SPH_AUTO(sph_buf) out = sph_buf_init(ROOM);
        sph_hash sha256;
        uint64_t len = 77;
        assert_ok(sph_secret_random(sph_random_real(), 32, &key, &err), &err);
        const sph_reader reader = sph_reader_of_slice(&source, SPH_LIT("0123456789"));
        const sph_writer writer = sph_writer_of_buf(&out);
        assert_code(sph_attachment_seal(key, ID, "a1", sph_random_real(), &reader, lengths[i],
                                        &writer, &sha256, &len, &err),
                    SPH_EPARSE, &err);
        assert_int_equal(len, 77);
    }
}

static void attachment_named_in_packet_is_read_back(void **state)
{
    struct kit *kit = *state;
    sph_err err = {0};
    sph_findings findings = {0};
    SPH_AUTO_PTR(sph_json) *draft = NULL;
    SPH_AUTO(sph_buf) built = sph_buf_init(ROOM);
    struct sph_packet_attachment one = {.id = "a1", .media_type = "application/pdf", .size = 12345};
    assert_ok(sph_str_format(one.title[SPH_LANG_LO], 256, &err, "ແບບຟອມ"), &err);
    assert_ok(sph_str_format(one.title[SPH_LANG_TH], 256, &err, "แบบฟอร์ม"), &err);
    for (size_t i = 0; i < 32; i++) {
        one.key[i] = (uint8_t)i;
        one.sha256.at[i] = (uint8_t)(255 - i);
    }
    struct sph_packet_new values = kit_values(kit, &kit->ngo);
    values.attachments = &one;
    values.attachment_count = 1;
    const struct sph_packet_signer signer = kit_signer(&kit->ngo);
    const struct sph_packet_context context = kit_context(kit, &kit->ngo, &kit->lawyer);
    SPH_AUTO_PTR(sph_packet) *packet = NULL;
    assert_ok(sph_json_parse(SPH_LIT(KIT_RESPONSE), 1 << 20, &draft, &err), &err);
    assert_ok(
        sph_packet_build(draft, &values, sph_slice_of(NULL, 0), &signer, &findings, &built, &err),
        &err);
    assert_ok(sph_packet_check(sph_buf_peek(&built), &context, &findings, &packet, &err), &err);
    assert_int_equal(sph_packet_attachment_count(packet), 1);
    const struct sph_packet_attachment *read = sph_packet_attachment_at(packet, 0);
    assert_string_equal(read->id, "a1");
    assert_string_equal(read->title[SPH_LANG_TH], one.title[SPH_LANG_TH]);
    assert_int_equal(read->size, 12345);
    assert_memory_equal(read->key, one.key, 32);
    assert_memory_equal(read->sha256.at, one.sha256.at, 32);
    assert_null(sph_packet_attachment_at(packet, 1));
}

int test_attachment(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attachment_of_each_size_opens_and_is_padded_to_steps),
        cmocka_unit_test(attachment_changed_or_renamed_does_not_open),
        cmocka_unit_test(attachment_of_wrong_length_is_not_sealed),
        cmocka_unit_test(attachment_named_in_packet_is_read_back),
    };
    return cmocka_run_group_tests_name("attachment", tests, kit_setup, kit_teardown);
}
