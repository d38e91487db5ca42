/* SPL1: known answer of ledger.md 2, commitments of ledger.md 4, and what the decoder refuses. */
#include "ledger/leaf.h"
#include "vectors.h"

int test_leaf(void);

static const char known[] = "53504c31010001010000000000000000000001a0c4506c00000a6c612e6d70732e6174"
                            "64000e74682e6e676f2e6578616d706c"
                            "6500166d2d30303031406e6f64652e6578616d706c652e6c610006632d30303031f982"
                            "d05487abb1c8085658ba6162c8033ef7"
                            "ac3a32534e4dbc736affed6f39124c503ca67761e5c4aaecfe996244c25d8c0b40902d"
                            "1085c85b4468bd567548c60000000000"
                            "000000000000000000000000000000000000000000000000000000ffffffffffffffff"
                            "0000000000000000e3b0c44298fc1c14"
                            "9afbf4c8996fb92427ae41e4649b934ca495991b7852b8550000";

static void secret_from(uint8_t first, sph_secret **out)
{
    uint8_t octets[32];
    for (unsigned i = 0; i < sizeof(octets); i++)
        octets[i] = (uint8_t)(first + i);
    assert_int_equal(sph_secret_from(sph_slice_of(octets, sizeof(octets)), out, NULL).code, SPH_OK);
}

static void known_leaf(sph_leaf *leaf)
{
    SPH_AUTO_PTR(sph_secret) *salt = NULL;
    const sph_hash packet = sph_sha256_of(SPH_LIT("<LegalAssistanceRequest/>"));
    assert_hash(packet, "da0bb96ae6f3e4bcbe6a78003f2baa79af3aff5753736191895b5e8678793eb3");
    secret_from(0, &salt);
    sph_leaf_init(leaf, SPH_EVENT_SUBMITTED, "la.mps.atd");
    leaf->unix_ms = 1790000000000;
    assert_int_equal(
        sph_str_copy(leaf->peer, sizeof(leaf->peer), SPH_LIT("th.ngo.example"), NULL).code, SPH_OK);
    assert_int_equal(sph_str_copy(leaf->message_id, sizeof(leaf->message_id),
                                  SPH_LIT("m-0001@node.example.la"), NULL)
                         .code,
                     SPH_OK);
    assert_int_equal(
        sph_str_copy(leaf->conversation_id, sizeof(leaf->conversation_id), SPH_LIT("c-0001"), NULL)
            .code,
        SPH_OK);
    assert_int_equal(sph_commitment(salt, &packet, &leaf->commitment, NULL).code, SPH_OK);
    leaf->envelope = sph_sha256_of(SPH_LIT("envelope"));
}

static void leaf_known_answer_is_written_and_read(void **state)
{
    SPH_AUTO(sph_buf) want = sph_buf_init(1024);
    SPH_AUTO(sph_buf) got = sph_buf_init(1024);
    sph_leaf leaf, again;
    (void)state;
    unhex(known, &want);
    assert_int_equal(want.len, 230);
    known_leaf(&leaf);
    assert_hash(leaf.commitment,
                "f982d05487abb1c8085658ba6162c8033ef7ac3a32534e4dbc736affed6f3912");
    assert_int_equal(sph_leaf_encode(&leaf, &got, NULL).code, SPH_OK);
    assert_true(sph_slice_equal(sph_buf_peek(&got), sph_buf_peek(&want)));
    assert_hash(sph_tree_leaf_hash(sph_buf_peek(&got)),
                "25bad4c9a714d118bac2934056cb363a089d56a170bdf51e691f60b29e0315ca");
    assert_int_equal(sph_leaf_decode(sph_buf_peek(&want), &again, NULL).code, SPH_OK);
    assert_memory_equal(&again, &leaf, sizeof(leaf));
}

static void commitment_vector_of_a_secret_matches(void **state)
{
    SPH_AUTO_PTR(sph_secret) *secret = NULL;
    SPH_AUTO_PTR(sph_secret) *salt = NULL;
    SPH_AUTO_PTR(sph_secret) *dek = NULL;
    SPH_AUTO_PTR(sph_secret) *short_salt = NULL;
    const sph_hash packet = sph_sha256_of(SPH_LIT("<LegalAssistanceRequest/>"));
    sph_hash commitment;
    (void)state;
    secret_from(0x40, &secret);
    assert_int_equal(sph_commitment_salt(secret, &salt, NULL).code, SPH_OK);
    assert_int_equal(sph_commitment_dek(secret, &dek, NULL).code, SPH_OK);
    const sph_hash salt_want =
        hash_of_hex("18e5e3ea7fa75fc9e8f5b6d1431cc5cc33ec4c24d99bec2d6f984f793dd220fd");
    const sph_hash dek_want =
        hash_of_hex("8d79c70891868c92f552bcd9d2fbf6784fcd368f9ef266412de7a98b387e9211");
    assert_true(sph_slice_equal(sph_secret_peek(salt), sph_slice_hash(&salt_want)));
    assert_true(sph_slice_equal(sph_secret_peek(dek), sph_slice_hash(&dek_want)));
    assert_int_equal(sph_commitment(salt, &packet, &commitment, NULL).code, SPH_OK);
    assert_hash(commitment, "addb502a94cbb49b689ed68ca68bbdb5d9e474df542e60af1ed2272cf39cba5a");
    assert_int_equal(sph_secret_from(SPH_LIT("short"), &short_salt, NULL).code, SPH_OK);
    assert_int_equal(sph_commitment(short_salt, &packet, &commitment, NULL).code, SPH_EARG);
}

/* One octet of the known answer at a time: whatever still decodes must re-encode to the same
 * octets, and the positions of magic, version, reserved and lengths must not decode at all. */
static void leaf_every_flipped_octet_is_refused_or_means_something_else(void **state)
{
    SPH_AUTO(sph_buf) bytes = sph_buf_init(1024);
    sph_leaf original, leaf;
    (void)state;
    unhex(known, &bytes);
    assert_int_equal(sph_leaf_decode(sph_buf_peek(&bytes), &original, NULL).code, SPH_OK);
    for (size_t at = 0; at < bytes.len; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes.at[at] ^= (uint8_t)(1u << bit);
            const sph_rc rc = sph_leaf_decode(sph_buf_peek(&bytes), &leaf, NULL);
            if (at < 6) /* magic, version, reserved */
                assert_int_equal(rc.code, SPH_EPARSE);
            if (rc.code == SPH_OK)
                assert_memory_not_equal(&leaf, &original, sizeof(leaf));
            else
                assert_int_equal(rc.code, SPH_EPARSE);
            bytes.at[at] ^= (uint8_t)(1u << bit);
        }
    }
}

static void leaf_cut_or_longer_is_refused(void **state)
{
    SPH_AUTO(sph_buf) bytes = sph_buf_init(1024);
    sph_leaf leaf;
    (void)state;
    unhex(known, &bytes);
    for (size_t len = 0; len < bytes.len; len++)
        assert_int_equal(sph_leaf_decode(sph_slice_of(bytes.at, len), &leaf, NULL).code,
                         SPH_EPARSE);
    assert_int_equal(sph_buf_add_byte(&bytes, 0, NULL).code, SPH_OK);
    assert_int_equal(sph_leaf_decode(sph_buf_peek(&bytes), &leaf, NULL).code, SPH_EPARSE);
}

static enum sph_code encode_code(const sph_leaf *leaf)
{
    SPH_AUTO(sph_buf) out = sph_buf_init(SPH_LEAF_MAX);
    const sph_rc rc = sph_leaf_encode(leaf, &out, NULL);
    assert_int_equal(out.len > 0, rc.code == SPH_OK);
    return rc.code;
}

static void leaf_bad_fields_are_not_written(void **state)
{
    sph_leaf leaf;
    (void)state;
    sph_leaf_init(&leaf, SPH_EVENT_START, "la.mps.atd");
    assert_int_equal(encode_code(&leaf), SPH_OK);
    leaf.event = 0x0110;
    assert_int_equal(encode_code(&leaf), SPH_EARG);
    sph_leaf_init(&leaf, SPH_EVENT_START, "La.mps");
    assert_int_equal(encode_code(&leaf), SPH_EARG);
    sph_leaf_init(&leaf, SPH_EVENT_START, "");
    assert_int_equal(encode_code(&leaf), SPH_EARG);
    sph_leaf_init(&leaf, SPH_EVENT_START,
                  "a-name-of-more-than-sixty-four-characters-does-not-fit-in-a-leaf.x");
    assert_int_equal(encode_code(&leaf), SPH_EARG);
    sph_leaf_init(&leaf, SPH_EVENT_START, "la");
    leaf.peer_root = (sph_hash){{1}};
    assert_int_equal(encode_code(&leaf), SPH_EARG);
    leaf.peer_size = 1;
    assert_int_equal(encode_code(&leaf), SPH_OK);
    leaf.ref_index = 0;
    assert_int_equal(encode_code(&leaf), SPH_EARG); /* its own index is 0 too */
    leaf.index = 1;
    assert_int_equal(encode_code(&leaf), SPH_OK);
    leaf.ext_len = 3;
    assert_int_equal(encode_code(&leaf), SPH_EARG);
}

static void leaf_ext_is_ascending_and_of_the_tags_length(void **state)
{
    SPH_AUTO(sph_buf) bytes = sph_buf_init(2048);
    const uint8_t many[1020] = {0};
    const uint8_t person[16] = {7};
    sph_leaf leaf, again;
    (void)state;
    sph_leaf_init(&leaf, SPH_EVENT_REJECTED, "la");
    assert_int_equal(sph_leaf_ext(&leaf, SPH_EXT_PERSON, SPH_LIT("short"), NULL).code, SPH_EARG);
    assert_int_equal(sph_leaf_ext(&leaf, SPH_EXT_PERSON, sph_slice_of(person, 16), NULL).code,
                     SPH_OK);
    assert_int_equal(sph_leaf_ext(&leaf, SPH_EXT_PERSON, sph_slice_of(person, 16), NULL).code,
                     SPH_EARG);
    assert_int_equal(sph_leaf_ext_u16(&leaf, SPH_EXT_REASON, 0x0102, NULL).code, SPH_OK);
    assert_int_equal(sph_leaf_ext_u64(&leaf, SPH_EXT_PEER_INDEX, 5, NULL).code, SPH_OK);
    assert_int_equal(sph_leaf_ext_u16(&leaf, SPH_EXT_REASON, 1, NULL).code, SPH_EARG);
    assert_int_equal(sph_leaf_ext(&leaf, SPH_EXT_VKEY, sph_slice_of(many, 1020), NULL).code,
                     SPH_ELIMIT);
    assert_int_equal(sph_leaf_ext(&leaf, SPH_EXT_VKEY, SPH_LIT(""), NULL).code, SPH_OK);
    assert_true(sph_slice_equal(sph_leaf_ext_find(&leaf, SPH_EXT_REASON), SPH_LIT("\1\2")));
    assert_true(
        sph_slice_equal(sph_leaf_ext_find(&leaf, SPH_EXT_PEER_INDEX), SPH_LIT("\0\0\0\0\0\0\0\5")));
    assert_int_equal(sph_leaf_ext_find(&leaf, SPH_EXT_COUNT).len, 0);
    assert_int_equal(sph_leaf_encode(&leaf, &bytes, NULL).code, SPH_OK);
    assert_int_equal(sph_leaf_decode(sph_buf_peek(&bytes), &again, NULL).code, SPH_OK);
    assert_memory_equal(&again, &leaf, sizeof(leaf));
}

/* The extension at the end of a leaf, replaced by these octets. */
static enum sph_code decode_with_ext(sph_slice ext)
{
    SPH_AUTO(sph_buf) bytes = sph_buf_init(4096);
    sph_leaf leaf;
    unhex(known, &bytes);
    bytes.len -= 2;
    assert_int_equal(sph_buf_add_u16(&bytes, (uint16_t)ext.len, NULL).code, SPH_OK);
    assert_int_equal(sph_buf_add(&bytes, ext, NULL).code, SPH_OK);
    return sph_leaf_decode(sph_buf_peek(&bytes), &leaf, NULL).code;
}

static void leaf_ext_of_bad_form_is_refused(void **state)
{
    (void)state;
    assert_int_equal(decode_with_ext(SPH_LIT("\0\2\0\2ab")), SPH_OK);
    assert_int_equal(decode_with_ext(SPH_LIT("\x7f\xff\0\1a")), SPH_OK); /* an unknown tag */
    assert_int_equal(decode_with_ext(SPH_LIT("\0\2\0\3abc")), SPH_EPARSE);
    assert_int_equal(decode_with_ext(SPH_LIT("\0\2\0\2a")), SPH_EPARSE);
    assert_int_equal(decode_with_ext(SPH_LIT("\0\2\0")), SPH_EPARSE);
    assert_int_equal(decode_with_ext(SPH_LIT("\0\2\0\2ab\0\2\0\2ab")), SPH_EPARSE);
    assert_int_equal(decode_with_ext(SPH_LIT("\0\x10\0\2ab\0\2\0\2ab")), SPH_EPARSE);
}

static void event_names_and_codes_belong_together(void **state)
{
    uint16_t code = 0;
    unsigned known_codes = 0;
    (void)state;
    for (unsigned i = 0; i <= 0xffff; i++) {
        const char *name = sph_event_name((uint16_t)i);
        if (!name)
            continue;
        assert_true(sph_event_of(name, &code));
        assert_int_equal(code, i);
        known_codes++;
    }
    assert_int_equal(known_codes, 44);
    assert_string_equal(sph_event_name(0x0605), "LEGAL_HOLD");
    assert_string_equal(sph_event_name(0x0506), "PAD");
    assert_false(sph_event_of("submitted", &code));
    assert_false(sph_event_of(NULL, &code));
}

int test_leaf(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaf_known_answer_is_written_and_read),
        cmocka_unit_test(commitment_vector_of_a_secret_matches),
        cmocka_unit_test(leaf_every_flipped_octet_is_refused_or_means_something_else),
        cmocka_unit_test(leaf_cut_or_longer_is_refused),
        cmocka_unit_test(leaf_bad_fields_are_not_written),
        cmocka_unit_test(leaf_ext_is_ascending_and_of_the_tags_length),
        cmocka_unit_test(leaf_ext_of_bad_form_is_refused),
        cmocka_unit_test(event_names_and_codes_belong_together),
    };
    return cmocka_run_group_tests_name("leaf", tests, NULL, NULL);
}
