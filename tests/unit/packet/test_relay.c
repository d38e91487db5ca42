#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/aead.h"
#include "packet/relay.h"
#include "packet_kit.h"
#include "support/fail_alloc.h"

int test_relay(void);

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define ROOM (5u << 20)
#define PLAIN_TEXT "gzip octets of an invented packet"
#define PLAIN SPH_LIT(PLAIN_TEXT)
#define PLAIN_LEN (sizeof(PLAIN_TEXT) - 1)

static const struct sph_srx_ends ends = {"la.legalaid.example", "th.ngo.example"};

static sph_key *new_key(void)
{
    sph_err err = {0};
    sph_key *key = NULL;
    assert_ok(sph_key_generate(SPH_KEY_X25519, &key, &err), &err);
    return key;
}

static void seal(const sph_key *to, const struct sph_srx_ends *between, sph_slice plain,
                 sph_buf *out)
{
    sph_err err = {0};
    assert_ok(sph_srx_seal(sph_key_peek_public(to), between, plain, sph_limits_default(),
                           sph_random_real(), out, &err),
              &err);
}

/* Refused with SPH_EPROOF and the one text, and nothing came out. */
static void expect_shut(const sph_key *key, const struct sph_srx_ends *between, sph_slice sealed)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) out = sph_buf_init(ROOM);
    assert_ok(sph_buf_add_text(&out, "kept", &err), &err);
    assert_int_equal(sph_srx_open(key, between, sealed, sph_limits_default(), &out, &err).code,
                     SPH_EPROOF);
    assert_int_equal(err.depth, 1);
    assert_string_equal(err.frame[0].what, "the relayed part does not open");
    assert_slice_is(sph_buf_peek(&out), "kept");
}

static void relay_part_opens_for_its_recipient(void **state)
{
    static const size_t sizes[] = {1, 4096, 16384, 65536, 4194304};
    SPH_AUTO_PTR(sph_key) *key = new_key();
    SPH_AUTO(sph_buf) plain = sph_buf_init(ROOM);
    (void)state;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        sph_err err = {0};
        uint8_t *at = NULL;
        SPH_AUTO(sph_buf) sealed = sph_buf_init(ROOM);
        SPH_AUTO(sph_buf) opened = sph_buf_init(ROOM);
        sph_buf_cut(&plain, 0);
        assert_ok(sph_buf_grow(&plain, sizes[i], &at, &err), &err);
        for (size_t j = 0; j < sizes[i]; j++)
            at[j] = (uint8_t)(j * 7);
        seal(key, &ends, sph_buf_peek(&plain), &sealed);
        assert_int_equal(sealed.len, sizes[i] + SPH_SRX_OVERHEAD);
        assert_ok(
            sph_srx_open(key, &ends, sph_buf_peek(&sealed), sph_limits_default(), &opened, &err),
            &err);
        assert_true(sph_slice_equal(sph_buf_peek(&opened), sph_buf_peek(&plain)));
    }
}

static void relay_part_names_the_key_it_is_for(void **state)
{
    sph_err err = {0};
    sph_hash named, kept;
    SPH_AUTO_PTR(sph_key) *key = new_key();
    SPH_AUTO(sph_buf) spki = sph_buf_init(64);
    SPH_AUTO(sph_buf) sealed = sph_buf_init(ROOM);
    (void)state;
    seal(key, &ends, PLAIN, &sealed);
    assert_ok(sph_pubkey_spki(sph_key_peek_public(key), &spki, &err), &err);
    const sph_hash own = sph_sha256_of(sph_buf_peek(&spki));
    assert_true(sph_srx_is(sph_buf_peek(&sealed)));
    assert_ok(sph_srx_recipient(sph_buf_peek(&sealed), &named, &err), &err);
    assert_memory_equal(named.at, own.at, sizeof(own.at));
    kept = named;
    sealed.at[3] = '2';
    assert_false(sph_srx_is(sph_buf_peek(&sealed)));
    assert_code(sph_srx_recipient(sph_buf_peek(&sealed), &named, &err), SPH_EPARSE, &err);
    assert_memory_equal(named.at, kept.at, sizeof(kept.at));
}

static void relay_two_parts_of_one_packet_share_only_form_and_recipient(void **state)
{
    SPH_AUTO_PTR(sph_key) *key = new_key();
    SPH_AUTO(sph_buf) one = sph_buf_init(ROOM);
    SPH_AUTO(sph_buf) two = sph_buf_init(ROOM);
    static const struct {
        size_t at, len;
    } fields[] = {{36, 32}, {68, 12}, {80, PLAIN_LEN}, {80 + PLAIN_LEN, 16}};
    (void)state;
    seal(key, &ends, PLAIN, &one);
    seal(key, &ends, PLAIN, &two);
    assert_memory_equal(one.at, two.at, 36);
    for (size_t i = 0; i < COUNT(fields); i++)
        assert_memory_not_equal(one.at + fields[i].at, two.at + fields[i].at, fields[i].len);
}

static void relay_part_with_any_bit_changed_is_shut(void **state)
{
    SPH_AUTO_PTR(sph_key) *key = new_key();
    SPH_AUTO(sph_buf) sealed = sph_buf_init(ROOM);
    (void)state;
    seal(key, &ends, PLAIN, &sealed);
    for (size_t bit = 0; bit < sealed.len * 8; bit++) {
        sealed.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
        expect_shut(key, &ends, sph_buf_peek(&sealed));
        sealed.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void relay_part_of_any_other_length_is_shut(void **state)
{
    sph_err err = {0};
    SPH_AUTO_PTR(sph_key) *key = new_key();
    SPH_AUTO(sph_buf) sealed = sph_buf_init(ROOM);
    (void)state;
    seal(key, &ends, PLAIN, &sealed);
    const size_t whole = sealed.len;
    for (size_t len = 0; len < whole; len++)
        expect_shut(key, &ends, sph_slice_sub(sph_buf_peek(&sealed), 0, len));
    assert_ok(sph_buf_add_byte(&sealed, 0, &err), &err);
    expect_shut(key, &ends, sph_buf_peek(&sealed));
}

static void relay_part_between_other_parties_is_shut(void **state)
{
    /* The last two are the same octets with the division at another place. */
    static const struct sph_srx_ends others[] = {
        {"th.ngo.example", "la.legalaid.example"},
        {"la.legalaid.example", "la.legalaid.example"},
        {"th.ngo.example", "th.ngo.example"},
        {"la.legalaid.exampl", "th.ngo.example"},
        {"la.legalaid.example", "th.ngo.exampl"},
        {"", "th.ngo.example"},
        {"la.legalaid.example", ""},
        {"LA.legalaid.example", "th.ngo.example"},
        {"la.legalaid.examplet", "h.ngo.example"},
        {"la.legalaid.exampl", "eth.ngo.example"},
    };
    SPH_AUTO_PTR(sph_key) *key = new_key();
    SPH_AUTO(sph_buf) sealed = sph_buf_init(ROOM);
    (void)state;
    seal(key, &ends, PLAIN, &sealed);
    for (size_t i = 0; i < COUNT(others); i++)
        expect_shut(key, &others[i], sph_buf_peek(&sealed));
}

/* Also when the part is changed to name the key that tries: the key is bound to the name. */
static void relay_part_for_another_key_is_shut(void **state)
{
    sph_err err = {0};
    SPH_AUTO_PTR(sph_key) *key = new_key();
    SPH_AUTO_PTR(sph_key) *other = new_key();
    SPH_AUTO(sph_buf) spki = sph_buf_init(64);
    SPH_AUTO(sph_buf) sealed = sph_buf_init(ROOM);
    (void)state;
    seal(key, &ends, PLAIN, &sealed);
    expect_shut(other, &ends, sph_buf_peek(&sealed));
    assert_ok(sph_pubkey_spki(sph_key_peek_public(other), &spki, &err), &err);
    const sph_hash name = sph_sha256_of(sph_buf_peek(&spki));
    assert_ok(sph_bytes_copy(sealed.at + 4, 32, sph_slice_hash(&name), &err), &err);
    expect_shut(other, &ends, sph_buf_peek(&sealed));
    expect_shut(key, &ends, sph_buf_peek(&sealed));
}

/* A part written out by hand over any secret. */
static void forge(const sph_key *to, sph_slice ephemeral, const sph_secret *shared, sph_buf *out)
{
    sph_err err = {0};
    static const uint8_t iv[12] = {9};
    SPH_AUTO_PTR(sph_secret) *key = NULL;
    SPH_AUTO(sph_buf) spki = sph_buf_init(64);
    SPH_AUTO(sph_buf) salt = sph_buf_init(64);
    const sph_slice info = SPH_LIT("saphan/relay/v1la.legalaid.example\0th.ngo.example");
    assert_ok(sph_pubkey_spki(sph_key_peek_public(to), &spki, &err), &err);
    const sph_hash name = sph_sha256_of(sph_buf_peek(&spki));
    assert_ok(sph_buf_add(&salt, ephemeral, &err), &err);
    assert_ok(sph_buf_add(&salt, sph_slice_hash(&name), &err), &err);
    assert_ok(sph_hkdf(shared, sph_buf_peek(&salt), info, 32, &key, &err), &err);
    assert_ok(sph_buf_add_text(out, "SRX1", &err), &err);
    assert_ok(sph_buf_add(out, sph_slice_hash(&name), &err), &err);
    assert_ok(sph_buf_add(out, ephemeral, &err), &err);
    assert_ok(sph_buf_add(out, sph_slice_of(iv, sizeof(iv)), &err), &err);
    assert_ok(sph_aead_seal(key, sph_slice_of(iv, sizeof(iv)), sph_slice_sub(info, 15, info.len),
                            PLAIN, out, &err),
              &err);
}

static void relay_forged_part_over_a_real_secret_opens(void **state)
{
    sph_err err = {0};
    SPH_AUTO_PTR(sph_key) *key = new_key();
    SPH_AUTO_PTR(sph_key) *own = new_key();
    SPH_AUTO_PTR(sph_secret) *shared = NULL;
    SPH_AUTO(sph_buf) ephemeral = sph_buf_init(32);
    SPH_AUTO(sph_buf) sealed = sph_buf_init(ROOM);
    SPH_AUTO(sph_buf) opened = sph_buf_init(ROOM);
    (void)state;
    assert_ok(sph_pubkey_raw(sph_key_peek_public(own), &ephemeral, &err), &err);
    assert_ok(sph_key_agree(own, sph_key_peek_public(key), &shared, &err), &err);
    forge(key, sph_buf_peek(&ephemeral), shared, &sealed);
    assert_ok(sph_srx_open(key, &ends, sph_buf_peek(&sealed), sph_limits_default(), &opened, &err),
              &err);
    assert_true(sph_slice_equal(sph_buf_peek(&opened), PLAIN));
}

/* With a point of small order everybody knows the secret, zero: such a part would open. */
static void relay_ephemeral_key_of_small_order_is_shut(void **state)
{
    static const char *const points[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };
    static const uint8_t zero[32];
    SPH_AUTO_PTR(sph_key) *key = new_key();
    (void)state;
    for (size_t i = 0; i < COUNT(points); i++) {
        sph_err err = {0};
        SPH_AUTO_PTR(sph_secret) *known = NULL;
        SPH_AUTO_PTR(sph_pubkey) *peer = NULL;
        SPH_AUTO(sph_buf) point = sph_buf_init(32);
        SPH_AUTO(sph_buf) sealed = sph_buf_init(ROOM);
        assert_ok(sph_hex_decode(sph_slice_str(points[i]), &point, &err), &err);
        assert_ok(sph_secret_from(sph_slice_of(zero, sizeof(zero)), &known, &err), &err);
        forge(key, sph_buf_peek(&point), known, &sealed);
        expect_shut(key, &ends, sph_buf_peek(&sealed));
        sph_buf_cut(&sealed, 0);
        if (sph_pubkey_from_raw(SPH_KEY_X25519, sph_buf_peek(&point), &peer, NULL).code == SPH_OK)
            assert_code(sph_srx_seal(peer, &ends, PLAIN, sph_limits_default(), sph_random_real(),
                                     &sealed, &err),
                        SPH_EPROOF, &err);
        assert_int_equal(sealed.len, 0);
    }
}

static void relay_limit_holds_on_both_sides(void **state)
{
    sph_err err = {0};
    struct sph_limits limits = *sph_limits_default();
    SPH_AUTO_PTR(sph_key) *key = new_key();
    SPH_AUTO(sph_buf) sealed = sph_buf_init(ROOM);
    SPH_AUTO(sph_buf) opened = sph_buf_init(ROOM);
    const sph_pubkey *to = sph_key_peek_public(key);
    (void)state;
    limits.relay_part = SPH_SRX_OVERHEAD + PLAIN_LEN - 1;
    assert_code(sph_srx_seal(to, &ends, PLAIN, &limits, sph_random_real(), &sealed, &err),
                SPH_ELIMIT, &err);
    assert_int_equal(sealed.len, 0);
    limits.relay_part = SPH_SRX_OVERHEAD + PLAIN_LEN;
    assert_ok(sph_srx_seal(to, &ends, PLAIN, &limits, sph_random_real(), &sealed, &err), &err);
    assert_ok(sph_srx_open(key, &ends, sph_buf_peek(&sealed), &limits, &opened, &err), &err);
    sph_buf_cut(&opened, 0);
    limits.relay_part--;
    assert_code(sph_srx_open(key, &ends, sph_buf_peek(&sealed), &limits, &opened, &err), SPH_ELIMIT,
                &err);
    limits.relay_part = SPH_SRX_OVERHEAD - 1;
    assert_code(sph_srx_seal(to, &ends, PLAIN, &limits, sph_random_real(), &sealed, &err),
                SPH_ELIMIT, &err);
    assert_int_equal(opened.len, 0);
}

static void relay_output_without_room_stays_as_it_was(void **state)
{
    sph_err err = {0};
    SPH_AUTO_PTR(sph_key) *key = new_key();
    SPH_AUTO(sph_buf) sealed = sph_buf_init(ROOM);
    (void)state;
    seal(key, &ends, PLAIN, &sealed);
    for (size_t room = 4; room < 4 + SPH_SRX_OVERHEAD + PLAIN_LEN; room++) {
        SPH_AUTO(sph_buf) tight = sph_buf_init(room);
        assert_ok(sph_buf_add_text(&tight, "kept", &err), &err);
        assert_code(sph_srx_seal(sph_key_peek_public(key), &ends, PLAIN, sph_limits_default(),
                                 sph_random_real(), &tight, &err),
                    SPH_ELIMIT, &err);
        assert_slice_is(sph_buf_peek(&tight), "kept");
        if (room >= 4 + PLAIN_LEN)
            continue;
        assert_code(
            sph_srx_open(key, &ends, sph_buf_peek(&sealed), sph_limits_default(), &tight, &err),
            SPH_ELIMIT, &err);
        assert_slice_is(sph_buf_peek(&tight), "kept");
    }
}

static void relay_wrong_use_is_refused(void **state)
{
    static const struct sph_srx_ends wrong[] = {
        {"", "th.ngo.example"},    {"la.legalaid.example", ""},   {"UPPER", "th.ngo.example"},
        {"a/b", "th.ngo.example"}, {"la.legalaid.example", NULL}, {NULL, "th.ngo.example"},
    };
    static const enum sph_key_kind kinds[] = {SPH_KEY_ED25519, SPH_KEY_P256};
    sph_err err = {0};
    SPH_AUTO_PTR(sph_key) *key = new_key();
    SPH_AUTO(sph_buf) out = sph_buf_init(ROOM);
    const sph_pubkey *to = sph_key_peek_public(key);
    const struct sph_limits *limits = sph_limits_default();
    const sph_random *random = sph_random_real();
    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_code(sph_srx_seal(to, &wrong[i], PLAIN, limits, random, &out, &err), SPH_EARG, &err);
    for (size_t i = 0; i < COUNT(kinds); i++) {
        SPH_AUTO_PTR(sph_key) *other = NULL;
        assert_ok(sph_key_generate(kinds[i], &other, &err), &err);
        assert_code(
            sph_srx_seal(sph_key_peek_public(other), &ends, PLAIN, limits, random, &out, &err),
            SPH_EARG, &err);
        assert_code(sph_srx_open(other, &ends, PLAIN, limits, &out, &err), SPH_EARG, &err);
    }
    assert_code(sph_srx_seal(NULL, &ends, PLAIN, limits, random, &out, &err), SPH_EARG, &err);
    assert_code(sph_srx_seal(to, &ends, sph_slice_of(NULL, 0), limits, random, &out, &err),
                SPH_EARG, &err);
    assert_int_equal(out.len, 0);
}

static sph_rc no_random(void *ctx, uint8_t *to, size_t len, sph_err *err)
{
    (void)ctx, (void)to, (void)len;
    return sph_fail(err, SPH_EIO, "no random octets");
}

static void relay_without_random_octets_nothing_is_sealed(void **state)
{
    sph_err err = {0};
    const sph_random random = {.fill = no_random};
    SPH_AUTO_PTR(sph_key) *key = new_key();
    SPH_AUTO(sph_buf) out = sph_buf_init(ROOM);
    (void)state;
    assert_code(sph_srx_seal(sph_key_peek_public(key), &ends, PLAIN, sph_limits_default(), &random,
                             &out, &err),
                SPH_EIO, &err);
    assert_int_equal(out.len, 0);
}

static sph_rc seal_and_open_once(void *ctx, sph_err *err)
{
    SPH_AUTO(sph_buf) sealed = sph_buf_init(ROOM);
    SPH_AUTO(sph_buf) opened = sph_buf_init(ROOM);
    const struct sph_limits *limits = sph_limits_default();
    SPH_TRY(sph_srx_seal(sph_key_peek_public(ctx), &ends, PLAIN, limits, sph_random_real(), &sealed,
                         err),
            err, "seal");
    return sph_srx_open(ctx, &ends, sph_buf_peek(&sealed), limits, &opened, err);
}

static void relay_sealing_and_opening_say_when_memory_runs_out(void **state)
{
    SPH_AUTO_PTR(sph_key) *key = new_key();
    (void)state;
    assert_in_range(test_alloc_each_failure(seal_and_open_once, key), 8, 1000);
}

/* ------------------------------------------------------------------ a second implementation */

static bool run(const char *format, ...) SPH_PRINTF(1, 2);
static bool run(const char *format, ...)
{
    char command[4096];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(command, sizeof(command), format, args);
    va_end(args);
    return system(command) == 0; /* NOLINT(cert-env33-c): paths of this test alone */
}

static void put(const char *folder, const char *name, sph_slice octets)
{
    char path[1200];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(octets.at, 1, octets.len, file), octets.len);
    assert_int_equal(fclose(file), 0);
}

static void get(const char *folder, const char *name, sph_buf *out)
{
    sph_err err = {0};
    char path[1200], chunk[4096];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    for (size_t got; (got = fread(chunk, 1, sizeof(chunk), file)) > 0;)
        assert_ok(sph_buf_add(out, sph_slice_of(chunk, got), &err), &err);
    assert_int_equal(fclose(file), 0);
}

static void exchange_with_second(const sph_key *key, const char *folder)
{
    sph_err err = {0};
    char script[1024];
    const char *slash = strrchr(__FILE__, '/');
    SPH_AUTO(sph_buf) pem = sph_buf_init(8192);
    SPH_AUTO(sph_buf) sealed = sph_buf_init(ROOM);
    (void)snprintf(script, sizeof(script), "%.*s/relay_second.py",
                   slash ? (int)(slash - __FILE__) : 1, slash ? __FILE__ : ".");
    assert_ok(sph_key_save_pem(key, &pem, &err), &err);
    put(folder, "key.pem", sph_buf_peek(&pem));
    sph_wipe(pem.at, pem.len);
    seal(key, &ends, PLAIN, &sealed);
    put(folder, "theirs.bin", sph_buf_peek(&sealed));
    put(folder, "plain.bin", PLAIN);
    assert_true(
        run("/usr/bin/python3 '%s' open '%s' %s %s", script, folder, ends.sender, ends.recipient));
    assert_true(
        run("/usr/bin/python3 '%s' make '%s' %s %s", script, folder, ends.sender, ends.recipient));
}

static void relay_second_implementation_agrees(void **state)
{
    sph_err err = {0};
    char folder[1024];
    const char *base = getenv("TMPDIR");
    SPH_AUTO_PTR(sph_key) *key = new_key();
    SPH_AUTO(sph_buf) opened = sph_buf_init(ROOM);
    SPH_AUTO(sph_buf) made = sph_buf_init(ROOM);
    SPH_AUTO(sph_buf) plain = sph_buf_init(ROOM);
    (void)state;
    if (!run("/usr/bin/python3 -c 'import cryptography' 2>/dev/null"))
        skip();
    (void)snprintf(folder, sizeof(folder), "%s/saphan-relay-XXXXXX", base ? base : "/tmp");
    assert_non_null(mkdtemp(folder));
    exchange_with_second(key, folder);
    get(folder, "opened.bin", &opened);
    get(folder, "made.bin", &made);
    assert_true(run("rm -r '%s'", folder));
    assert_true(sph_slice_equal(sph_buf_peek(&opened), PLAIN));
    assert_ok(sph_srx_open(key, &ends, sph_buf_peek(&made), sph_limits_default(), &plain, &err),
              &err);
    assert_true(sph_slice_equal(sph_buf_peek(&plain), PLAIN));
}

int test_relay(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(relay_part_opens_for_its_recipient),
        cmocka_unit_test(relay_part_names_the_key_it_is_for),
        cmocka_unit_test(relay_two_parts_of_one_packet_share_only_form_and_recipient),
        cmocka_unit_test(relay_part_with_any_bit_changed_is_shut),
        cmocka_unit_test(relay_part_of_any_other_length_is_shut),
        cmocka_unit_test(relay_part_between_other_parties_is_shut),
        cmocka_unit_test(relay_part_for_another_key_is_shut),
        cmocka_unit_test(relay_forged_part_over_a_real_secret_opens),
        cmocka_unit_test(relay_ephemeral_key_of_small_order_is_shut),
        cmocka_unit_test(relay_limit_holds_on_both_sides),
        cmocka_unit_test(relay_output_without_room_stays_as_it_was),
        cmocka_unit_test(relay_wrong_use_is_refused),
        cmocka_unit_test(relay_without_random_octets_nothing_is_sealed),
        cmocka_unit_test(relay_sealing_and_opening_say_when_memory_runs_out),
        cmocka_unit_test(relay_second_implementation_agrees),
    };
    return cmocka_run_group_tests_name("relay", tests, kit_setup, kit_teardown);
}
