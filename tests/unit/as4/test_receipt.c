#include "kit.h"

#include <stdio.h>

int test_receipt(void);

/* as4.md 9 and 10, security.md. */

#define OWN_ID "7c9e6679-7425-40de-944b-e07fc1f90ae7@here.example"

static const struct kit *kit(void)
{
    return kit_of(SPH_SUITE_EDELIVERY_2_0_ED25519);
}

static sph_as4_signer signer_of(const struct kit_party *party)
{
    return (sph_as4_signer){party->sign_key, party->sign, party->root, SPH_TOKEN_BST_X509};
}

/** A signal as `there` sees it: opened; verified against `here` when it can be. */
struct seen {
    sph_as4_in *in;
    bool is_verified;
    sph_as4_fault fault;
};

static void seen_clear(struct seen *seen)
{
    sph_as4_in_free(&seen->in);
}

static void see(const struct kit *k, sph_slice text, struct seen *out)
{
    sph_err err = {0};
    const sph_as4_source source = {.bytes = text};
    const sph_as4_trust trust = {
        .party = "here.example", .root = k->here.root, .at_ms = KIT_NOW_MS, .suite = k->suite};
    *out = (struct seen){0};
    kit_good(sph_as4_open("application/soap+xml;charset=UTF-8", &source, sph_limits_default(),
                          &out->in, &out->fault, &err),
             &err);
    out->is_verified = sph_as4_verify(out->in, &trust, &out->fault, &err).code == SPH_OK;
}

static void receipt_for(const struct kit *k, const struct kit_msg *msg, const struct kit_party *by,
                        sph_slice proof, sph_buf *out)
{
    sph_err err = {0};
    SPH_AUTO_PTR(sph_as4_in) *in = kit_open(msg);
    const sph_as4_signer signer = signer_of(by);
    *out = sph_buf_init(1u << 20);
    kit_good(sph_as4_build_receipt(in, OWN_ID, KIT_NOW_MS, proof, k->suite, &signer, kit_random(),
                                   out, &err),
             &err);
}

static enum sph_code check(const sph_as4_in *in, const sph_as4_refs *sent)
{
    sph_err err = {0};
    return sph_as4_receipt_check(in, sent, &err).code;
}

static void receipt_of_each_suite_proves_the_sent_set(void **state)
{
    (void)state;
    for (size_t suite = 0; suite < SPH_SUITE_COUNT; suite++) {
        struct kit_msg msg;
        struct seen seen;
        SPH_AUTO(sph_buf) text = {0};
        const struct kit *k = kit_of((enum sph_suite)suite);
        kit_message(k, &(struct kit_wish){.parts = 3}, &msg);
        receipt_for(k, &msg, &k->here, (sph_slice){0}, &text);
        see(k, sph_buf_peek(&text), &seen);
        if (!seen.is_verified)
            fail_msg("receipt refused: %s", seen.fault.rule);
        assert_int_equal(sph_as4_in_kind(seen.in), SPH_AS4_RECEIPT);
        assert_string_equal(sph_as4_in_ref_to(seen.in), KIT_MESSAGE_ID);
        assert_string_equal(sph_as4_in_message_id(seen.in), OWN_ID);
        assert_null(sph_as4_in_user(seen.in));
        assert_int_equal(check(seen.in, &msg.refs), SPH_OK);
        seen_clear(&seen);
        kit_msg_clear(&msg);
    }
}

/** another message, one reference less, one more, one digest changed. */
static void receipt_a03_set_that_differs_is_refused(void **state)
{
    (void)state;
    struct kit_msg msg, other;
    struct seen seen;
    SPH_AUTO(sph_buf) text = {0};
    kit_message(kit(), &(struct kit_wish){.parts = 2}, &msg);
    kit_message(kit(), &(struct kit_wish){.parts = 2}, &other);
    receipt_for(kit(), &msg, &kit()->here, (sph_slice){0}, &text);
    see(kit(), sph_buf_peek(&text), &seen);
    assert_int_equal(check(seen.in, &msg.refs), SPH_OK);
    assert_int_equal(check(seen.in, &other.refs), SPH_EPROOF);
    sph_as4_refs less = msg.refs, more = msg.refs, changed = msg.refs;
    less.count--;
    more.ref[more.count++] = other.refs.ref[0];
    changed.ref[2].digest.at[31] ^= 1;
    assert_int_equal(check(seen.in, &less), SPH_EPROOF);
    assert_int_equal(check(seen.in, &more), SPH_EPROOF);
    assert_int_equal(check(seen.in, &changed), SPH_EPROOF);
    changed = msg.refs;
    changed.ref[1] = changed.ref[0]; /* as many, one of them twice */
    assert_int_equal(check(seen.in, &changed), SPH_EPROOF);
    seen_clear(&seen);
    kit_msg_clear(&msg);
    kit_msg_clear(&other);
}

/** missing or extra reference inside a receipt that its author signed. */
static void receipt_a03_signed_receipt_with_other_references_is_refused(void **state)
{
    (void)state;
    for (int is_extra = 0; is_extra < 2; is_extra++) {
        struct kit_msg msg, forged = {.kit = kit()};
        struct seen seen;
        kit_message(kit(), &(struct kit_wish){.parts = 2}, &msg);
        receipt_for(kit(), &msg, &kit()->here, (sph_slice){0}, &forged.root);
        char *one =
            kit_cut(&forged, "<ebbp:MessagePartNRInformation", "</ebbp:MessagePartNRInformation>");
        for (int i = 0; i < 2 * is_extra; i++)
            kit_insert_before(&forged, "</ebbp:NonRepudiationInformation>", one);
        kit_resign(&forged, kit()->here.sign_key);
        see(kit(), sph_buf_peek(&forged.root), &seen);
        assert_true(seen.is_verified);
        assert_int_equal(check(seen.in, &msg.refs), SPH_EPROOF);
        seen_clear(&seen);
        sph_str_free(&one);
        kit_msg_clear(&msg);
        kit_msg_clear(&forged);
    }
}

/** unsigned, and signed by another party: verify fails, and the check refuses what was not
 * verified. */
static void receipt_a03_unsigned_or_foreign_receipt_is_refused(void **state)
{
    (void)state;
    struct kit_msg msg, stripped = {.kit = kit()};
    struct seen seen;
    SPH_AUTO(sph_buf) text = {0};
    kit_message(kit(), &(struct kit_wish){0}, &msg);
    receipt_for(kit(), &msg, &kit()->other, (sph_slice){0}, &text);
    see(kit(), sph_buf_peek(&text), &seen);
    assert_false(seen.is_verified);
    assert_int_equal(seen.fault.code, SPH_EBMS_0101);
    assert_int_equal(check(seen.in, &msg.refs), SPH_EPROOF);
    seen_clear(&seen);
    receipt_for(kit(), &msg, &kit()->here, (sph_slice){0}, &stripped.root);
    char *cut = kit_cut(&stripped, "<wsse:Security", "</wsse:Security>");
    see(kit(), sph_buf_peek(&stripped.root), &seen);
    assert_false(seen.is_verified);
    assert_string_equal(seen.fault.rule, "wss.missing");
    assert_int_equal(check(seen.in, &msg.refs), SPH_EPROOF);
    seen_clear(&seen);
    sph_str_free(&cut);
    kit_msg_clear(&msg);
    kit_msg_clear(&stripped);
}

/** as4.md 9: the form for unsigned messages proves nothing; foreign children are ignored. */
static void receipt_forms_of_other_products_are_read(void **state)
{
    (void)state;
    struct kit_msg msg, changed = {.kit = kit()};
    struct seen seen;
    kit_message(kit(), &(struct kit_wish){0}, &msg);
    receipt_for(kit(), &msg, &kit()->here, (sph_slice){0}, &changed.root);
    kit_insert_before(&changed, "</eb:Receipt>",
                      "<p:Info xmlns:p=\"urn:other\" p:version=\"1\"></p:Info>");
    kit_resign(&changed, kit()->here.sign_key);
    see(kit(), sph_buf_peek(&changed.root), &seen);
    assert_true(seen.is_verified);
    assert_int_equal(check(seen.in, &msg.refs), SPH_OK);
    seen_clear(&seen);
    char *cut =
        kit_cut(&changed, "<ebbp:NonRepudiationInformation", "</ebbp:NonRepudiationInformation>");
    kit_insert_after(&changed, "<eb:Receipt>", "<eb:UserMessage></eb:UserMessage>");
    kit_resign(&changed, kit()->here.sign_key);
    see(kit(), sph_buf_peek(&changed.root), &seen);
    assert_true(seen.is_verified);
    assert_int_equal(check(seen.in, &msg.refs), SPH_EPROOF);
    seen_clear(&seen);
    sph_str_free(&cut);
    kit_msg_clear(&msg);
    kit_msg_clear(&changed);
}

/** T3 to T4 after a crash: the receipt made from the stored root proves the same set. */
static void receipt_from_the_stored_root_proves_the_same(void **state)
{
    (void)state;
    struct kit_msg msg;
    struct seen seen;
    sph_err err = {0};
    SPH_AUTO(sph_buf) text = sph_buf_init(1u << 20);
    const sph_as4_signer signer = signer_of(&kit()->here);
    kit_message(kit(), &(struct kit_wish){.parts = 3}, &msg);
    kit_good(sph_as4_build_receipt_from_root(sph_buf_peek(&msg.root), OWN_ID, KIT_NOW_MS,
                                             (sph_slice){0}, kit()->suite, &signer, kit_random(),
                                             &text, &err),
             &err);
    see(kit(), sph_buf_peek(&text), &seen);
    assert_true(seen.is_verified);
    assert_int_equal(check(seen.in, &msg.refs), SPH_OK);
    seen_clear(&seen);
    kit_msg_clear(&msg);
}

static void receipt_prefix_list_of_the_sender_is_repeated(void **state)
{
    (void)state;
    struct kit_msg msg;
    SPH_AUTO(sph_buf) text = {0};
    kit_message(kit(), &(struct kit_wish){0}, &msg);
    /* WSS4J writes a PrefixList; with one that adds nothing the digest of ours stays the same */
    kit_replace(
        &msg, "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:Transform>",
        "<ds:Transform "
        "Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"><ec:InclusiveNamespaces "
        "xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" "
        "PrefixList=\"none\"></ec:InclusiveNamespaces></ds:Transform>");
    kit_resign(&msg, kit()->there.sign_key);
    receipt_for(kit(), &msg, &kit()->here, (sph_slice){0}, &text);
    assert_true(sph_slice_find(sph_buf_peek(&text), SPH_LIT("PrefixList=\"none\""), 0) != SIZE_MAX);
    kit_msg_clear(&msg);
}

/* ------------------------------------------------------------------ ledger proof */

static void receipt_ledger_proof_comes_back_as_written(void **state)
{
    (void)state;
    struct kit_msg msg;
    struct seen seen;
    sph_err err = {0};
    SPH_AUTO(sph_buf)
    proof = sph_buf_init(65536), text = {0}, leaf = sph_buf_init(65536), tlog = sph_buf_init(65536);
    kit_message(kit(), &(struct kit_wish){0}, &msg);
    kit_good(sph_as4_ledger_proof_write(SPH_LIT("SPL1 leaf octets"), SPH_LIT("tlog-proof text\n"),
                                        &proof, &err),
             &err);
    receipt_for(kit(), &msg, &kit()->here, sph_buf_peek(&proof), &text);
    see(kit(), sph_buf_peek(&text), &seen);
    if (!seen.is_verified)
        fail_msg("refused: %s", seen.fault.rule);
    assert_int_equal(check(seen.in, &msg.refs), SPH_OK);
    kit_good(sph_as4_receipt_proof(seen.in, &leaf, &tlog, &err), &err);
    assert_true(sph_slice_is(sph_buf_peek(&leaf), "SPL1 leaf octets"));
    assert_true(sph_slice_is(sph_buf_peek(&tlog), "tlog-proof text\n"));
    seen_clear(&seen);
    sph_buf_clear(&text);
    receipt_for(kit(), &msg, &kit()->here, (sph_slice){0}, &text);
    see(kit(), sph_buf_peek(&text), &seen);
    kit_good(sph_as4_receipt_proof(seen.in, &leaf, &tlog, &err), &err);
    assert_int_equal(leaf.len, 0);
    assert_int_equal(tlog.len, 0);
    seen_clear(&seen);
    kit_msg_clear(&msg);
}

static void receipt_malformed_ledger_proof_leaves_the_receipt_valid(void **state)
{
    (void)state;
    static const char *const proofs[] = {
        "",
        "<sl:Proof>AAAA</sl:Proof><sl:Leaf>AAAA</sl:Leaf>",
        "<sl:Leaf>AAAA</sl:Leaf>",
        "<sl:Leaf>A</sl:Leaf><sl:Proof>AAAA</sl:Proof>",
        "<sl:Leaf>AAAA</sl:Leaf><sl:Proof>AAAA</sl:Proof><sl:X></sl:X>",
        "<sl:Leaf>AAAA</sl:Leaf><sl:Proof>AAAA</sl:Proof><sl:Cosignature></"
        "sl:Cosignature><sl:Wanted></sl:Wanted>"};
    struct kit_msg msg;
    kit_message(kit(), &(struct kit_wish){0}, &msg);
    for (size_t i = 0; i < sizeof(proofs) / sizeof(proofs[0]); i++) {
        struct seen seen;
        sph_err err = {0};
        char element[400];
        SPH_AUTO(sph_buf) text = {0}, leaf = sph_buf_init(1024), tlog = sph_buf_init(1024);
        (void)snprintf(element, sizeof(element),
                       "<sl:LedgerProof xmlns:sl=\"urn:saphan:ledger:1\">%s</sl:LedgerProof>",
                       proofs[i]);
        receipt_for(kit(), &msg, &kit()->here, sph_slice_str(element), &text);
        see(kit(), sph_buf_peek(&text), &seen);
        assert_true(seen.is_verified);
        assert_int_equal(check(seen.in, &msg.refs), SPH_OK);
        assert_int_equal(sph_as4_receipt_proof(seen.in, &leaf, &tlog, &err).code, SPH_EPARSE);
        assert_int_equal(leaf.len, 0);
        seen_clear(&seen);
    }
    kit_msg_clear(&msg);
}

static void receipt_proof_over_32_kib_is_not_sent(void **state)
{
    (void)state;
    struct kit_msg msg;
    sph_err err = {0};
    static uint8_t big[32768];
    SPH_AUTO(sph_buf) out = sph_buf_init(1u << 20);
    const sph_as4_signer signer = signer_of(&kit()->here);
    kit_message(kit(), &(struct kit_wish){0}, &msg);
    SPH_AUTO_PTR(sph_as4_in) *in = kit_open(&msg);
    assert_int_equal(
        sph_as4_ledger_proof_write(sph_slice_of(big, sizeof(big)), SPH_LIT("x"), &out, &err).code,
        SPH_ELIMIT);
    (void)signer;
    assert_int_equal(out.len, 0);
    kit_msg_clear(&msg);
}

static void receipt_before_verify_is_not_made(void **state)
{
    (void)state;
    struct kit_msg msg;
    sph_err err = {0};
    sph_as4_fault fault = {0};
    SPH_AUTO_PTR(sph_as4_in) *in = NULL;
    SPH_AUTO(sph_buf) out = sph_buf_init(1u << 20);
    const sph_as4_signer signer = signer_of(&kit()->here);
    kit_message(kit(), &(struct kit_wish){0}, &msg);
    kit_good(sph_as4_open_root(sph_buf_peek(&msg.root), sph_limits_default(), &in, &fault, &err),
             &err);
    assert_int_equal(sph_as4_build_receipt(in, OWN_ID, KIT_NOW_MS, (sph_slice){0}, kit()->suite,
                                           &signer, kit_random(), &out, &err)
                         .code,
                     SPH_EARG);
    assert_int_equal(out.len, 0);
    kit_msg_clear(&msg);
}

/* ------------------------------------------------------------------ errors and pull */

static void error_text(enum sph_ebms code, const char *detail, bool is_signed, sph_buf *out)
{
    sph_err err = {0};
    const sph_as4_signer signer = signer_of(&kit()->here);
    const struct sph_as4_error_info info = {code, KIT_MESSAGE_ID, detail};
    *out = sph_buf_init(1u << 20);
    kit_good(sph_as4_build_error(&info, OWN_ID, KIT_NOW_MS, kit()->suite,
                                 is_signed ? &signer : NULL, kit_random(), out, &err),
             &err);
}

static void receipt_a06_signed_error_is_read_and_unsigned_one_is_not_verified(void **state)
{
    (void)state;
    for (int is_signed = 0; is_signed < 2; is_signed++) {
        struct seen seen;
        struct sph_as4_error_seen errors[16];
        SPH_AUTO(sph_buf) text = {0};
        error_text(SPH_EBMS_0004, "PK-07 issuedAt lies ahead", is_signed != 0, &text);
        see(kit(), sph_buf_peek(&text), &seen);
        assert_int_equal(sph_as4_in_kind(seen.in), SPH_AS4_ERROR);
        assert_true(seen.is_verified == (is_signed != 0));
        assert_int_equal(sph_as4_errors(seen.in, errors), 1);
        assert_string_equal(errors[0].code, "EBMS:0004");
        assert_string_equal(errors[0].detail, "PK-07 issuedAt lies ahead");
        assert_string_equal(errors[0].ref_in_error, KIT_MESSAGE_ID);
        assert_true(errors[0].is_failure);
        assert_true(sph_as4_error_is_final(&errors[0]));
        assert_string_equal(sph_as4_in_ref_to(seen.in), KIT_MESSAGE_ID);
        seen_clear(&seen);
    }
}

static void receipt_error_finality_follows_the_table(void **state)
{
    (void)state;
    static const struct {
        const char *code, *detail;
        bool is_failure, is_final;
    } rows[] = {
        {"EBMS:0001", "", true, true},           {"EBMS:0002", "", false, false},
        {"EBMS:0003", "", true, true},           {"EBMS:0004", "", true, false},
        {"EBMS:0004", "disk full", true, false}, {"EBMS:0004", "PK-20: x", true, true},
        {"EBMS:0004", "AKN-03", true, true},     {"EBMS:0004", "DP-18", true, true},
        {"EBMS:0004", "XSD line 3", true, true}, {"EBMS:0004", "MATRIX", true, true},
        {"EBMS:0004", "REPLAY", true, true},     {"EBMS:0005", "", true, false},
        {"EBMS:0006", "", false, false},         {"EBMS:0006", "", true, false},
        {"EBMS:0007", "", true, true},           {"EBMS:0008", "", true, true},
        {"EBMS:0009", "", true, true},           {"EBMS:0010", "", true, true},
        {"EBMS:0011", "", true, true},           {"EBMS:0040", "", true, true},
        {"EBMS:0055", "", true, true},           {"EBMS:0056", "", true, false},
        {"EBMS:0101", "", true, true},           {"EBMS:0102", "", true, true},
        {"EBMS:0103", "", true, true},           {"EBMS:0103", "", false, false},
        {"EBMS:0202", "", true, false},          {"EBMS:0301", "", true, false},
        {"EBMS:0303", "", true, true},           {"EBMS:4001", "", true, true},
        {"EBMS:9999", "", true, false},          {"", "", true, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sph_as4_error_seen e = {.is_failure = rows[i].is_failure};
        strcpy(e.code, rows[i].code);
        strcpy(e.detail, rows[i].detail);
        if (sph_as4_error_is_final(&e) != rows[i].is_final)
            fail_msg("row %zu: %s %s", i, rows[i].code, rows[i].detail);
    }
}

static void receipt_worst_error_comes_first_and_17_are_16(void **state)
{
    (void)state;
    struct kit_msg text = {.kit = kit()};
    struct seen seen;
    struct sph_as4_error_seen errors[16];
    error_text(SPH_EBMS_0006, "nothing queued", true, &text.root);
    kit_insert_before(&text, "</eb:SignalMessage>",
                      "<eb:Error errorCode=\"EBMS:0202\" severity=\"failure\"></eb:Error>");
    kit_insert_before(&text, "</eb:SignalMessage>",
                      "<eb:Error errorCode=\"EBMS:0101\" severity=\"failure\"></eb:Error>");
    for (int i = 0; i < 14; i++)
        kit_insert_before(&text, "</eb:SignalMessage>",
                          "<eb:Error errorCode=\"EBMS:0002\" severity=\"warning\"></eb:Error>");
    kit_resign(&text, kit()->here.sign_key);
    see(kit(), sph_buf_peek(&text.root), &seen);
    assert_true(seen.is_verified);
    assert_int_equal(sph_as4_errors(seen.in, errors), 16);
    assert_string_equal(errors[0].code, "EBMS:0101");
    assert_string_equal(errors[1].code, "EBMS:0202");
    assert_string_equal(errors[2].code, "EBMS:0006");
    assert_false(errors[2].is_failure);
    seen_clear(&seen);
    kit_msg_clear(&text);
}

/** as4.md 10: a SOAP fault beside an error is accepted; anywhere else the Body is empty. */
static void receipt_error_with_a_soap_fault_is_read(void **state)
{
    (void)state;
    struct kit_msg text = {.kit = kit()};
    struct seen seen;
    error_text(SPH_EBMS_0010, "no agreement", true, &text.root);
    kit_insert_before(&text, "</env:Body>", "<env:Fault></env:Fault>");
    kit_resign(&text, kit()->here.sign_key);
    see(kit(), sph_buf_peek(&text.root), &seen);
    assert_true(seen.is_verified);
    seen_clear(&seen);
    kit_msg_clear(&text);
}

static void receipt_encrypted_signal_is_refused(void **state)
{
    (void)state;
    struct kit_msg msg, text = {.kit = kit()};
    struct seen seen;
    kit_message(kit(), &(struct kit_wish){0}, &msg);
    receipt_for(kit(), &msg, &kit()->here, (sph_slice){0}, &text.root);
    char *key = kit_copy(&msg, "<xenc:EncryptedKey", "</xenc:EncryptedKey>");
    kit_insert_before(&text, "<wsse:BinarySecurityToken", key);
    /* the prefixes that the key's element leans on in its own document */
    kit_replace(
        &text, "<env:Envelope",
        "<env:Envelope "
        "xmlns:wsse11=\"http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd\"");
    see(kit(), sph_buf_peek(&text.root), &seen);
    assert_false(seen.is_verified);
    assert_string_equal(seen.fault.rule, "xenc.signal");
    seen_clear(&seen);
    sph_str_free(&key);
    kit_msg_clear(&msg);
    kit_msg_clear(&text);
}

static void receipt_pull_request_names_its_channel(void **state)
{
    (void)state;
    struct seen seen;
    sph_err err = {0};
    SPH_AUTO(sph_buf) text = sph_buf_init(1u << 20);
    const sph_as4_signer signer = signer_of(&kit()->here);
    kit_good(sph_as4_build_pull("urn:saphan:mpc:7", OWN_ID, KIT_NOW_MS, kit()->suite, &signer,
                                kit_random(), &text, &err),
             &err);
    see(kit(), sph_buf_peek(&text), &seen);
    assert_true(seen.is_verified);
    assert_int_equal(sph_as4_in_kind(seen.in), SPH_AS4_PULL);
    assert_string_equal(sph_as4_in_pull_mpc(seen.in), "urn:saphan:mpc:7");
    assert_null(sph_as4_in_ref_to(seen.in));
    assert_int_equal(sph_as4_in_timestamp_ms(seen.in), KIT_NOW_MS);
    seen_clear(&seen);
}

int test_receipt(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(receipt_of_each_suite_proves_the_sent_set),
        cmocka_unit_test(receipt_a03_set_that_differs_is_refused),
        cmocka_unit_test(receipt_a03_signed_receipt_with_other_references_is_refused),
        cmocka_unit_test(receipt_a03_unsigned_or_foreign_receipt_is_refused),
        cmocka_unit_test(receipt_forms_of_other_products_are_read),
        cmocka_unit_test(receipt_from_the_stored_root_proves_the_same),
        cmocka_unit_test(receipt_prefix_list_of_the_sender_is_repeated),
        cmocka_unit_test(receipt_ledger_proof_comes_back_as_written),
        cmocka_unit_test(receipt_malformed_ledger_proof_leaves_the_receipt_valid),
        cmocka_unit_test(receipt_proof_over_32_kib_is_not_sent),
        cmocka_unit_test(receipt_before_verify_is_not_made),
        cmocka_unit_test(receipt_a06_signed_error_is_read_and_unsigned_one_is_not_verified),
        cmocka_unit_test(receipt_error_finality_follows_the_table),
        cmocka_unit_test(receipt_worst_error_comes_first_and_17_are_16),
        cmocka_unit_test(receipt_error_with_a_soap_fault_is_read),
        cmocka_unit_test(receipt_encrypted_signal_is_refused),
        cmocka_unit_test(receipt_pull_request_names_its_channel),
    };
    return cmocka_run_group_tests_name("receipt", tests, kit_start, kit_stop);
}
