#include "packet/judgment.h"
#include "packet_kit.h"
#include "support/test_data.h"

int test_samples(void);

#define ROOM (1u << 20)

static void load(const char *path, sph_buf *out)
{
    assert_true(test_source_load(path, out));
}

/* The samples of docs/ are what they say: they build, are signed, and pass every rule. */
static void samples_of_the_documents_pass_every_rule(void **state)
{
    struct kit *kit = *state;
    static const char *const paths[] = {"docs/samples/request.json", "docs/samples/response.json",
                                        "docs/samples/resource.json", "docs/samples/notice.json"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        SPH_AUTO(sph_buf) draft = sph_buf_init(ROOM);
        SPH_AUTO(sph_buf) built = sph_buf_init(ROOM);
        const struct kit_party *from = i == 0 ? &kit->lawyer : &kit->ngo;
        const struct sph_packet_context context =
            kit_context(kit, from, i == 0 ? &kit->ngo : &kit->lawyer);
        load(paths[i], &draft);
        kit_build(kit, from, sph_buf_text(&draft), sph_slice_of(NULL, 0), &built);
        kit_expect(kit, &context, sph_buf_peek(&built), NULL);
    }
}

static void samples_judgment_is_imported_without_loss_and_published(void **state)
{
    struct kit *kit = *state;
    sph_err err = {0};
    const struct sph_judgment_import how = {NULL, "2026-11-24"};
    struct sph_judgment_facts facts;
    sph_findings findings = {0};
    SPH_AUTO(sph_buf) judgment = sph_buf_init(ROOM);
    SPH_AUTO(sph_buf) reduced = sph_buf_init(ROOM);
    SPH_AUTO(sph_buf) draft = sph_buf_init(ROOM);
    SPH_AUTO(sph_buf) built = sph_buf_init(ROOM);
    const struct sph_packet_context context = kit_context(kit, &kit->ngo, &kit->lawyer);
    load("docs/samples/judgment.xml", &judgment);
    load("docs/samples/case-law.json", &draft);
    const sph_rc rc = sph_judgment_import(sph_buf_peek(&judgment), &how, &kit->schemas,
                                          sph_limits_default(), &facts, &findings, &reduced, &err);
    kit_print(&findings);
    assert_ok(rc, &err);
    assert_int_equal(facts.dropped_elements + facts.dropped_references + facts.dropped_keywords +
                         facts.unwrapped_inline,
                     0);
    assert_string_equal(facts.work_iri, facts.source_iri);
    kit_build(kit, &kit->ngo, sph_buf_text(&draft), sph_buf_peek(&reduced), &built);
    kit_expect(kit, &context, sph_buf_peek(&built), NULL);
}

int test_samples(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_of_the_documents_pass_every_rule),
        cmocka_unit_test(samples_judgment_is_imported_without_loss_and_published),
    };
    return cmocka_run_group_tests_name("samples", tests, kit_setup, kit_teardown);
}
