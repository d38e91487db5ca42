/* The check of a packet when memory runs out at each of its allocations in turn: it says so, judges
 * nothing, and leaks nothing (the leak checker of the sanitized build looks on). */
#include "packet_kit.h"
#include "support/fail_alloc.h"

int test_memory(void);

struct one_run {
    const struct sph_packet_context *context;
    sph_slice octets;
};

static sph_rc check_once(void *ctx, sph_err *err)
{
    const struct one_run *run = ctx;
    sph_findings findings = {0};
    SPH_AUTO_PTR(sph_packet) *packet = NULL;
    const sph_rc rc = sph_packet_check(run->octets, run->context, &findings, &packet, err);
    assert_true((rc.code == SPH_OK) == (packet != NULL));
    return rc;
}

static void memory_check_of_each_type_says_when_it_runs_out(void **state)
{
    struct kit *kit = *state;
    static const char *const drafts[] = {KIT_REQUEST, KIT_RESPONSE, KIT_RESOURCE, KIT_NOTICE};
    for (size_t i = 0; i < sizeof(drafts) / sizeof(drafts[0]); i++) {
        SPH_AUTO(sph_buf) built = sph_buf_init(1 << 20);
        const struct kit_party *from = i == 0 ? &kit->lawyer : &kit->ngo;
        const struct sph_packet_context context =
            kit_context(kit, from, i == 0 ? &kit->ngo : &kit->lawyer);
        kit_build(kit, from, drafts[i], sph_slice_of(NULL, 0), &built);
        struct one_run run = {&context, sph_buf_peek(&built)};
        assert_in_range(test_alloc_each_failure(check_once, &run), 5, 10000);
    }
}

static sph_rc render_once(void *ctx, sph_err *err)
{
    SPH_AUTO(sph_buf) text = sph_buf_init(1 << 20);
    SPH_AUTO(sph_buf) title = sph_buf_init(8192);
    sph_json *json = NULL;
    SPH_TRY(sph_packet_render_text(ctx, SPH_LANG_LO, &text, err), err, "text");
    SPH_TRY(sph_packet_title(ctx, SPH_LANG_TH, &title, err), err, "title");
    SPH_TRY(sph_packet_to_json(ctx, &json, err), err, "json");
    sph_json_free(&json);
    return sph_ok();
}

static void memory_reading_a_packet_says_when_it_runs_out(void **state)
{
    struct kit *kit = *state;
    sph_findings findings = {0};
    SPH_AUTO(sph_buf) built = sph_buf_init(1 << 20);
    SPH_AUTO_PTR(sph_packet) *packet = NULL;
    const struct sph_packet_context context = kit_context(kit, &kit->lawyer, &kit->ngo);
    kit_build(kit, &kit->lawyer, KIT_REQUEST, sph_slice_of(NULL, 0), &built);
    assert_ok(sph_packet_check(sph_buf_peek(&built), &context, &findings, &packet, NULL), NULL);
    assert_in_range(test_alloc_each_failure(render_once, packet), 5, 10000);
}

int test_memory(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_check_of_each_type_says_when_it_runs_out),
        cmocka_unit_test(memory_reading_a_packet_says_when_it_runs_out),
    };
    return cmocka_run_group_tests_name("memory", tests, kit_setup, kit_teardown);
}
