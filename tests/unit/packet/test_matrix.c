#include "packet_kit.h"

int test_matrix(void);

static sph_slice none(void)
{
    return sph_slice_of(NULL, 0);
}

/* packets.md 8, written out again by hand: which kinds may send and receive each type. */
static const struct cell {
    const char *kind, *country;
    const char *sends,
        *receives; /* L law, Q request, A response, R resource, h resource of a hotline, N notice */
} cells[] = {
    {"legal-aid", "LA", "LQAN", "LQARN"},
    {"legal-aid", "TH", "LQAN", "LQARN"},
    {"mass-organisation", "LA", "QARN", "LQARN"},
    {"social-ministry", "LA", "QARN", "LQARN"},
    {"police", "LA", "QAhN", "LQARN"},
    {"ngo", "TH", "LQARN", "LQARN"},
    {"social-ministry", "TH", "LQARN", "LQARN"},
    {"court", "TH", "LAN", "LQARN"},
    {"court", "LA", "LAN", "LQARN"},
    {"prosecutor", "TH", "LAN", "LQARN"},
    {"international", "CH", "", "LR"},
    {"ngo", "LA", "", ""},
    {"police", "TH", "", ""},
    {"mass-organisation", "TH", "", ""},
    {"ngo", "VN", "", ""},
    {"unheard-of", "TH", "", ""},
};
static const struct type {
    char letter;
    const char *draft;
    bool by_lawyer;
} types[] = {{'L', KIT_CASE, false},
             {'Q', KIT_REQUEST, true},
             {'A', KIT_RESPONSE, false},
             {'R', KIT_RESOURCE, false},
             {'N', KIT_NOTICE, false}};

static sph_rc check(struct kit *kit, const struct type *type, const struct cell *from,
                    const struct cell *to, sph_findings *findings)
{
    sph_err err = {0};
    sph_packet *packet = NULL;
    SPH_AUTO(sph_buf) built = sph_buf_init(1 << 20);
    const struct kit_party *author = type->by_lawyer ? &kit->lawyer : &kit->ngo;
    const struct kit_party *reader = type->by_lawyer ? &kit->ngo : &kit->lawyer;
    struct sph_packet_context context = kit_context(kit, author, reader);
    kit_build(kit, author, type->draft, none(), &built);
    context.issuer_kind = from->kind;
    context.issuer_country = from->country;
    context.self_kind = to->kind;
    context.self_country = to->country;
    const sph_rc rc = sph_packet_check(sph_buf_peek(&built), &context, findings, &packet, &err);
    sph_packet_free(&packet);
    return rc;
}

static void matrix_each_pair_of_kinds_is_as_the_table_says(void **state)
{
    static const struct cell open = {"legal-aid", "LA", "", ""};
    static const struct cell sender[] = {{"ngo", "TH", "", ""}, {"legal-aid", "LA", "", ""}};
    for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++)
        for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
            sph_findings findings = {0};
            const bool may_send = strchr(cells[i].sends, types[t].letter) != NULL;
            sph_rc rc = check(*state, &types[t], &cells[i], &open, &findings);
            if ((rc.code == SPH_OK) != may_send)
                print_message("%s %s sends %c\n", cells[i].kind, cells[i].country, types[t].letter);
            assert_true((rc.code == SPH_OK) == may_send);
            assert_true(may_send || kit_has_rule(&findings, "PK-06"));
            const bool may_receive = strchr(cells[i].receives, types[t].letter) != NULL;
            findings = (sph_findings){0};
            rc = check(*state, &types[t], &sender[types[t].by_lawyer], &cells[i], &findings);
            if ((rc.code == SPH_OK) != may_receive)
                print_message("%s %s receives %c\n", cells[i].kind, cells[i].country,
                              types[t].letter);
            assert_true((rc.code == SPH_OK) == may_receive);
            assert_true(may_receive || kit_has_rule(&findings, "PK-06"));
        }
}

static void matrix_police_may_publish_hotlines_only(void **state)
{
    struct kit *kit = *state;
    SPH_AUTO(sph_buf) draft = sph_buf_init(1 << 16);
    SPH_AUTO(sph_buf) built = sph_buf_init(1 << 20);
    sph_err err = {0};
    struct sph_packet_context context = kit_context(kit, &kit->ngo, &kit->lawyer);
    const sph_slice text = SPH_LIT(KIT_RESOURCE);
    const size_t at = sph_slice_find(text, SPH_LIT("legal-aid-service"), 0);
    assert_ok(sph_buf_add(&draft, sph_slice_sub(text, 0, at), &err), &err);
    assert_ok(sph_buf_add_text(&draft, "hotline", &err), &err);
    assert_ok(sph_buf_add(&draft, sph_slice_sub(text, at + 17, text.len), &err), &err);
    kit_build(kit, &kit->ngo, sph_buf_text(&draft), none(), &built);
    context.issuer_kind = "police";
    context.issuer_country = "LA";
    kit_expect(kit, &context, sph_buf_peek(&built), NULL);
    context.issuer_country = "TH";
    kit_expect(kit, &context, sph_buf_peek(&built), "PK-06");
}

static void matrix_group_codes_reach_kind_and_country(void **state)
{
    static const struct {
        const char *audience, *kind, *country;
        bool is_reached;
    } rows[] = {
        {"all", "international", "CH", true},
        {"gov", "social-ministry", "TH", true},
        {"gov", "mass-organisation", "LA", true},
        {"gov", "ngo", "TH", false},
        {"la-gov", "police", "LA", true},
        {"la-gov", "social-ministry", "TH", false},
        {"th-gov", "social-ministry", "TH", true},
        {"th-gov", "court", "LA", false},
        {"ngo", "ngo", "TH", true},
        {"legal-aid", "ngo", "TH", false},
    };
    struct kit *kit = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sph_err err = {0};
        SPH_AUTO(sph_buf) draft = sph_buf_init(1 << 16);
        SPH_AUTO(sph_buf) built = sph_buf_init(1 << 20);
        const sph_slice text = SPH_LIT(KIT_CASE);
        struct sph_packet_context context = kit_context(kit, &kit->ngo, &kit->lawyer);
        assert_ok(
            sph_buf_addf(&draft, &err, "{\"header\":{\"audience\":\"%s\"},", rows[i].audience),
            &err);
        assert_ok(sph_buf_add(&draft, sph_slice_sub(text, 1, text.len), &err), &err);
        kit_build(kit, &kit->ngo, sph_buf_text(&draft), none(), &built);
        context.self_kind = rows[i].kind;
        context.self_country = rows[i].country;
        kit_expect(kit, &context, sph_buf_peek(&built), rows[i].is_reached ? NULL : "PK-06");
    }
}

static void matrix_unknown_kind_is_refused(void **state)
{
    struct kit *kit = *state;
    SPH_AUTO(sph_buf) built = sph_buf_init(1 << 20);
    struct sph_packet_context context = kit_context(kit, &kit->lawyer, &kit->ngo);
    kit_build(kit, &kit->lawyer, KIT_REQUEST, none(), &built);
    context.issuer_kind = NULL;
    kit_expect(kit, &context, sph_buf_peek(&built), "PK-06");
}

/* A packet for several is checked whole for the first and by receiver for the others. */
static void matrix_next_receiver_is_judged_as_the_table_says(void **state)
{
    struct kit *kit = *state;
    for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
        sph_err err = {0};
        sph_findings findings = {0};
        SPH_AUTO_PTR(sph_packet) *packet = NULL;
        SPH_AUTO(sph_buf) built = sph_buf_init(1 << 20);
        const struct kit_party *author = types[t].by_lawyer ? &kit->lawyer : &kit->ngo;
        const struct kit_party *reader = types[t].by_lawyer ? &kit->ngo : &kit->lawyer;
        struct sph_packet_context context = kit_context(kit, author, reader);
        kit_build(kit, author, types[t].draft, none(), &built);
        assert_ok(sph_packet_check(sph_buf_peek(&built), &context, &findings, &packet, &err), &err);
        for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
            const bool may_receive = strchr(cells[i].receives, types[t].letter) != NULL;
            findings = (sph_findings){0};
            context.self_kind = cells[i].kind;
            context.self_country = cells[i].country;
            const sph_rc rc = sph_packet_check_receiver(packet, &context, &findings, &err);
            assert_int_equal(rc.code, may_receive ? SPH_OK : SPH_EREFUSED);
            assert_true(may_receive || kit_has_rule(&findings, "PK-06"));
        }
    }
}

static void matrix_next_receiver_must_be_addressed(void **state)
{
    struct kit *kit = *state;
    sph_err err = {0};
    sph_findings findings = {0};
    SPH_AUTO_PTR(sph_packet) *packet = NULL;
    SPH_AUTO(sph_buf) built = sph_buf_init(1 << 20);
    struct sph_packet_context context = kit_context(kit, &kit->lawyer, &kit->ngo);
    kit_build(kit, &kit->lawyer, KIT_REQUEST, none(), &built);
    assert_ok(sph_packet_check(sph_buf_peek(&built), &context, &findings, &packet, &err), &err);
    context.self = "another.example";
    assert_code(sph_packet_check_receiver(packet, &context, &findings, &err), SPH_EREFUSED, &err);
    assert_true(kit_has_rule(&findings, "PK-06"));
}

int test_matrix(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matrix_each_pair_of_kinds_is_as_the_table_says),
        cmocka_unit_test(matrix_police_may_publish_hotlines_only),
        cmocka_unit_test(matrix_group_codes_reach_kind_and_country),
        cmocka_unit_test(matrix_unknown_kind_is_refused),
        cmocka_unit_test(matrix_next_receiver_is_judged_as_the_table_says),
        cmocka_unit_test(matrix_next_receiver_must_be_addressed),
    };
    return cmocka_run_group_tests_name("matrix", tests, kit_setup, kit_teardown);
}
