/* How a verdict is said: in three languages, as JSON, from files, and when memory runs out. */
#include "kit.h"
#include "support/fail_alloc.h"
#include "support/fake_env.h"
#include "support/test_data.h"

int test_verdict(void);

static const struct sph_verdict_marks marks = {"ok", "!!", ".."};

/* Every "evidence.…" literal of a source file is in the catalogue. Returns how many there are. */
static size_t check_keys(const char *path)
{
    SPH_AUTO(sph_buf) source = sph_buf_init(1 << 20);
    const sph_slice mark = SPH_LIT("\"evidence.");
    size_t count = 0;
    assert_true(test_source_load(path, &source));
    const sph_slice all = sph_buf_peek(&source);
    for (size_t at = sph_slice_find(all, mark, 0); at != SIZE_MAX;
         at = sph_slice_find(all, mark, at + 1)) {
        char key[64];
        const size_t end = sph_slice_find(all, SPH_LIT("\""), at + 1);
        assert_ok(sph_str_copy(key, sizeof(key), sph_slice_sub(all, at + 1, end - at - 1), NULL),
                  NULL);
        if (!sph_text_has(key))
            fail_msg("%s: no text %s", path, key);
        count++;
    }
    return count;
}

static void verdict_every_key_is_in_the_catalogue(void **state)
{
    static const char *const files[] = {
        "node/evidence/verdict_print.c", "node/evidence/verify.c",
        "node/evidence/verify_card.c",   "node/evidence/verify_head.c",
        "node/evidence/verify_paths.c",  "node/evidence/verify_proof.c",
        "node/evidence/verify_xml.c",    "node/evidence/standalone/main.c",
        "node/cli/cmd_verify.c",
    };
    size_t count = 0;
    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        count += check_keys(files[i]);
    assert_in_range(count, 80, 200);
}

static void verdict_text_is_filled_in_each_language(void **state)
{
    const struct kit *kit = *state;
    const kit_ask ask = {.file = sph_buf_peek(&kit->thai.card)};
    SPH_AUTO_PTR(sph_verdict) *verdict = kit_verify(kit, &ask);
    for (int lang = 0; lang < SPH_LANG_COUNT; lang++) {
        SPH_AUTO(sph_buf) text = sph_buf_init(65536);
        assert_ok(sph_verdict_text(verdict, (enum sph_lang)lang, &marks, &text, NULL), NULL);
        assert_int_equal(sph_slice_find(sph_buf_peek(&text), SPH_LIT("{"), 0), SIZE_MAX);
        assert_int_not_equal(sph_slice_find(sph_buf_peek(&text), SPH_LIT("\nok  "), 0), SIZE_MAX);
        assert_int_equal(sph_slice_find(sph_buf_peek(&text), SPH_LIT("evidence."), 0), SIZE_MAX);
    }
}

/* Codes are for programs: people read their names, in each language. */
static void verdict_codes_are_named_for_people_and_kept_for_programs(void **state)
{
    (void)state;
    static const struct {
        const char *key, *list, *code, *label[SPH_LANG_COUNT];
    } cases[] = {
        {"evidence.fact.kind", "party-kind", "police", {"police", "ຕຳຫຼວດ", "ตำรวจ"}},
        {"evidence.fact.country", "country", "TH", {"Thailand", "ໄທ", "ไทย"}},
        {"evidence.fact.country", "country", "FR", {"France", "ຝຣັ່ງ", "ฝรั่งเศส"}},
        {"evidence.fact.kind", "party-kind", "court", {"court", "ສານ", "ศาล"}},
        {"evidence.fact.event", "event", "NO_SUCH", {"NO_SUCH", "NO_SUCH", "NO_SUCH"}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        SPH_AUTO_PTR(sph_verdict) *verdict = NULL;
        SPH_AUTO_PTR(sph_json) *json = NULL;
        assert_ok(sph_verdict_new(&verdict, NULL), NULL);
        sph_verdict_fact_code(verdict, cases[i].key, "code", cases[i].list, cases[i].code);
        for (int lang = 0; lang < SPH_LANG_COUNT; lang++) {
            SPH_AUTO(sph_buf) text = sph_buf_init(65536);
            assert_ok(sph_verdict_text(verdict, (enum sph_lang)lang, &marks, &text, NULL), NULL);
            assert_int_not_equal(
                sph_slice_find(sph_buf_peek(&text), sph_slice_str(cases[i].label[lang]), 0),
                SIZE_MAX);
        }
        assert_ok(sph_verdict_json(verdict, SPH_LANG_LO, &json, NULL), NULL);
        assert_string_equal(sph_json_get_text(sph_json_get(json, "facts"), "code"), cases[i].code);
    }
}

static void verdict_json_has_facts_checks_basis_and_limits(void **state)
{
    const struct kit *kit = *state;
    const kit_ask ask = {.file = sph_buf_peek(&kit->thai.card)};
    SPH_AUTO_PTR(sph_verdict) *verdict = kit_verify(kit, &ask);
    SPH_AUTO_PTR(sph_json) *json = NULL;
    assert_ok(sph_verdict_json(verdict, SPH_LANG_EN, &json, NULL), NULL);
    const sph_json *facts = sph_json_get(json, "facts");
    assert_string_equal(sph_json_get_text(json, "schema"), "saphan.verify/1");
    assert_string_equal(sph_json_get_text(json, "kind"), "card");
    assert_string_equal(sph_json_get_text(json, "result"), "intact");
    assert_true(sph_json_get_bool(json, "holds", false));
    assert_int_equal(sph_json_get_int(facts, "serial", 0), 7);
    assert_string_equal(sph_json_get_text(facts, "signedAt"), "2026-11-24T11:31:00Z");
    assert_string_equal(sph_json_get_text(facts, "validUntil"), "2027-06-12T11:30:00Z");
    assert_int_equal(sph_json_count(sph_json_get(json, "checks")), 4);
    assert_int_equal(sph_json_count(sph_json_get(json, "restsOn")), 0);
    assert_int_equal(sph_json_count(sph_json_get(json, "doesNotShow")), 1);
    assert_int_equal(sph_json_count(sph_json_get(json, "findings")), 0);
}

static void verdict_findings_are_shown(void **state)
{
    SPH_AUTO_PTR(sph_verdict) *verdict = NULL;
    SPH_AUTO_PTR(sph_json) *json = NULL;
    SPH_AUTO(sph_buf) text = sph_buf_init(65536);
    (void)state;
    assert_ok(sph_verdict_new(&verdict, NULL), NULL);
    sph_finding_add(sph_verdict_findings(verdict), "XSD", 7, "evidence.schema.broken", "a", "b");
    sph_verdict_say(verdict, SPH_LINE_MISSING, "evidence.schema.broken", NULL, NULL);
    assert_ok(sph_verdict_text(verdict, SPH_LANG_EN, &marks, &text, NULL), NULL);
    assert_int_not_equal(sph_slice_find(sph_buf_peek(&text), SPH_LIT("XSD"), 0), SIZE_MAX);
    assert_ok(sph_verdict_json(verdict, SPH_LANG_EN, &json, NULL), NULL);
    assert_int_equal(sph_json_count(sph_json_get(json, "findings")), 1);
}

static void verdict_result_is_the_worst_of_its_lines(void **state)
{
    SPH_AUTO_PTR(sph_verdict) *verdict = NULL;
    (void)state;
    assert_ok(sph_verdict_new(&verdict, NULL), NULL);
    assert_int_equal(sph_verdict_exit(verdict), 1); /* nothing was checked */
    sph_verdict_say(verdict, SPH_LINE_CHECKED, "evidence.proof.in", NULL, NULL);
    assert_int_equal(sph_verdict_exit(verdict), 0);
    sph_verdict_say(verdict, SPH_LINE_NOTED, "evidence.training", NULL, NULL);
    assert_int_equal(sph_verdict_result(verdict), SPH_VERDICT_HOLDS);
    sph_verdict_say(verdict, SPH_LINE_OPEN, "evidence.basis.nobody", NULL, NULL);
    assert_int_equal(sph_verdict_result(verdict), SPH_VERDICT_INTACT);
    assert_int_equal(sph_verdict_exit(verdict), 0);
    sph_verdict_say(verdict, SPH_LINE_MISSING, "evidence.unknown", NULL, NULL);
    assert_int_equal(sph_verdict_exit(verdict), 1);
    sph_verdict_say(verdict, SPH_LINE_FAILED, "evidence.proof.not-in", NULL, NULL);
    assert_int_equal(sph_verdict_exit(verdict), 3);
    sph_verdict_say(verdict, SPH_LINE_CHECKED, "evidence.proof.in", NULL, NULL);
    assert_int_equal(sph_verdict_exit(verdict), 3);
}

static void verdict_with_too_many_lines_is_not_good(void **state)
{
    SPH_AUTO_PTR(sph_verdict) *verdict = NULL;
    (void)state;
    assert_ok(sph_verdict_new(&verdict, NULL), NULL);
    for (size_t i = 0; i < SPH_VERDICT_LINES; i++)
        sph_verdict_say(verdict, SPH_LINE_CHECKED, "evidence.proof.in", NULL, NULL);
    assert_int_equal(sph_verdict_exit(verdict), 0);
    sph_verdict_fact_time(verdict, "evidence.fact.time", "time", 0);
    assert_int_equal(sph_verdict_exit(verdict), 1);
    assert_null(sph_verdict_at(verdict, SPH_VERDICT_LINES));
}

static void verdict_hostile_values_are_made_harmless(void **state)
{
    SPH_AUTO_PTR(sph_verdict) *verdict = NULL;
    SPH_AUTO_PTR(sph_json) *json = NULL;
    SPH_AUTO(sph_buf) text = sph_buf_init(65536);
    (void)state;
    assert_ok(sph_verdict_new(&verdict, NULL), NULL);
    sph_verdict_fact(verdict, "evidence.fact.actor", "actor", "\x1b[2J\xff{time}\n");
    sph_verdict_fact_time(verdict, "evidence.fact.time", "time", INT64_MAX);
    assert_ok(sph_verdict_text(verdict, SPH_LANG_TH, &marks, &text, NULL), NULL);
    assert_int_equal(sph_slice_find(sph_buf_peek(&text), SPH_LIT("\x1b"), 0), SIZE_MAX);
    assert_int_equal(sph_slice_find(sph_buf_peek(&text), SPH_LIT("\xff"), 0), SIZE_MAX);
    assert_int_not_equal(sph_slice_find(sph_buf_peek(&text), SPH_LIT("9223372036854775807 ms"), 0),
                         SIZE_MAX);
    assert_ok(sph_verdict_json(verdict, SPH_LANG_EN, &json, NULL), NULL);
    assert_int_equal(sph_json_get_int(sph_json_get(json, "facts"), "time", 0), INT64_MAX);
}

/* ---- files ---- */

static void store(test_env *world, const char *path, sph_slice octets)
{
    assert_ok(sph_file_store(test_env_get(world)->files, path, octets, true, NULL), NULL);
}

static void expect_paths(test_env *world, const struct sph_verify_paths *paths, int code,
                         const char *key)
{
    SPH_AUTO_PTR(sph_verdict) *verdict = NULL;
    sph_err err = {.depth = 0};
    assert_ok(sph_verify_paths(test_env_get(world)->files, paths, KIT_LATER, &verdict, &err), &err);
    assert_int_equal(sph_verdict_exit(verdict), code);
    if (!sph_verdict_has(verdict, key))
        fail_msg("no line %s", key);
}

static const struct {
    struct sph_verify_paths paths;
    int code;
    const char *key;
} paths_cases[] = {
    {{.file = "card"}, 0, "evidence.card.holds"},
    {{.file = "packet"}, 0, "evidence.basis.nobody"},
    {{.file = "packet", .trust = {"card"}, .trust_count = 1}, 0, "evidence.signature.holds"},
    {{.file = "packet", .trust = {"lao", "card"}, .trust_count = 2}, 0, "evidence.basis.root"},
    {{.file = "packet", .trust = {"lao"}, .trust_count = 1}, 3, "evidence.signature.other-trust"},
    {{.file = "absent"}, 1, "evidence.no-file"},
    {{.file = "card", .leaf = "absent"}, 1, "evidence.no-file"},
    {{.file = "card", .trust = {"absent"}, .trust_count = 1}, 1, "evidence.no-file"},
    {{.file = "packet", .trust = {"none"}, .trust_count = 1}, 1, "evidence.trust-unusable"},
    {{.file = "packet", .trust = {"cut"}, .trust_count = 1}, 1, "evidence.trust-unusable"},
    {{.file = "big"}, 1, "evidence.too-large"},
    {{.file = "packet", .trust = {"big"}, .trust_count = 1}, 1, "evidence.too-large"},
    {{.file = "none"}, 1, "evidence.unknown"},
};

static void verify_paths_reads_files_and_says_what_is_wrong_with_them(void **state)
{
    const struct kit *kit = *state;
    SPH_AUTO(sph_buf) big = sph_buf_init(1 << 24);
    uint8_t *at = NULL;
    test_env *world = test_env_new(1);
    assert_ok(sph_buf_grow(&big, SPH_VERIFY_FILE_MAX + 1, &at, NULL), NULL);
    store(world, "card", sph_buf_peek(&kit->thai.card));
    store(world, "packet", sph_buf_peek(&kit->packet));
    store(world, "lao", sph_buf_peek(&kit->lao.card));
    store(world, "big", sph_buf_peek(&big));
    store(world, "none", SPH_LIT("nothing"));
    store(world, "cut", sph_slice_sub(sph_buf_peek(&kit->thai.card), 0, 900));
    for (size_t i = 0; i < sizeof(paths_cases) / sizeof(paths_cases[0]); i++)
        expect_paths(world, &paths_cases[i].paths, paths_cases[i].code, paths_cases[i].key);
    assert_int_equal(test_env_open_files(world), 0);
    test_env_free(&world);
}

static void verify_paths_with_a_changed_card_as_trust_fails(void **state)
{
    const struct kit *kit = *state;
    SPH_AUTO(sph_buf) changed = sph_buf_init(262144);
    test_env *world = test_env_new(1);
    const size_t at = sph_slice_find(sph_buf_peek(&kit->thai.card), SPH_LIT("Saeng"), 0);
    assert_int_not_equal(at, SIZE_MAX);
    assert_ok(sph_buf_add(&changed, sph_buf_peek(&kit->thai.card), NULL), NULL);
    changed.at[at] = 'D';
    store(world, "card", sph_buf_peek(&changed));
    store(world, "packet", sph_buf_peek(&kit->packet));
    const struct sph_verify_paths paths = {.file = "packet", .trust = {"card"}, .trust_count = 1};
    expect_paths(world, &paths, 3, "evidence.trust-broken");
    test_env_free(&world);
}

/* ---- memory ---- */

struct one_run {
    const struct kit *kit;
    kit_ask ask;
};

/* The whole way: trust, verdict, both forms. */
static sph_rc run_once(void *ctx, sph_err *err)
{
    const struct one_run *run = ctx;
    SPH_AUTO(sph_trust) trust = {.key_count = 0};
    SPH_AUTO_PTR(sph_verdict) *verdict = NULL;
    SPH_AUTO_PTR(sph_json) *json = NULL;
    SPH_AUTO(sph_buf) text = sph_buf_init(65536);
    struct sph_verify_context context = {.schemas = &run->kit->schemas,
                                         .limits = sph_limits_default(),
                                         .now_ms = KIT_LATER,
                                         .trust = &trust,
                                         .leaf = run->ask.leaf};
    SPH_TRY(sph_trust_read(run->ask.trust[0], &context, &trust, err), err, "trust");
    context.trust_count = 1;
    SPH_TRY(sph_verify_file(run->ask.file, &context, &verdict, err), err, "verify");
    assert_int_equal(sph_verdict_result(verdict), SPH_VERDICT_HOLDS);
    SPH_TRY(sph_verdict_text(verdict, SPH_LANG_LO, &marks, &text, err), err, "text");
    return sph_verdict_json(verdict, SPH_LANG_LO, &json, err);
}

static void verify_without_memory_says_so_and_never_judges(void **state)
{
    const struct kit *kit = *state;
    struct one_run packet = {
        kit, {.file = sph_buf_peek(&kit->packet), .trust = {sph_buf_peek(&kit->thai.pem)}}};
    assert_in_range(test_alloc_each_failure(run_once, &packet), 20, 10000);
}

/* The rules of a card may be what memory ran out for: then it is unusable, never forged or good. */
static void verify_card_without_memory_never_judges(void **state)
{
    const struct kit *kit = *state;
    size_t failures = 0;
    for (bool has_failed = true; has_failed; failures++) {
        SPH_AUTO_PTR(sph_verdict) *verdict = NULL;
        const struct sph_verify_context context = {
            .schemas = &kit->schemas, .limits = sph_limits_default(), .now_ms = KIT_LATER};
        test_alloc_fail_at(failures + 1);
        const sph_rc rc = sph_verify_file(sph_buf_peek(&kit->thai.card), &context, &verdict, NULL);
        has_failed = test_alloc_has_failed();
        test_alloc_fail_at(0);
        if (rc.code == SPH_OK)
            assert_int_equal(sph_verdict_result(verdict),
                             has_failed ? SPH_VERDICT_UNUSABLE : SPH_VERDICT_INTACT);
        else
            assert_int_equal(rc.code, SPH_ENOMEM);
    }
    assert_in_range(failures, 20, 10000);
}

int test_verdict(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdict_every_key_is_in_the_catalogue),
        cmocka_unit_test(verdict_text_is_filled_in_each_language),
        cmocka_unit_test(verdict_codes_are_named_for_people_and_kept_for_programs),
        cmocka_unit_test(verdict_json_has_facts_checks_basis_and_limits),
        cmocka_unit_test(verdict_findings_are_shown),
        cmocka_unit_test(verdict_result_is_the_worst_of_its_lines),
        cmocka_unit_test(verdict_with_too_many_lines_is_not_good),
        cmocka_unit_test(verdict_hostile_values_are_made_harmless),
        cmocka_unit_test(verify_paths_reads_files_and_says_what_is_wrong_with_them),
        cmocka_unit_test(verify_paths_with_a_changed_card_as_trust_fails),
        cmocka_unit_test(verify_without_memory_says_so_and_never_judges),
        cmocka_unit_test(verify_card_without_memory_never_judges),
    };
    return cmocka_run_group_tests_name("verdict", tests, kit_start, kit_stop);
}
