#include "crypto/key_impl.h"
#include "kit.h"

static const enum sph_key_kind kinds[] = {SPH_KEY_ED25519, SPH_KEY_X25519, SPH_KEY_P256,
                                          SPH_KEY_RSA3072};

static sph_key *seeded(enum sph_key_kind kind, const char *seed_hex)
{
    sph_err err = {0};
    SPH_AUTO_PTR(sph_secret) *seed = kit_secret_hex(seed_hex);
    sph_key *out = NULL;
    assert_ok(sph_key_from_seed(kind, seed, &out, &err), &err);
    return out;
}

static sph_buf signature_of(const sph_key *key, sph_slice message)
{
    sph_err err = {0};
    sph_buf out = sph_buf_init(1024);
    assert_ok(sph_key_sign(key, message, &out, &err), &err);
    return out;
}

/* RFC 8032 section 7.1, TEST 1 and TEST 3. */
static void key_ed25519_signature_matches_rfc8032(void **state)
{
    (void)state;
    static const struct {
        const char *seed, *public, *message, *signature;
    } rows[] = {
        {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
         "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701"
         "cf9"
         "b46bd25bf5f0595bbe24655141438e7a100b"},
        {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
         "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f7609"
         "84d"
         "c6594a7c15e9716ed28dc027beceea1ec40a"},
    };
    for (size_t i = 0; i < 2; i++) {
        sph_err err = {0};
        SPH_AUTO_PTR(sph_key) *key = seeded(SPH_KEY_ED25519, rows[i].seed);
        SPH_AUTO(sph_buf)
        raw = sph_buf_init(32), public = kit_hex(rows[i].public),
        message = kit_hex(rows[i].message), expected = kit_hex(rows[i].signature);
        SPH_AUTO(sph_buf) signature = signature_of(key, sph_buf_peek(&message));
        assert_ok(sph_pubkey_raw(sph_key_peek_public(key), &raw, &err), &err);
        assert_true(sph_slice_equal(sph_buf_peek(&raw), sph_buf_peek(&public)));
        assert_true(sph_slice_equal(sph_buf_peek(&signature), sph_buf_peek(&expected)));
    }
}

/* ledger.md section 5: the log key of seed 00…1f, as its vkey shows it (type octet 01 before the
 * key). */
static void key_log_seed_gives_the_vkey_of_the_ledger_format(void **state)
{
    (void)state;
    sph_err err = {0};
    SPH_AUTO_PTR(sph_key) *key =
        seeded(SPH_KEY_ED25519, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    SPH_AUTO(sph_buf) raw = sph_buf_init(33), text = sph_buf_init(64);
    assert_ok(sph_buf_add_byte(&raw, 1, &err), &err);
    assert_ok(sph_pubkey_raw(sph_key_peek_public(key), &raw, &err), &err);
    assert_ok(sph_base64_encode(sph_buf_peek(&raw), &text, &err), &err);
    assert_slice_is(sph_buf_peek(&text), "AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4");
}

static void key_of_each_kind_survives_its_file_and_its_public_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        sph_err err = {0};
        SPH_AUTO_PTR(sph_key) *key = kit_key(kinds[i]);
        SPH_AUTO_PTR(sph_key) *again = NULL;
        SPH_AUTO_PTR(sph_pubkey) *public = NULL;
        SPH_AUTO(sph_buf)
        pem = sph_buf_init(8192), spki = sph_buf_init(1024), spki_again = sph_buf_init(1024);
        assert_ok(sph_key_save_pem(key, &pem, &err), &err);
        assert_true(sph_slice_starts(sph_buf_peek(&pem), SPH_LIT("-----BEGIN PRIVATE KEY-----\n")));
        assert_ok(sph_key_load_pem(sph_buf_peek(&pem), &again, &err), &err);
        assert_int_equal(sph_key_kind_of(again), kinds[i]);
        assert_ok(sph_pubkey_spki(sph_key_peek_public(key), &spki, &err), &err);
        assert_ok(sph_pubkey_from_spki(sph_buf_peek(&spki), &public, &err), &err);
        assert_int_equal(sph_pubkey_kind_of(public), kinds[i]);
        assert_ok(sph_pubkey_spki(sph_key_peek_public(again), &spki_again, &err), &err);
        assert_true(sph_slice_equal(sph_buf_peek(&spki), sph_buf_peek(&spki_again)));
    }
}

static void key_signatures_verify_and_fail_for_any_change(void **state)
{
    (void)state;
    static const enum sph_key_kind signers[] = {SPH_KEY_ED25519, SPH_KEY_P256, SPH_KEY_RSA3072};
    static const size_t lengths[] = {64, 64, 384};
    for (size_t i = 0; i < 3; i++) {
        sph_err err = {0};
        SPH_AUTO_PTR(sph_key) *key = kit_key(signers[i]);
        SPH_AUTO_PTR(sph_key) *other = kit_key(signers[i]);
        const sph_pubkey *public = sph_key_peek_public(key);
        SPH_AUTO(sph_buf) sig = signature_of(key, SPH_LIT("message"));
        const sph_slice in = sph_buf_peek(&sig);
        assert_int_equal(sig.len, lengths[i]);
        assert_ok(sph_pubkey_verify(public, SPH_LIT("message"), in, &err), &err);
        assert_code(sph_pubkey_verify(public, SPH_LIT("messagE"), in, &err), SPH_EPROOF, &err);
        assert_code(sph_pubkey_verify(sph_key_peek_public(other), SPH_LIT("message"), in, &err),
                    SPH_EPROOF, &err);
        assert_code(
            sph_pubkey_verify(public, SPH_LIT("message"), sph_slice_sub(in, 0, in.len - 1), &err),
            SPH_EPROOF, &err);
        assert_code(sph_pubkey_verify(public, SPH_LIT("message"), kit_empty(), &err), SPH_EPROOF,
                    &err);
        for (size_t at = 0; at < sig.len; at += 7) {
            sig.at[at] ^= 1;
            assert_code(sph_pubkey_verify(public, SPH_LIT("message"), in, &err), SPH_EPROOF, &err);
            sig.at[at] ^= 1;
        }
    }
}

static void key_empty_message_signs_and_verifies(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        sph_err err = {0};
        if (kinds[i] == SPH_KEY_X25519)
            continue;
        SPH_AUTO_PTR(sph_key) *key = kit_key(kinds[i]);
        SPH_AUTO(sph_buf) sig = signature_of(key, kit_empty());
        assert_ok(
            sph_pubkey_verify(sph_key_peek_public(key), kit_empty(), sph_buf_peek(&sig), &err),
            &err);
    }
}

static void key_p256_der_signature_holds_only_in_der(void **state)
{
    (void)state;
    sph_err err = {0};
    SPH_AUTO_PTR(sph_key) *key = kit_key(SPH_KEY_P256);
    const sph_pubkey *public = sph_key_peek_public(key);
    SPH_AUTO(sph_buf) der = sph_buf_init(128);
    assert_ok(sph_key_sign_der(key, SPH_LIT("m"), &der, &err), &err);
    assert_ok(sph_pubkey_verify_der(public, SPH_LIT("m"), sph_buf_peek(&der), &err), &err);
    assert_code(sph_pubkey_verify(public, SPH_LIT("m"), sph_buf_peek(&der), &err), SPH_EPROOF,
                &err);
    SPH_AUTO(sph_buf) raw = signature_of(key, SPH_LIT("m"));
    assert_code(sph_pubkey_verify_der(public, SPH_LIT("m"), sph_buf_peek(&raw), &err), SPH_EPROOF,
                &err);
    /* The same pair with a length in BER's long form, and with an octet after it. */
    SPH_AUTO(sph_buf) ber = sph_buf_init(128);
    assert_ok(sph_buf_add(&ber, sph_slice_of("\x30\x81", 2), &err), &err);
    assert_ok(sph_buf_add(&ber, sph_slice_of(der.at + 1, der.len - 1), &err), &err);
    assert_code(sph_pubkey_verify_der(public, SPH_LIT("m"), sph_buf_peek(&ber), &err), SPH_EPROOF,
                &err);
    assert_ok(sph_buf_add_byte(&der, 0, &err), &err);
    assert_code(sph_pubkey_verify_der(public, SPH_LIT("m"), sph_buf_peek(&der), &err), SPH_EPROOF,
                &err);
}

/* S-19: r or s of 0, n, or above. */
static void key_p256_signature_with_r_or_s_outside_the_order_is_refused(void **state)
{
    (void)state;
    static const char *const numbers[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632552",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"};
    SPH_AUTO_PTR(sph_key) *key = kit_key(SPH_KEY_P256);
    for (size_t i = 0; i < 8; i++) {
        sph_err err = {0};
        uint8_t der[SPH_P256_DER_MAX];
        size_t len = 0;
        SPH_AUTO(sph_buf) sig = signature_of(key, SPH_LIT("m"));
        SPH_AUTO(sph_buf) bad = kit_hex(numbers[i / 2]);
        assert_ok(sph_bytes_copy(sig.at + 32 * (i % 2), 32, sph_buf_peek(&bad), &err), &err);
        assert_code(sph_ecdsa_der_of_raw(sph_buf_peek(&sig), der, &len, &err), SPH_EPROOF, &err);
        assert_code(
            sph_pubkey_verify(sph_key_peek_public(key), SPH_LIT("m"), sph_buf_peek(&sig), &err),
            SPH_EPROOF, &err);
    }
}

/* Numbers with leading zero octets keep their 32 octets in r‖s. */
static void key_p256_small_numbers_are_padded_to_32_octets(void **state)
{
    (void)state;
    sph_err err = {0};
    static const uint8_t der[] = {0x30, 0x06, 0x02, 0x01, 0x05, 0x02, 0x01, 0x07};
    uint8_t raw[SPH_P256_RAW], again[SPH_P256_DER_MAX];
    size_t len = 0;
    assert_ok(sph_ecdsa_raw_of_der(sph_slice_of(der, sizeof(der)), raw, &err), &err);
    for (size_t i = 0; i < sizeof(raw); i++)
        assert_int_equal(raw[i], i == 31 ? 5 : i == 63 ? 7 : 0);
    assert_ok(sph_ecdsa_der_of_raw(sph_slice_of(raw, sizeof(raw)), again, &len, &err), &err);
    assert_true(sph_slice_equal(sph_slice_of(again, len), sph_slice_of(der, sizeof(der))));
}

/* What OpenSSL's verifier would refuse later anyway is refused by the conversion itself. */
static void key_ecdsa_pair_in_any_other_encoding_is_refused(void **state)
{
    (void)state;
    static const sph_slice forms[] = {
        {(const uint8_t *)"\x30\x06\x02\x01\x05\x02\x01\x07\x00", 9},
        {(const uint8_t *)"\x30\x81\x06\x02\x01\x05\x02\x01\x07", 9},
        {(const uint8_t *)"\x30\x07\x02\x02\x00\x05\x02\x01\x07", 9},
        {(const uint8_t *)"\x30\x06\x02\x01\x85\x02\x01\x07", 8},
        {(const uint8_t *)"\x30\x06\x02\x01\x00\x02\x01\x07", 8},
        {(const uint8_t *)"\x30\x80\x02\x01\x05\x02\x01\x07\x00\x00", 10},
        {(const uint8_t *)"", 0}};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        sph_err err = {0};
        uint8_t raw[SPH_P256_RAW];
        assert_code(sph_ecdsa_raw_of_der(forms[i], raw, &err), SPH_EPROOF, &err);
    }
}

/* S + L verifies the same equation: a second signature without the key. */
static void key_ed25519_signature_with_s_plus_l_is_refused(void **state)
{
    (void)state;
    sph_err err = {0};
    SPH_AUTO_PTR(sph_key) *key = kit_key(SPH_KEY_ED25519);
    SPH_AUTO(sph_buf) sig = signature_of(key, SPH_LIT("m"));
    SPH_AUTO(sph_buf)
    order = kit_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    assert_true(sph_ed25519_scalar_canonical(sig.at + 32));
    unsigned carry = 0;
    for (size_t i = 0; i < 32; i++) {
        carry += (unsigned)sig.at[32 + i] + order.at[i];
        sig.at[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    assert_false(sph_ed25519_scalar_canonical(sig.at + 32));
    assert_false(sph_ed25519_scalar_canonical(order.at));
    assert_code(sph_pubkey_verify(sph_key_peek_public(key), SPH_LIT("m"), sph_buf_peek(&sig), &err),
                SPH_EPROOF, &err);
}

/* The eight small-order points, the encodings with y >= p, and y = p - 2, p - 3 as the control. */
static void key_ed25519_small_order_and_non_canonical_keys_are_refused(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"};
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        sph_err err = {0};
        sph_pubkey *out = NULL;
        SPH_AUTO(sph_buf) raw = kit_hex(refused[i]);
        SPH_AUTO(sph_buf) spki = kit_hex("302a300506032b6570032100");
        assert_ok(sph_buf_add(&spki, sph_buf_peek(&raw), &err), &err);
        assert_code(sph_pubkey_from_raw(SPH_KEY_ED25519, sph_buf_peek(&raw), &out, &err),
                    SPH_EREFUSED, &err);
        assert_code(sph_pubkey_from_spki(sph_buf_peek(&spki), &out, &err), SPH_EREFUSED, &err);
        assert_null(out);
    }
    SPH_AUTO(sph_buf)
    control = kit_hex("ebffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
    assert_true(sph_ed25519_point_usable(control.at));
}

/* Why they are refused, and the proof that they are of small order: with R the identity and S = 0
 * the equation S*B = R + h*A holds whenever the order of A divides the hash h, so that among 256
 * messages nobody signed some "verify" (RFC 8032 5.1.7). */
static bool forged_by(sph_slice point, uint8_t message)
{
    static const uint8_t forged[64] = {1};
    SPH_AUTO_PTR(ossl_pkey) *pkey =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, point.at, point.len);
    SPH_AUTO_PTR(ossl_md_ctx) *ctx = EVP_MD_CTX_new();
    assert_non_null(pkey);
    assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pkey), 1);
    return EVP_DigestVerify(ctx, forged, sizeof(forged), &message, 1) == 1;
}

static void key_ed25519_small_order_key_would_accept_a_forged_signature(void **state)
{
    (void)state;
    static const char *const points[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"};
    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        SPH_AUTO(sph_buf) point = kit_hex(points[i]);
        unsigned forgeries = 0;
        for (unsigned message = 0; message < 256; message++)
            forgeries += forged_by(sph_buf_peek(&point), (uint8_t)message) ? 1 : 0;
        assert_true(forgeries > 0);
    }
}

static void key_agreement_is_the_same_on_both_sides(void **state)
{
    (void)state;
    static const enum sph_key_kind agreeing[] = {SPH_KEY_X25519, SPH_KEY_P256};
    for (size_t i = 0; i < 2; i++) {
        sph_err err = {0};
        SPH_AUTO_PTR(sph_key) *a = kit_key(agreeing[i]);
        SPH_AUTO_PTR(sph_key) *b = kit_key(agreeing[i]);
        SPH_AUTO_PTR(sph_secret) *ab = NULL;
        SPH_AUTO_PTR(sph_secret) *ba = NULL;
        assert_ok(sph_key_agree(a, sph_key_peek_public(b), &ab, &err), &err);
        assert_ok(sph_key_agree(b, sph_key_peek_public(a), &ba, &err), &err);
        assert_int_equal(sph_secret_len(ab), 32);
        assert_true(sph_equal_ct(sph_secret_peek(ab), sph_secret_peek(ba)));
    }
}

static void key_used_for_what_its_kind_cannot_do_is_refused(void **state)
{
    (void)state;
    sph_err err = {0};
    SPH_AUTO_PTR(sph_key) *ed = kit_key(SPH_KEY_ED25519);
    SPH_AUTO_PTR(sph_key) *x = kit_key(SPH_KEY_X25519);
    SPH_AUTO_PTR(sph_key) *p = kit_key(SPH_KEY_P256);
    SPH_AUTO_PTR(sph_secret) *seed = kit_secret(SPH_LIT("31 octets: one less than a seed"));
    sph_secret *secret = NULL;
    sph_key *key = NULL;
    sph_pubkey *public = NULL;
    SPH_AUTO(sph_buf) out = sph_buf_init(1024);
    assert_code(sph_key_sign(x, SPH_LIT("m"), &out, &err), SPH_EARG, &err);
    assert_code(sph_key_sign_der(ed, SPH_LIT("m"), &out, &err), SPH_EARG, &err);
    assert_code(sph_pubkey_verify(sph_key_peek_public(x), SPH_LIT("m"), SPH_LIT("s"), &err),
                SPH_EARG, &err);
    assert_code(sph_pubkey_verify_der(sph_key_peek_public(ed), SPH_LIT("m"), SPH_LIT("s"), &err),
                SPH_EARG, &err);
    assert_code(sph_key_agree(ed, sph_key_peek_public(ed), &secret, &err), SPH_EARG, &err);
    assert_code(sph_key_agree(x, sph_key_peek_public(p), &secret, &err), SPH_EARG, &err);
    assert_code(sph_key_oaep_open(p, sph_random_real(), SPH_LIT("m"), 16, &secret, &err), SPH_EARG,
                &err);
    assert_code(sph_pubkey_oaep_seal(sph_key_peek_public(p), seed, &out, &err), SPH_EARG, &err);
    assert_code(sph_key_from_seed(SPH_KEY_ED25519, seed, &key, &err), SPH_EARG, &err);
    assert_code(sph_key_from_seed(SPH_KEY_P256, seed, &key, &err), SPH_EARG, &err);
    assert_code(sph_pubkey_from_raw(SPH_KEY_P256, SPH_LIT("x"), &public, &err), SPH_EPARSE, &err);
    assert_code(sph_pubkey_from_raw(SPH_KEY_RSA3072, SPH_LIT("x"), &public, &err), SPH_EARG, &err);
    assert_code(sph_pubkey_from_raw(SPH_KEY_X25519, SPH_LIT("x"), &public, &err), SPH_EPARSE, &err);
    assert_int_equal(out.len, 0);
    assert_true(!secret && !key && !public);
}

static void key_public_form_changed_in_any_octet_of_its_head_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        sph_err err = {0};
        SPH_AUTO_PTR(sph_key) *key = kit_key(kinds[i]);
        SPH_AUTO(sph_buf) spki = sph_buf_init(1024);
        assert_ok(sph_pubkey_spki(sph_key_peek_public(key), &spki, &err), &err);
        const size_t head = kinds[i] == SPH_KEY_P256 || kinds[i] == SPH_KEY_RSA3072 ? 24 : 12;
        for (size_t at = 0; at < head; at++) {
            sph_pubkey *out = NULL;
            if (i < 2 && at == 8)
                continue; /* the octet that tells Ed25519, X25519 and their larger kin apart */
            spki.at[at] ^= 0x40;
            const sph_rc rc = sph_pubkey_from_spki(sph_buf_peek(&spki), &out, NULL);
            assert_true(rc.code == SPH_EPARSE || rc.code == SPH_EUNSUPPORTED);
            assert_null(out);
            spki.at[at] ^= 0x40;
        }
        sph_pubkey *out = NULL;
        assert_ok(sph_buf_add_byte(&spki, 0, &err), &err);
        assert_code(sph_pubkey_from_spki(sph_buf_peek(&spki), &out, &err), SPH_EPARSE, &err);
        assert_code(sph_pubkey_from_spki(sph_slice_of(spki.at, spki.len - 2), &out, &err),
                    SPH_EPARSE, &err);
        assert_code(sph_pubkey_from_spki(kit_empty(), &out, &err), SPH_EPARSE, &err);
    }
}

static void key_p256_point_off_the_curve_compressed_or_infinite_is_refused(void **state)
{
    (void)state;
    sph_err err = {0};
    sph_pubkey *out = NULL;
    SPH_AUTO_PTR(sph_key) *key = kit_key(SPH_KEY_P256);
    SPH_AUTO(sph_buf) spki = sph_buf_init(128);
    assert_ok(sph_pubkey_spki(sph_key_peek_public(key), &spki, &err), &err);
    spki.at[spki.len - 1] ^= 1;
    assert_code(sph_pubkey_from_spki(sph_buf_peek(&spki), &out, &err), SPH_EPARSE, &err);
    SPH_AUTO(sph_buf)
    compressed = kit_hex("3039301306072a8648ce3d020106082a8648ce3d030107032200"
                         "036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296");
    assert_code(sph_pubkey_from_spki(sph_buf_peek(&compressed), &out, &err), SPH_EUNSUPPORTED,
                &err);
    SPH_AUTO(sph_buf) infinite = kit_hex("3019301306072a8648ce3d020106082a8648ce3d03010703020000");
    const sph_rc rc = sph_pubkey_from_spki(sph_buf_peek(&infinite), &out, &err);
    assert_true(rc.code == SPH_EPARSE || rc.code == SPH_EUNSUPPORTED);
    assert_null(out);
}

static void key_file_that_is_no_single_unencrypted_key_is_refused(void **state)
{
    (void)state;
    static const char *const files[] = {
        "", "text", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
        "-----BEGIN PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,"
        "00112233445566778899AABBCCDDEEFF\n\nAAAAAAAAAAAAAAAAAAAAAA==\n-----END PRIVATE "
        "KEY-----\n"};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        sph_err err = {0};
        sph_key *out = NULL;
        assert_code(sph_key_load_pem(sph_slice_str(files[i]), &out, &err), SPH_EPARSE, &err);
        assert_null(out);
    }
}

static void key_reference_keeps_the_key_alive(void **state)
{
    (void)state;
    sph_key *key = kit_key(SPH_KEY_ED25519);
    SPH_AUTO_PTR(sph_key) *second = sph_key_ref(key);
    sph_key_free(&key);
    assert_null(key);
    SPH_AUTO(sph_buf) sig = signature_of(second, SPH_LIT("m"));
    assert_int_equal(sig.len, 64);
    assert_null(sph_key_ref(NULL));
}

int test_key(void);
int test_key(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_ed25519_signature_matches_rfc8032),
        cmocka_unit_test(key_log_seed_gives_the_vkey_of_the_ledger_format),
        cmocka_unit_test(key_of_each_kind_survives_its_file_and_its_public_form),
        cmocka_unit_test(key_signatures_verify_and_fail_for_any_change),
        cmocka_unit_test(key_empty_message_signs_and_verifies),
        cmocka_unit_test(key_p256_der_signature_holds_only_in_der),
        cmocka_unit_test(key_p256_signature_with_r_or_s_outside_the_order_is_refused),
        cmocka_unit_test(key_p256_small_numbers_are_padded_to_32_octets),
        cmocka_unit_test(key_ecdsa_pair_in_any_other_encoding_is_refused),
        cmocka_unit_test(key_ed25519_signature_with_s_plus_l_is_refused),
        cmocka_unit_test(key_ed25519_small_order_and_non_canonical_keys_are_refused),
        cmocka_unit_test(key_ed25519_small_order_key_would_accept_a_forged_signature),
        cmocka_unit_test(key_agreement_is_the_same_on_both_sides),
        cmocka_unit_test(key_used_for_what_its_kind_cannot_do_is_refused),
        cmocka_unit_test(key_public_form_changed_in_any_octet_of_its_head_is_refused),
        cmocka_unit_test(key_p256_point_off_the_curve_compressed_or_infinite_is_refused),
        cmocka_unit_test(key_file_that_is_no_single_unencrypted_key_is_refused),
        cmocka_unit_test(key_reference_keeps_the_key_alive),
    };
    return cmocka_run_group_tests_name("key", tests, NULL, NULL);
}
