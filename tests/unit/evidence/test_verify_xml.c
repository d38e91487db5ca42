/* Cards and packets: every refusal, and every octet of them. */
#include "kit.h"

int test_verify_xml(void);

static kit_ask ask_of(const sph_buf *file, const sph_buf *trust)
{
    kit_ask ask = {.file = sph_buf_peek(file)};
    if (trust)
        ask.trust[0] = sph_buf_peek(trust);
    return ask;
}

static const char *fact(const sph_verdict *verdict, const char *name)
{
    for (size_t i = 0; i < sph_verdict_count(verdict); i++) {
        const sph_verdict_line *line = sph_verdict_at(verdict, i);
        if (line->name && strcmp(line->name, name) == 0)
            return line->value;
    }
    return "";
}

static void verify_card_alone_is_intact_and_shows_the_safety_number(void **state)
{
    const struct kit *kit = *state;
    char safety[SPH_SAFETY_TEXT];
    const kit_ask ask = ask_of(&kit->thai.card, NULL);
    SPH_AUTO_PTR(sph_verdict) *verdict = kit_verify(kit, &ask);
    sph_safety_number(sph_cert_peek_der(kit->thai.root), safety);
    kit_expect(kit, &ask, SPH_VERDICT_INTACT, "evidence.signature.holds", "evidence.card.holds",
               "evidence.basis.card", "evidence.limit.card", END);
    assert_int_equal(sph_verdict_kind(verdict), SPH_EVIDENCE_CARD);
    assert_string_equal(fact(verdict, "safetyNumber"), safety);
    assert_string_equal(fact(verdict, "issuer"), "th.ngo.example");
    assert_string_equal(fact(verdict, "name"), "Saeng Rim Khong (invented)");
    assert_string_equal(fact(verdict, "logOrigin"), "th.ngo.example/ledger/1");
}

static void verify_card_with_its_own_root_rests_on_it(void **state)
{
    const struct kit *kit = *state;
    const kit_ask by_root = ask_of(&kit->thai.card, &kit->thai.pem);
    const kit_ask by_card = ask_of(&kit->thai.card, &kit->thai.card);
    kit_expect(kit, &by_root, SPH_VERDICT_HOLDS, "evidence.card.same-root", "evidence.basis.root",
               END);
    kit_expect(kit, &by_card, SPH_VERDICT_HOLDS, "evidence.card.same-root", END);
}

static void verify_card_with_another_root_of_the_same_name_fails(void **state)
{
    const struct kit *kit = *state;
    const kit_ask impostor = ask_of(&kit->thai.card, &kit->impostor.pem);
    const kit_ask other = ask_of(&kit->thai.card, &kit->lao.card);
    kit_expect(kit, &impostor, SPH_VERDICT_FAILS, "evidence.card.other-root", END);
    kit_expect(kit, &other, SPH_VERDICT_FAILS, "evidence.card.other-root", END);
}

static void verify_card_that_ran_out_is_intact_with_a_note(void **state)
{
    const struct kit *kit = *state;
    kit_ask ask = ask_of(&kit->thai.card, NULL);
    ask.now_ms = KIT_NOW + 200 * KIT_DAY;
    kit_expect(kit, &ask, SPH_VERDICT_INTACT, "evidence.card.expired", END);
    ask.now_ms--;
    SPH_AUTO_PTR(sph_verdict) *verdict = kit_verify(kit, &ask);
    assert_false(sph_verdict_has(verdict, "evidence.card.expired"));
}

static void verify_card_of_training_is_noted(void **state)
{
    const struct kit *kit = *state;
    SPH_AUTO(sph_buf) card = sph_buf_init(262144);
    kit_card(&kit->thai, "training", &card);
    const kit_ask ask = ask_of(&card, NULL);
    kit_expect(kit, &ask, SPH_VERDICT_INTACT, "evidence.training", END);
}

static void verify_card_dated_in_the_future_is_noted(void **state)
{
    const struct kit *kit = *state;
    kit_ask ask = ask_of(&kit->thai.card, NULL);
    ask.now_ms = KIT_NOW - 2 * KIT_DAY;
    kit_expect(kit, &ask, SPH_VERDICT_INTACT, "evidence.signature.future", END);
}

/* Exclusive C14N leaves out a declaration that nothing below it uses: the prefixes of those that
 * the writer repeats are the only octets of a packet that its signature does not see. What they
 * declare stands on an ancestor already, so a change there changes the meaning of nothing. */
static size_t find_unseen(const sph_buf *file, sph_slice *out, size_t room)
{
    const sph_slice all = sph_buf_peek(file);
    const sph_slice mark = SPH_LIT(" xmlns:");
    size_t count = 0;
    for (size_t at = sph_slice_find(all, mark, 0); at != SIZE_MAX;
         at = sph_slice_find(all, mark, at + 1)) {
        const size_t end = sph_slice_find(all, SPH_LIT("="), at);
        const sph_slice declaration = sph_slice_sub(all, at, end - at);
        if (sph_slice_find(all, declaration, 0) == at)
            continue; /* the first is used */
        assert_in_range(count, 0, room - 1);
        out[count++] = sph_slice_sub(declaration, mark.len, SIZE_MAX);
    }
    return count;
}

static void expect_each_octet_counts(const struct kit *kit, const sph_buf *file,
                                     const sph_buf *trust)
{
    sph_slice unseen[16];
    size_t octets = 0;
    const kit_ask ask = ask_of(file, trust);
    const size_t count = find_unseen(file, unseen, 16);
    for (size_t i = 0; i < count; i++)
        octets += unseen[i].len;
    assert_in_range(octets, 1, 40);
    assert_int_equal(kit_each_octet(kit, &ask, unseen, count), file->len - octets);
}

static void verify_card_each_changed_octet_is_refused(void **state)
{
    const struct kit *kit = *state;
    expect_each_octet_counts(kit, &kit->thai.card, NULL);
}

static void verify_packet_without_trust_is_intact_and_warns(void **state)
{
    const struct kit *kit = *state;
    const kit_ask ask = ask_of(&kit->packet, NULL);
    SPH_AUTO_PTR(sph_verdict) *verdict = kit_verify(kit, &ask);
    kit_expect(kit, &ask, SPH_VERDICT_INTACT, "evidence.signature.intact", "evidence.basis.nobody",
               "evidence.limit.packet", END);
    assert_false(sph_verdict_has(verdict, "evidence.signature.holds"));
    assert_int_equal(sph_verdict_kind(verdict), SPH_EVIDENCE_PACKET);
    assert_string_equal(fact(verdict, "packetId"), "urn:uuid:0f8fad5b-d9cb-469f-a165-70867728950e");
}

static void verify_packet_with_card_or_root_of_its_issuer_holds(void **state)
{
    const struct kit *kit = *state;
    const kit_ask by_card = ask_of(&kit->packet, &kit->thai.card);
    const kit_ask by_root = ask_of(&kit->packet, &kit->thai.pem);
    kit_expect(kit, &by_card, SPH_VERDICT_HOLDS, "evidence.signature.holds", "evidence.basis.root",
               "evidence.schema.holds", END);
    kit_expect(kit, &by_root, SPH_VERDICT_HOLDS, "evidence.signature.holds", END);
}

static void verify_packet_takes_the_trust_of_its_issuer_among_several(void **state)
{
    const struct kit *kit = *state;
    const kit_ask ask = {
        .file = sph_buf_peek(&kit->packet),
        .trust = {sph_buf_peek(&kit->lao.card), sph_buf_peek(&kit->thai.pem)},
    };
    kit_expect(kit, &ask, SPH_VERDICT_HOLDS, "evidence.signature.holds", END);
}

static void verify_packet_with_the_trust_of_another_fails(void **state)
{
    const struct kit *kit = *state;
    const kit_ask other = ask_of(&kit->packet, &kit->lao.card);
    const kit_ask impostor = ask_of(&kit->packet, &kit->impostor.card);
    kit_expect(kit, &other, SPH_VERDICT_FAILS, "evidence.signature.other-trust", END);
    kit_expect(kit, &impostor, SPH_VERDICT_FAILS, "evidence.signature.broken", END);
}

static void verify_packet_with_keys_alone_cannot_be_judged(void **state)
{
    const struct kit *kit = *state;
    SPH_AUTO(sph_buf) keys = sph_buf_init(1024);
    kit_vkey(&kit->thai.log, &keys);
    const kit_ask packet = ask_of(&kit->packet, &keys);
    const kit_ask card = ask_of(&kit->thai.card, &keys);
    kit_expect(kit, &packet, SPH_VERDICT_UNUSABLE, "evidence.trust-no-root", END);
    kit_expect(kit, &card, SPH_VERDICT_UNUSABLE, "evidence.trust-no-root", END);
}

static void verify_packet_by_a_revoked_key_fails(void **state)
{
    const struct kit *kit = *state;
    SPH_AUTO(sph_buf) packet = sph_buf_init(1 << 20);
    kit_packet(&kit->thai, "production", true, &packet);
    const kit_ask by_card = ask_of(&packet, &kit->thai.card);
    const kit_ask by_root = ask_of(&packet, &kit->thai.pem); /* knows of no revocation */
    kit_expect(kit, &by_card, SPH_VERDICT_FAILS, "evidence.signature.broken", END);
    kit_expect(kit, &by_root, SPH_VERDICT_HOLDS, END);
}

static void verify_packet_each_changed_octet_is_refused(void **state)
{
    const struct kit *kit = *state;
    expect_each_octet_counts(kit, &kit->packet, &kit->thai.pem);
}

static void verify_packet_cut_short_or_extended_is_refused(void **state)
{
    const struct kit *kit = *state;
    SPH_AUTO(sph_buf) longer = sph_buf_init(1 << 20);
    kit_ask ask = ask_of(&kit->packet, &kit->thai.pem);
    for (size_t len = 0; len < kit->packet.len; len += 97) {
        ask.file = sph_slice_sub(sph_buf_peek(&kit->packet), 0, len);
        kit_expect(kit, &ask, SPH_VERDICT_UNUSABLE, END);
    }
    assert_ok(sph_buf_add(&longer, sph_buf_peek(&kit->packet), NULL), NULL);
    assert_ok(sph_buf_add_text(&longer, "<more/>", NULL), NULL);
    ask.file = sph_buf_peek(&longer);
    kit_expect(kit, &ask, SPH_VERDICT_UNUSABLE, "evidence.xml.broken", END);
}

/* The text of the packet with one place changed; the place must be there. */
static void replaced(const sph_buf *from, const char *old, const char *with, sph_buf *out)
{
    const sph_slice all = sph_buf_peek(from);
    const size_t at = sph_slice_find(all, sph_slice_str(old), 0);
    assert_int_not_equal(at, SIZE_MAX);
    assert_ok(sph_buf_add(out, sph_slice_sub(all, 0, at), NULL), NULL);
    assert_ok(sph_buf_add_text(out, with, NULL), NULL);
    assert_ok(sph_buf_add(out, sph_slice_sub(all, at + sph_slice_str(old).len, SIZE_MAX), NULL),
              NULL);
}

static void verify_packet_with_changed_parts_fails(void **state)
{
    static const struct {
        const char *old, *with;
    } changes[] = {
        {"th.ngo.example", "la.legal.example"},
        {"claimed", "refused"},
        {"TH-34", "TH-35"},
        {"assistance-request", "resource"},
        {"</Body>", "</Body><Body/>"},
        {"Signature", "Segnature"},
    };
    const struct kit *kit = *state;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        SPH_AUTO(sph_buf) packet = sph_buf_init(1 << 20);
        replaced(&kit->packet, changes[i].old, changes[i].with, &packet);
        const kit_ask trusted = ask_of(&packet, &kit->thai.pem);
        const kit_ask alone = ask_of(&packet, NULL);
        SPH_AUTO_PTR(sph_verdict) *first = kit_verify(kit, &trusted);
        SPH_AUTO_PTR(sph_verdict) *second = kit_verify(kit, &alone);
        assert_int_not_equal(sph_verdict_exit(first), 0);
        assert_int_not_equal(sph_verdict_exit(second), 0);
    }
}

static void verify_file_of_another_kind_is_unusable(void **state)
{
    static const struct {
        const char *text, *key;
    } files[] = {
        {"", "evidence.unknown"},
        {"hello", "evidence.unknown"},
        {"PK\x03\x04", "evidence.unknown"},
        {"%PDF-1.7\n", "evidence.unknown"},
        {"<html><body/></html>", "evidence.xml.other"},
        {"<Packet/>", "evidence.xml.other"},
        {"<Packet xmlns=\"urn:saphan:packet:2\"/>", "evidence.xml.other"},
        {"<a>", "evidence.xml.broken"},
        {"<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "evidence.xml.broken"},
        {"\xef\xbb\xbf<a/>", "evidence.xml.other"},
        {"{\"schema\":\"saphan.inbox/1\"}", "evidence.proof.form"},
        {"{", "evidence.proof.form"},
        {"c2sp.org/tlog-proof@v1\n", "evidence.proof.form"},
        {"c2sp.org/tlog-proof@v2\nindex 1\n", "evidence.unknown"},
        {"a\n\n\xe2\x80\x94 b\n", "evidence.head.form"},
        {"\xe2\x80\x94 a.example AAAAAAAA\n", "evidence.cosignature-alone"},
        {"-----BEGIN CERTIFICATE-----\n", "evidence.trust-alone"},
        {"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n",
         "evidence.trust-alone"},
    };
    const struct kit *kit = *state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        const kit_ask ask = {.file = sph_slice_str(files[i].text)};
        kit_expect(kit, &ask, SPH_VERDICT_UNUSABLE, files[i].key, END);
    }
}

static void verify_packet_without_signature_fails(void **state)
{
    const struct kit *kit = *state;
    const kit_ask ask = {.file =
                             SPH_LIT("<Packet xmlns=\"urn:saphan:packet:1\"><Header/></Packet>")};
    const kit_ask card = {.file = SPH_LIT("<Packet xmlns=\"urn:saphan:packet:1\"><Body><directory/>"
                                          "</Body></Packet>")};
    kit_expect(kit, &ask, SPH_VERDICT_FAILS, "evidence.signature.broken", END);
    kit_expect(kit, &card, SPH_VERDICT_UNUSABLE, "evidence.card.no-root", END);
}

static void expect_trust(const struct kit *kit, sph_slice octets, enum sph_code code)
{
    sph_err err = {.depth = 0};
    sph_trust trust = {.key_count = 0};
    const struct sph_verify_context context = {
        .schemas = &kit->schemas, .limits = sph_limits_default(), .now_ms = KIT_LATER};
    assert_code(sph_trust_read(octets, &context, &trust, &err), code, &err);
    assert_null(trust.root);
}

static void trust_that_is_none_is_refused(void **state)
{
    const struct kit *kit = *state;
    SPH_AUTO(sph_buf) changed = sph_buf_init(262144);
    SPH_AUTO(sph_buf) leaf = sph_buf_init(8192);
    replaced(&kit->thai.card, "Saeng", "Daeng", &changed);
    assert_ok(sph_cert_pem(kit->thai.sign, &leaf, NULL), NULL);
    expect_trust(kit, SPH_LIT(""), SPH_EPARSE);
    expect_trust(kit, SPH_LIT("# nothing\n\n"), SPH_EPARSE);
    expect_trust(kit, SPH_LIT("a key\n"), SPH_EPARSE);
    expect_trust(kit, SPH_LIT("<a/>"), SPH_EPARSE);
    expect_trust(kit, sph_buf_peek(&kit->packet), SPH_EPARSE);
    expect_trust(kit, sph_buf_peek(&changed), SPH_EPROOF);
    expect_trust(kit, sph_buf_peek(&leaf), SPH_EPROOF); /* a leaf is no root */
}

static void trust_takes_keys_up_to_the_limit(void **state)
{
    const struct kit *kit = *state;
    SPH_AUTO(sph_buf) keys = sph_buf_init(8192);
    sph_trust trust = {.key_count = 0};
    const struct sph_verify_context context = {
        .schemas = &kit->schemas, .limits = sph_limits_default(), .now_ms = KIT_LATER};
    for (size_t i = 0; i < SPH_TRUST_KEY_MAX; i++)
        kit_vkey(&kit->thai.log, &keys);
    assert_ok(sph_trust_read(sph_buf_peek(&keys), &context, &trust, NULL), NULL);
    assert_int_equal(trust.key_count, SPH_TRUST_KEY_MAX);
    sph_trust_clear(&trust);
    kit_vkey(&kit->thai.log, &keys);
    expect_trust(kit, sph_buf_peek(&keys), SPH_ELIMIT);
}

int test_verify_xml(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verify_card_alone_is_intact_and_shows_the_safety_number),
        cmocka_unit_test(verify_card_with_its_own_root_rests_on_it),
        cmocka_unit_test(verify_card_with_another_root_of_the_same_name_fails),
        cmocka_unit_test(verify_card_that_ran_out_is_intact_with_a_note),
        cmocka_unit_test(verify_card_of_training_is_noted),
        cmocka_unit_test(verify_card_dated_in_the_future_is_noted),
        cmocka_unit_test(verify_card_each_changed_octet_is_refused),
        cmocka_unit_test(verify_packet_without_trust_is_intact_and_warns),
        cmocka_unit_test(verify_packet_with_card_or_root_of_its_issuer_holds),
        cmocka_unit_test(verify_packet_takes_the_trust_of_its_issuer_among_several),
        cmocka_unit_test(verify_packet_with_the_trust_of_another_fails),
        cmocka_unit_test(verify_packet_with_keys_alone_cannot_be_judged),
        cmocka_unit_test(verify_packet_by_a_revoked_key_fails),
        cmocka_unit_test(verify_packet_each_changed_octet_is_refused),
        cmocka_unit_test(verify_packet_cut_short_or_extended_is_refused),
        cmocka_unit_test(verify_packet_with_changed_parts_fails),
        cmocka_unit_test(verify_file_of_another_kind_is_unusable),
        cmocka_unit_test(verify_packet_without_signature_fails),
        cmocka_unit_test(trust_that_is_none_is_refused),
        cmocka_unit_test(trust_takes_keys_up_to_the_limit),
    };
    return cmocka_run_group_tests_name("verify_xml", tests, kit_start, kit_stop);
}
