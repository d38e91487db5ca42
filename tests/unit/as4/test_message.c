#include "kit.h"

#include "as4/fault.h"

int test_message(void);

static sph_as4_refs three(void)
{
    sph_as4_refs refs = {.count = 3};
    strcpy(refs.ref[0].uri, "#_b1");
    strcpy(refs.ref[1].uri, "#_a1");
    strcpy(refs.ref[2].uri, "cid:with@host");
    for (size_t i = 0; i < 3; i++)
        memset(refs.ref[i].digest.at, (int)i, 32);
    return refs;
}

static void message_refs_in_another_order_are_equal(void **state)
{
    (void)state;
    const sph_as4_refs a = three();
    sph_as4_refs b = a;
    b.ref[0] = a.ref[2];
    b.ref[2] = a.ref[0];
    assert_true(sph_as4_refs_equal(&a, &b));
    b.ref[0].digest.at[0] ^= 1;
    assert_false(sph_as4_refs_equal(&a, &b));
    b = a;
    b.count = 2;
    assert_false(sph_as4_refs_equal(&a, &b));
}

static void message_refs_text_is_stable_and_reads_back(void **state)
{
    (void)state;
    sph_err err = {0};
    const sph_as4_refs a = three();
    sph_as4_refs back = {0};
    SPH_AUTO(sph_buf) text = sph_buf_init(4096);
    kit_good(sph_as4_refs_print(&a, &text, &err), &err);
    assert_string_equal(sph_buf_text(&text),
                        "#_a1 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n"
                        "#_b1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
                        "cid:with@host AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=\n");
    kit_good(sph_as4_refs_parse(sph_buf_peek(&text), &back, &err), &err);
    assert_true(sph_as4_refs_equal(&a, &back));
}

static void message_malformed_refs_text_is_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {"#a",
                                       "#a\n",
                                       " AA==\n",
                                       "#a AA==\n",
                                       "#a AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=",
                                       "#a AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI\n",
                                       "\n"};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sph_err err = {0};
        sph_as4_refs out = {.count = 7};
        assert_int_equal(sph_as4_refs_parse(sph_slice_str(rows[i]), &out, &err).code, SPH_EPARSE);
        assert_int_equal(out.count, 7);
    }
}

static void message_36_refs_are_refused(void **state)
{
    (void)state;
    sph_err err = {0};
    sph_as4_refs out = {0};
    SPH_AUTO(sph_buf) text = sph_buf_init(8192);
    for (unsigned i = 0; i < 36; i++) {
        kit_good(
            sph_buf_addf(&text, &err, "#a%u AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=\n", i),
            &err);
        if (i == 34)
            kit_good(sph_as4_refs_parse(sph_buf_peek(&text), &out, &err), &err);
    }
    assert_int_equal(out.count, 35);
    assert_int_equal(sph_as4_refs_parse(sph_buf_peek(&text), &out, &err).code, SPH_ELIMIT);
}

static void message_codes_have_their_names(void **state)
{
    (void)state;
    assert_string_equal(sph_ebms_code(SPH_EBMS_0101), "EBMS:0101");
    assert_string_equal(sph_ebms_name(SPH_EBMS_0303), "DecompressionFailure");
    assert_string_equal(sph_ebms_category(SPH_EBMS_0007), "Unpackaging");
    assert_true(sph_ebms_is_warning(SPH_EBMS_0006));
    assert_false(sph_ebms_is_warning(SPH_EBMS_0009));
    assert_string_equal(sph_ebms_code(SPH_EBMS_NONE), "");
    assert_null(sph_as4_reason_rule(65535));
    assert_string_equal(sph_as4_reason_rule(306), "dsig.wrong-node");
}

/** A detail always says something, also with the longest addition; 0101 and 0102 say nothing more.
 */
static void message_every_refusal_has_a_detail(void **state)
{
    (void)state;
    char more[200];
    memset(more, 'x', sizeof(more) - 1);
    more[sizeof(more) - 1] = 0;
    for (int rule = 0; rule < SPH_AS4_RULE_COUNT; rule++) {
        sph_err err = {0};
        sph_as4_fault fault = {0};
        assert_int_equal(sph_as4_refuse((enum sph_as4_rule)rule, &fault, &err, "%s", more).code,
                         SPH_EREFUSED);
        assert_true(fault.detail[0] != 0);
        assert_string_equal(sph_as4_reason_rule(fault.reason), fault.rule);
        const bool is_fixed = fault.code == SPH_EBMS_0101 || fault.code == SPH_EBMS_0102;
        assert_true((strstr(fault.detail, "xxx") == NULL) == is_fixed);
    }
}

int test_message(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(message_refs_in_another_order_are_equal),
        cmocka_unit_test(message_refs_text_is_stable_and_reads_back),
        cmocka_unit_test(message_malformed_refs_text_is_refused),
        cmocka_unit_test(message_36_refs_are_refused),
        cmocka_unit_test(message_codes_have_their_names),
        cmocka_unit_test(message_every_refusal_has_a_detail),
    };
    return cmocka_run_group_tests_name("message", tests, kit_start, kit_stop);
}
