/* Opening, verifying and unwrapping a message when memory runs out at each allocation in turn: the
 * code says so, no fault is laid on the sender, nothing stays in the spool, nothing leaks. */
#include "kit.h"
#include "support/fail_alloc.h"

int test_memory(void);

struct one_run {
    const struct kit *kit;
    const char *content_type;
    sph_slice bytes;
};

static sph_rc receive_once(void *ctx, sph_err *err)
{
    const struct one_run *run = ctx;
    const sph_as4_source source = {.bytes = run->bytes};
    const sph_as4_trust trust = kit_trust(run->kit);
    const sph_as4_recipient own = {run->kit->here.encrypt_key, run->kit->here.encrypt};
    static sph_as4_parts parts;
    sph_as4_fault fault = {0};
    SPH_AUTO_PTR(sph_as4_in) *in = NULL;
    sph_rc rc = sph_as4_open(run->content_type, &source, sph_limits_default(), &in, &fault, err);
    if (rc.code == SPH_OK)
        rc = sph_as4_verify(in, &trust, &fault, err);
    if (rc.code == SPH_OK)
        rc = sph_as4_unwrap(in, &own, 1, kit_random(), kit_files(), KIT_SPOOL, sph_limits_default(),
                            &parts, &fault, err);
    if (rc.code == SPH_OK)
        sph_as4_parts_clear(&parts);
    if (fault.code != SPH_EBMS_NONE)
        print_error("a fault of the sender: %s %s\n", sph_ebms_code(fault.code), fault.rule);
    assert_true(fault.code == SPH_EBMS_NONE);
    assert_true(kit_spool_count() == 0);
    return rc;
}

static void memory_receiving_says_when_it_runs_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < SPH_SUITE_COUNT; i++) {
        struct kit_msg msg;
        SPH_AUTO(sph_buf) whole = sph_buf_init(4u << 20);
        kit_message(kit_of((enum sph_suite)i), &(struct kit_wish){.parts = 2}, &msg);
        kit_bytes(&msg, &whole);
        struct one_run run = {msg.kit, msg.content_type, sph_buf_peek(&whole)};
        assert_in_range(test_alloc_each_failure(receive_once, &run), 20, 10000);
        kit_msg_clear(&msg);
    }
}

int test_memory(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_receiving_says_when_it_runs_out),
    };
    return cmocka_run_group_tests_name("memory", tests, kit_start, kit_stop);
}
