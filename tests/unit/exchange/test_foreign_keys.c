/** Whose certificates count for a foreign partner: rollover (security.md A-12), unknown keys, a CA
 * and its list, a TLS front that several share. Messages are made here, with keys of this test. */
#include "base/codec.h"
#include "exchange/foreign_admin.h"
#include "support/pair.h"

#define DAY_MS (24LL * 3600 * 1000)
#define SUITE SPH_SUITE_EDELIVERY_2_0_ED25519
#define PEER "th.peer.example" /* invented */

/** A product that is no Saphan node: a CA of its own and some leaves. */
struct product {
    sph_key *root_key, *sign_key[2], *encrypt_key[2], *tls_key;
    sph_cert *root, *sign[2], *encrypt[2], *tls;
};
struct scene {
    struct pair_side side;
    struct product product;
    unsigned messages;
};

static sph_cert *issue(struct scene *scene, const sph_key *key, enum sph_cert_use use,
                       int64_t from_ms, unsigned days)
{
    sph_err err = {0};
    sph_cert *cert = NULL;
    const struct product *product = &scene->product;
    assert_ok(sph_cert_issue_leaf(product->root_key, product->root, PEER, sph_key_peek_public(key),
                                  use, test_env_get(scene->side.world)->random, from_ms, days,
                                  &cert, &err),
              &err);
    return cert;
}

static sph_key *new_key(enum sph_key_kind kind)
{
    sph_err err = {0};
    sph_key *key = NULL;
    assert_ok(sph_key_generate(kind, &key, &err), &err);
    return key;
}

/** [0] is good from now for 30 days, [1] from day 10 for 60 days. */
static void make_product(struct scene *scene)
{
    sph_err err = {0};
    struct product *product = &scene->product;
    const int64_t now_ms = sph_node_now_ms(scene->side.node);
    product->root_key = new_key(SPH_KEY_P256);
    assert_ok(sph_cert_issue_root(product->root_key, PEER, test_env_get(scene->side.world)->random,
                                  now_ms, 3650, &product->root, &err),
              &err);
    for (size_t i = 0; i < 2; i++) {
        const int64_t from_ms = now_ms + (i ? 10 * DAY_MS : 0);
        const unsigned days = i ? 60 : 30;
        product->sign_key[i] = new_key(SPH_KEY_ED25519);
        product->encrypt_key[i] = new_key(SPH_KEY_X25519);
        product->sign[i] = issue(scene, product->sign_key[i], SPH_USE_SIGN, from_ms, days);
        product->encrypt[i] = issue(scene, product->encrypt_key[i], SPH_USE_ENCRYPT, from_ms, days);
    }
    product->tls_key = new_key(SPH_KEY_P256);
    product->tls = issue(scene, product->tls_key, SPH_USE_TLS, now_ms, 90);
}

static int scene_start(void **state)
{
    struct scene *scene = sph_mem_new(1, sizeof(*scene));
    assert_non_null(scene);
    scene->side =
        (struct pair_side){.party = "la.legalaid.example", .kind = "legal-aid", .country = "LA"};
    pair_make_side(&scene->side, 31);
    make_product(scene);
    *state = scene;
    return 0;
}

static int scene_stop(void **state)
{
    struct scene *scene = *state;
    struct product *product = &scene->product;
    for (size_t i = 0; i < 2; i++) {
        sph_key_free(&product->sign_key[i]);
        sph_key_free(&product->encrypt_key[i]);
        sph_cert_free(&product->sign[i]);
        sph_cert_free(&product->encrypt[i]);
    }
    sph_key_free(&product->root_key);
    sph_key_free(&product->tls_key);
    sph_cert_free(&product->root);
    sph_cert_free(&product->tls);
    pair_free_side(&scene->side);
    sph_mem_free(scene);
    return 0;
}

struct given {
    const char *use;
    const sph_cert *cert;
};

static sph_rc enrol_as(struct scene *scene, const char *party, const char *text,
                       const struct given *given, size_t count, struct sph_foreign_problem *problem)
{
    sph_err err = {0};
    sph_json *json = NULL;
    sph_buf pem[8];
    struct sph_foreign_cert certs[8];
    assert_true(count <= 8);
    for (size_t i = 0; i < count; i++) {
        pem[i] = sph_buf_init(65536);
        assert_ok(sph_cert_pem(given[i].cert, &pem[i], &err), &err);
        certs[i] = (struct sph_foreign_cert){given[i].use, given[i].use, sph_buf_peek(&pem[i])};
    }
    assert_ok(sph_json_parse(sph_slice_str(text), 65536, &json, &err), &err);
    assert_ok(sph_json_set(json, "address", sph_json_text("https://127.0.0.1:18443/in"), &err),
              &err);
    if (!sph_json_get(json, "suite"))
        assert_ok(sph_json_set(json, "suite", sph_json_text(sph_suite_name(SUITE)), &err), &err);
    const struct sph_foreign_given all = {
        .party = party, .pmode = json, .certs = certs, .cert_count = count, .user = "operator"};
    const sph_rc rc = sph_foreign_partner_add(scene->side.node, &all, problem, &err);
    sph_json_free(&json);
    for (size_t i = 0; i < count; i++)
        sph_buf_clear(&pem[i]);
    return rc;
}

static void enrol(struct scene *scene, const char *text, const struct given *given, size_t count)
{
    struct sph_foreign_problem problem = {.key = NULL};
    const sph_rc rc = enrol_as(scene, PEER, text, given, count, &problem);
    if (rc.code != SPH_OK)
        print_message("%s %s\n", problem.key ? problem.key : "-", problem.value);
    assert_int_equal(rc.code, SPH_OK);
}

static void enrol_both(struct scene *scene)
{
    const struct product *product = &scene->product;
    const struct given first[] = {
        {"sign", product->sign[0]}, {"encrypt", product->encrypt[0]}, {"tls", product->tls}};
    const struct given next[] = {{"sign", product->sign[1]}, {"encrypt", product->encrypt[1]}};
    enrol(scene, "{}", first, 3);
    enrol(scene, "{}", next, 2);
}

/** What the node answers to a message without parts, signed by this key. */
static const char *offer(struct scene *scene, const char *from, const sph_key *key,
                         const sph_cert *leaf, const sph_cert *client)
{
    static char code[16];
    sph_err err = {0};
    char message_id[64];
    SPH_AUTO(sph_as4_built) built = {0};
    SPH_AUTO(sph_buf) wire = sph_buf_init(65536);
    SPH_AUTO(sph_response) response = sph_response_init();
    const sph_writer writer = sph_writer_of_buf(&wire);
    const sph_keyring *ring = sph_node_keys(scene->side.node);
    const sph_as4_signer signer = {key, leaf, NULL, SPH_TOKEN_BST_X509};
    assert_ok(
        sph_str_format(message_id, sizeof(message_id), &err, "m%u@%s", ++scene->messages, from),
        &err);
    const sph_as4_user user = {.message_id = message_id,
                               .timestamp_ms = sph_node_now_ms(scene->side.node),
                               .from = from,
                               .from_type = SPH_PARTY_TYPE,
                               .from_role = SPH_NS_EB "initiator",
                               .to = scene->side.party,
                               .to_type = SPH_PARTY_TYPE,
                               .to_role = SPH_NS_EB "responder",
                               .service = SPH_PMODE_SERVICE,
                               .action = SPH_PMODE_ACTION,
                               .conversation_id = "c"};
    assert_ok(sph_as4_build_user(&user, NULL, 0, SUITE, &signer,
                                 ring->slot[sph_slot_encrypt(SUITE)].leaf, SPH_TOKEN_BST_X509,
                                 test_env_get(scene->side.world)->random, &writer, &built, &err),
              &err);
    pair_offer(&scene->side, client, built.content_type, sph_buf_peek(&wire), &response);
    if (response.status != 200) {
        assert_ok(sph_str_format(code, sizeof(code), &err, "HTTP %u", response.status), &err);
        return code;
    }
    struct sph_as4_error_seen seen[16];
    sph_as4_in *in = NULL;
    sph_as4_fault fault = {0};
    const sph_as4_source source = {.bytes = sph_buf_peek(&response.body), .len = response.body.len};
    assert_ok(sph_as4_open(response.content_type, &source, sph_node_limits(scene->side.node), &in,
                           &fault, &err),
              &err);
    const bool is_receipt = sph_as4_in_kind(in) == SPH_AS4_RECEIPT;
    const size_t errors = is_receipt ? 0 : sph_as4_errors(in, seen);
    assert_true(is_receipt || errors > 0);
    assert_ok(sph_str_copy(code, sizeof(code), sph_slice_str(is_receipt ? "receipt" : seen[0].code),
                           &err),
              &err);
    sph_as4_in_free(&in);
    return code;
}

static const char *offer_by(struct scene *scene, size_t which)
{
    const struct product *product = &scene->product;
    return offer(scene, PEER, product->sign_key[which], product->sign[which], product->tls);
}

static const sph_cert *encrypts_to(struct scene *scene)
{
    SPH_AUTO_PTR(sph_partner) *partner =
        sph_partners_get(sph_node_partners(scene->side.node), PEER);
    return sph_partner_encrypt_cert(partner, SUITE, sph_node_now_ms(scene->side.node));
}

static bool is_cert(const sph_cert *a, const sph_cert *b)
{
    return a && sph_slice_equal(sph_cert_peek_der(a), sph_cert_peek_der(b));
}

/** security.md A-12: who may sign, and whom we encrypt to, day by day. */
static void rollover_old_and_next_key_have_their_days(void **state)
{
    struct scene *scene = *state;
    static const struct {
        int64_t day;
        const char *old_key, *next_key;
        int encrypts;                           /* to which; -1: to none */
    } days[] = {{1, "receipt", "EBMS:0101", 0}, /* before: the next one has not begun */
                {11, "receipt", "receipt", 1},  /* overlap: both, the newer for encryption */
                {31, "EBMS:0101", "receipt", 1},
                {71, "EBMS:0101", "EBMS:0101", -1}};
    int64_t day = 0;
    enrol_both(scene);
    for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
        test_env_advance(scene->side.world, (days[i].day - day) * DAY_MS);
        day = days[i].day;
        assert_string_equal(offer_by(scene, 0), days[i].old_key);
        assert_string_equal(offer_by(scene, 1), days[i].next_key);
        const sph_cert *to = encrypts_to(scene);
        if (days[i].encrypts < 0)
            assert_null(to);
        else
            assert_true(is_cert(to, scene->product.encrypt[days[i].encrypts]));
    }
}

static void rollover_keeps_two_and_drops_what_ran_out(void **state)
{
    struct scene *scene = *state;
    enrol_both(scene);
    assert_int_equal(pair_leaves(&scene->side, SPH_EVENT_PARTNER_ADDED), 2);
    SPH_AUTO_PTR(sph_partner) *before = sph_partners_get(sph_node_partners(scene->side.node), PEER);
    assert_int_equal(before->pmode.cert_count, 5);
    test_env_advance(scene->side.world, 31 * DAY_MS);
    enrol(scene, "{}", NULL, 0);
    SPH_AUTO_PTR(sph_partner) *after = sph_partners_get(sph_node_partners(scene->side.node), PEER);
    assert_int_equal(after->pmode.cert_count, 3);
    /* The stored P-Mode is read again at the next start. */
    sph_node_close(&scene->side.node);
    pair_open_side(&scene->side);
    assert_string_equal(offer_by(scene, 1), "receipt");
}

static void unknown_keys_are_refused(void **state)
{
    struct scene *scene = *state;
    const struct product *product = &scene->product;
    const struct given first[] = {
        {"sign", product->sign[0]}, {"encrypt", product->encrypt[0]}, {"tls", product->tls}};
    enrol(scene, "{}", first, 3);
    assert_string_equal(offer_by(scene, 0), "receipt");
    test_env_advance(scene->side.world, 11 * DAY_MS);
    assert_string_equal(offer_by(scene, 1), "EBMS:0101");
    /* The certificate of a signature is none of a connection, and the reverse. */
    assert_string_equal(
        offer(scene, PEER, product->sign_key[0], product->sign[0], product->sign[0]), "HTTP 403");
    assert_string_equal(offer(scene, PEER, product->sign_key[0], product->sign[0],
                              sph_node_keys(scene->side.node)->slot[SPH_SLOT_TLS].leaf),
                        "HTTP 403");
    assert_string_equal(
        offer(scene, "th.other.example", product->sign_key[0], product->sign[0], product->tls),
        "EBMS:0101");
    assert_int_equal(pair_inbox(&scene->side).rows, 1);
}

static void ca_vouches_for_leaves_until_its_list_says_otherwise(void **state)
{
    struct scene *scene = *state;
    sph_err err = {0};
    const struct product *product = &scene->product;
    const struct given by_ca[] = {{"ca", product->root}, {"encrypt", product->encrypt[0]}};
    enrol(scene, "{}", by_ca, 2);
    assert_string_equal(offer_by(scene, 0), "receipt");
    enrol(scene, "{\"revocation\":\"hard\"}", NULL, 0);
    assert_string_equal(offer_by(scene, 0), "HTTP 403");
    SPH_AUTO(sph_buf) crl = sph_buf_init(65536);
    SPH_AUTO(sph_buf) text = sph_buf_init(131072);
    SPH_AUTO(sph_buf) change = sph_buf_init(131072);
    const sph_cert *const revoked[] = {product->sign[0]};
    assert_ok(sph_crl_issue(product->root_key, product->root, revoked, 1, 1,
                            sph_node_now_ms(scene->side.node), &crl, &err),
              &err);
    assert_ok(sph_base64_encode(sph_buf_peek(&crl), &text, &err), &err);
    assert_ok(sph_buf_addf(&change, &err, "{\"crl\":\"%s\"}", sph_buf_text(&text)), &err);
    enrol(scene, sph_buf_text(&change), NULL, 0);
    assert_string_equal(offer_by(scene, 0), "EBMS:0101");
    enrol(scene, "{\"revocation\":\"off\"}", NULL, 0);
    assert_string_equal(offer_by(scene, 0), "receipt");
}

/** as4.md 8.6: one TLS identity, two partners behind it; each speaks for itself alone. */
static void shared_tls_front_does_not_mix_its_users(void **state)
{
    struct scene *scene = *state;
    const struct product *product = &scene->product;
    struct sph_foreign_problem problem = {.key = NULL};
    const struct given one[] = {
        {"sign", product->sign[0]}, {"encrypt", product->encrypt[0]}, {"tls", product->tls}};
    const struct given two[] = {
        {"sign", product->sign[1]}, {"encrypt", product->encrypt[1]}, {"tls", product->tls}};
    enrol(scene, "{}", one, 3);
    assert_int_equal(enrol_as(scene, "th.second.example", "{}", two, 3, &problem).code, SPH_OK);
    test_env_advance(scene->side.world, 11 * DAY_MS);
    assert_string_equal(offer_by(scene, 0), "receipt");
    assert_string_equal(
        offer(scene, "th.second.example", product->sign_key[1], product->sign[1], product->tls),
        "receipt");
    assert_string_equal(offer_by(scene, 1), "EBMS:0101");
    assert_string_equal(
        offer(scene, "th.second.example", product->sign_key[0], product->sign[0], product->tls),
        "EBMS:0101");
}

/** A signing key that could also serve TLS is no TLS key of a partner that named its own. */
static void a_named_use_is_not_guessed_from_other_certificates(void **state)
{
    struct scene *scene = *state;
    sph_key *key = new_key(SPH_KEY_P256);
    const int64_t now_ms = sph_node_now_ms(scene->side.node);
    sph_cert *sign = issue(scene, key, SPH_USE_SIGN, now_ms, 30);
    sph_cert *encrypt = issue(scene, key, SPH_USE_ENCRYPT, now_ms, 30);
    const struct given given[] = {{"any", sign}, {"any", encrypt}, {"tls", scene->product.tls}};
    const sph_cert *certs[SPH_PMODE_CERTS];
    const sph_cert *expected[] = {scene->product.tls, sign}; /* named; guessed as none is named */
    for (size_t i = 0; i < 2; i++) {
        const char *party = i ? "th.guessed.example" : PEER;
        struct sph_foreign_problem problem = {.key = NULL};
        assert_int_equal(
            enrol_as(scene, party, "{\"suite\":\"edelivery-2.0-p256\"}", given, 3 - i, &problem)
                .code,
            SPH_OK);
        SPH_AUTO_PTR(sph_partner) *partner =
            sph_partners_get(sph_node_partners(scene->side.node), party);
        assert_non_null(partner);
        assert_int_equal(sph_pmode_certs(&partner->pmode, SPH_USE_TLS, certs), 1);
        assert_true(sph_slice_equal(sph_cert_peek_der(certs[0]), sph_cert_peek_der(expected[i])));
    }
    sph_cert_free(&encrypt);
    sph_cert_free(&sign);
    sph_key_free(&key);
}

static void enrolment_refuses_what_could_not_work(void **state)
{
    struct scene *scene = *state;
    const struct product *product = &scene->product;
    const struct given wrong_use[] = {{"encrypt", product->sign[0]}};
    const struct given no_encrypt[] = {{"sign", product->sign[0]}, {"tls", product->tls}};
    const struct given no_sign[] = {{"encrypt", product->encrypt[0]}, {"tls", product->tls}};
    const struct given good[] = {
        {"any", product->sign[0]}, {"any", product->encrypt[0]}, {"any", product->tls}};
    const struct {
        const char *party, *pmode;
        const struct given *given;
        size_t count;
        const char *key;
    } cases[] = {{PEER, "{}", wrong_use, 1, "problem.foreign-use"},
                 {PEER, "{}", no_encrypt, 2, "problem.foreign-missing"},
                 {PEER, "{}", no_sign, 2, "problem.foreign-missing"},
                 {PEER, "{}", NULL, 0, "problem.foreign-missing"},
                 {"Not A Name", "{}", good, 3, "problem.foreign-party"},
                 {scene->side.party, "{}", good, 3, "problem.foreign-party"},
                 {PEER, "{\"signRef\":\"thumbprint\"}", good, 3, "problem.foreign-value"},
                 {PEER, "{\"maxParts\":33}", good, 3, "problem.foreign-value"},
                 {PEER, "{\"largestMessage\":\"much\"}", good, 3, "problem.foreign-value"},
                 {PEER, "{\"fourCorner\":1}", good, 3, "problem.foreign-value"},
                 {PEER, "{\"actions\":[]}", good, 3, "problem.foreign-value"},
                 {PEER, "{\"service\":\"\"}", good, 3, "problem.foreign-value"},
                 {PEER, "{\"service\":\"" SPH_PING_SERVICE "\"}", good, 3, "problem.foreign-value"},
                 {PEER, "{\"unheardOf\":1}", good, 3, "problem.foreign-value"},
                 {PEER, "{\"partnerId\":\"a\\u0007b\"}", good, 3, "problem.foreign-value"}};
    struct sph_foreign_problem problem = {.key = NULL};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(enrol_as(scene, cases[i].party, cases[i].pmode, cases[i].given,
                                  cases[i].count, &problem)
                             .code,
                         SPH_EREFUSED);
        assert_string_equal(problem.key ? problem.key : "", cases[i].key);
    }
    assert_int_equal(pair_leaves(&scene->side, SPH_EVENT_PARTNER_ADDED), 0);
    enrol(scene, "{}", good, 3);
    assert_int_equal(
        enrol_as(scene, "th.twin.example", "{\"partnerId\":\"" PEER "\"}", good, 3, &problem).code,
        SPH_EEXISTS);
}

int test_foreign_keys(void);
int test_foreign_keys(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rollover_old_and_next_key_have_their_days, scene_start,
                                        scene_stop),
        cmocka_unit_test_setup_teardown(rollover_keeps_two_and_drops_what_ran_out, scene_start,
                                        scene_stop),
        cmocka_unit_test_setup_teardown(unknown_keys_are_refused, scene_start, scene_stop),
        cmocka_unit_test_setup_teardown(ca_vouches_for_leaves_until_its_list_says_otherwise,
                                        scene_start, scene_stop),
        cmocka_unit_test_setup_teardown(shared_tls_front_does_not_mix_its_users, scene_start,
                                        scene_stop),
        cmocka_unit_test_setup_teardown(a_named_use_is_not_guessed_from_other_certificates,
                                        scene_start, scene_stop),
        cmocka_unit_test_setup_teardown(enrolment_refuses_what_could_not_work, scene_start,
                                        scene_stop),
    };
    sph_err err = {0};
    sph_xml_start();
    if (sph_crypto_start(&err).code != SPH_OK)
        return 1;
    return cmocka_run_group_tests_name("foreign_keys", tests, NULL, NULL);
}
