#include "xml_support.h"

int test_prescan(void);

static void check(sph_slice text, const struct sph_xml_limits *limits, enum sph_code want)
{
    sph_err err = {0};
    const sph_rc rc = sph_xml_prescan(text, limits, NULL, &err);
    if (rc.code != want)
        fail_msg("got %s, want %s: %.*s", sph_code_name(rc.code), sph_code_name(want),
                 (int)(text.len < 200 ? text.len : 200), (const char *)text.at);
}

static void prescan_well_formed_documents_pass(void **state)
{
    static const char *const good[] = {
        "<a/>",
        "<a></a>",
        "<a  />\n",
        "\xEF\xBB\xBF<a/>",
        "<?xml version=\"1.0\"?><a/>",
        "<?xml version='1.0' encoding='utf-8'?>\n<a/>",
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\" ?><a/>",
        "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"UTF-8\"?><a/>",
        "<a b='>' c=\"/>'\" d = 'x'><p:e xmlns:p='urn:p' p:f=''/>t</a >",
        "<a>\xE0\xBA\xAA\xE0\xBA\xB0\xE0\xBA\x9E\xE0\xBA\xB2\xE0\xBA\x99 "
        "\xE0\xB8\xAA\xE0\xB8\xB0</a>",
    };
    const struct sph_xml_limits limits = packet_limits();
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        check(sph_slice_str(good[i]), &limits, SPH_OK);
}

static void prescan_malformed_documents_are_refused(void **state)
{
    static const char *const bad[] = {
        "",
        " ",
        "text",
        "<a>",
        "</a>",
        "<a/><b/>",
        "<a></a></a>",
        "<a/>tail",
        "head<a/>",
        "<a b/>",
        "<a b=c/>",
        "<a b='c/>",
        "<a b='<'/>",
        "<a b='c'd='e'/>",
        "<a / >",
        "<a <b/>",
        "< a/>",
        "<a",
        "<a b='c'",
        "</",
        "<",
        "<a></a b='c'>",
        "<a>\xC0\xAF</a>",
        "<a>\xED\xA0\x80</a>",
        "<?xml version=\"1.0\"?>",
        "<?xml encoding=\"UTF-8\"?><a/>",
        "<?xml version=\"1.0\" standalone=\"yes\" encoding=\"UTF-8\"?><a/>",
        "<?xml version=\"1.0\" encoding=\"UTF-8\" encoding=\"UTF-8\"?><a/>",
        "<?xml version=\"1.0\" other=\"1\"?><a/>",
        "<?xml version=\"1.0\"<a/>",
        " <?xml version=\"1.0\"?><a/>",
    };
    const struct sph_xml_limits limits = packet_limits();
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        check(sph_slice_str(bad[i]), &limits, SPH_EPARSE);
}

static void prescan_comment_cdata_and_instruction_pass_only_where_allowed(void **state)
{
    static const char *const marked[] = {
        "<!-- c --><a/>",          "<a><!----></a>",    "<a/><!-- <b> -->",
        "<a><![CDATA[<b>&]]></a>", "<a><?p <b> ?></a>", "<?xml-stylesheet href='x'?><a/>",
    };
    const struct sph_xml_limits strict = packet_limits(), foreign = foreign_limits();
    (void)state;
    for (size_t i = 0; i < COUNT(marked); i++) {
        check(sph_slice_str(marked[i]), &strict, SPH_EPARSE);
        check(sph_slice_str(marked[i]), &foreign, SPH_OK);
    }
    check(SPH_LIT("<a><!-- never ends</a>"), &foreign, SPH_EPARSE);
    check(SPH_LIT("<a><![CDATA[never ends</a>"), &foreign, SPH_EPARSE);
    check(SPH_LIT("<![CDATA[outside]]><a/>"), &foreign, SPH_EPARSE);
}

/* Each limit lets exactly its value through. */
static void prescan_limits_hold_at_their_exact_value(void **state)
{
    const struct sph_xml_limits tight = {.bytes = 60,
                                         .depth = 3,
                                         .elements = 4,
                                         .attributes = 3,
                                         .namespaces = 1,
                                         .tag = 40,
                                         .text = 5,
                                         .allow_comments = true};
    static const struct {
        const char *text;
        enum sph_code want;
    } cases[] = {
        {"<a><b><c/></b></a>", SPH_OK},
        {"<a><b><c><d/></c></b></a>", SPH_ELIMIT},
        {"<a><b/><b/><b/></a>", SPH_OK},
        {"<a><b/><b/><b/><b/></a>", SPH_ELIMIT},
        {"<a x='' y='' z=''/>", SPH_OK},
        {"<a w='' x='' y='' z=''/>", SPH_ELIMIT},
        {"<a xmlns='u:' x='' y=''/>", SPH_OK},
        {"<a xmlns='u:' w='' x='' y=''/>", SPH_ELIMIT},
        {"<a xmlns='u:' xmlns:p='v:'/>", SPH_ELIMIT},
        {"<a xmlnsx='u:' xmlns.p='v:'/>", SPH_OK},
        {"<a x='1234567890123456789012345678901'/>", SPH_OK},
        {"<a x='12345678901234567890123456789012'/>", SPH_ELIMIT},
        {"<a>12345</a>", SPH_OK},
        {"<a>123456</a>", SPH_ELIMIT},
        {"<a>123<!---->45</a>", SPH_ELIMIT},
        {"<a>12<b/>12345</a>", SPH_OK},
        {"<a x=''></a                                           >", SPH_ELIMIT},
        {"<a></a><!----><!----><!----><!----><!----><!----><!----><!---->", SPH_ELIMIT},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        check(sph_slice_str(cases[i].text), &tight, cases[i].want);
}

static void prescan_fault_names_its_line(void **state)
{
    sph_err err = {0};
    unsigned line = 99;
    const struct sph_xml_limits limits = packet_limits();
    (void)state;
    assert_int_equal(
        sph_xml_prescan(SPH_LIT("<a>\n<b>\n<c d/>\n</b></a>"), &limits, &line, &err).code,
        SPH_EPARSE);
    assert_int_equal(line, 3);
}

int test_prescan(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prescan_well_formed_documents_pass),
        cmocka_unit_test(prescan_malformed_documents_are_refused),
        cmocka_unit_test(prescan_comment_cdata_and_instruction_pass_only_where_allowed),
        cmocka_unit_test(prescan_limits_hold_at_their_exact_value),
        cmocka_unit_test(prescan_fault_names_its_line),
    };
    return cmocka_run_group_tests_name("prescan", tests, xml_setup, NULL);
}
