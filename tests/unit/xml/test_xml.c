/* The rows of the attack catalogue for XML, by their ids. */
#include "xml_support.h"

#include <time.h>

#include "xml/xsd.h"

int test_xml(void);

#define WSU "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"

static void xml_x01_doctype_and_entities_are_refused(void **state)
{
    static const char *const bad[] = {
        "<!DOCTYPE a><a/>",
        "<!DOCTYPE a [<!ATTLIST a Id ID 'x'>]><a/>",
        "<!DOCTYPE a [<!ENTITY % p SYSTEM 'file:///etc/passwd'> %p;]><a/>",
        "<!DOCTYPE a [<!ENTITY l 'lol'><!ENTITY m '&l;&l;&l;&l;'>]><a>&m;</a>",
        "<!DOCTYPE a SYSTEM 'http://example.org/x.dtd'><a/>",
        "<a><!ENTITY l 'lol'></a>",
        "<a>&undeclared;</a>",
        "<a b='&undeclared;'/>",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(parse_code(sph_slice_str(bad[i])), SPH_EPARSE);
    const struct sph_xml_limits foreign = foreign_limits();
    sph_xml *doc = NULL;
    assert_int_equal(sph_xml_parse(sph_slice_str(bad[0]), &foreign, &doc, NULL).code, SPH_EPARSE);
    assert_int_equal(parse_code(SPH_LIT("<a b='&lt;&#65;&amp;'>&gt;&#x41;</a>")), SPH_OK);
}

static void xml_x02_attributes_equal_by_namespace_are_refused(void **state)
{
    (void)state;
    assert_int_equal(parse_code(SPH_LIT("<a xmlns:p='urn:n' xmlns:q='urn:n' p:i='1' q:i='2'/>")),
                     SPH_EPARSE);
    assert_int_equal(parse_code(SPH_LIT("<a i='1' i='2'/>")), SPH_EPARSE);
    assert_int_equal(parse_code(SPH_LIT("<a xmlns:p='urn:n' xmlns:q='urn:m' p:i='1' q:i='2'/>")),
                     SPH_OK);
}

static void xml_x03_undeclared_and_rebound_prefixes_are_refused(void **state)
{
    (void)state;
    assert_int_equal(parse_code(SPH_LIT("<x:a/>")), SPH_EPARSE);
    assert_int_equal(parse_code(SPH_LIT("<a x:b='1'/>")), SPH_EPARSE);
    assert_int_equal(parse_code(SPH_LIT("<a xmlns:xml='urn:evil'/>")), SPH_EPARSE);
    assert_int_equal(parse_code(SPH_LIT("<a xmlns:xmlns='urn:evil'/>")), SPH_EPARSE);
    assert_int_equal(parse_code(SPH_LIT("<a xmlns:x=''/>")), SPH_EPARSE);
}

static void xml_x04_nul_and_bytes_after_it_are_refused(void **state)
{
    (void)state;
    assert_int_equal(parse_code(SPH_LIT("<a/>\0<b/>")), SPH_EPARSE);
    assert_int_equal(parse_code(SPH_LIT("<a/>\0")), SPH_EPARSE);
    assert_int_equal(parse_code(SPH_LIT("<a>\0</a>")), SPH_EPARSE);
}

static void xml_x05_other_encodings_are_refused(void **state)
{
    (void)state;
    assert_int_equal(parse_code(SPH_LIT("\xFF\xFE<\0a\0/\0>\0")), SPH_EPARSE);
    assert_int_equal(parse_code(SPH_LIT("\xFE\xFF\0<\0a\0/\0>")), SPH_EPARSE);
    assert_int_equal(parse_code(SPH_LIT("<?xml version='1.0' encoding='ISO-8859-1'?><a/>")),
                     SPH_EUNSUPPORTED);
    assert_int_equal(parse_code(SPH_LIT("<?xml version='1.0' encoding='UTF-16'?><a/>")),
                     SPH_EUNSUPPORTED);
    assert_int_equal(parse_code(SPH_LIT("<?xml version='1.0' encoding='UTF-7'?><a/>")),
                     SPH_EUNSUPPORTED);
    assert_int_equal(parse_code(SPH_LIT("<?xml version='1.1'?><a/>")), SPH_EUNSUPPORTED);
    assert_int_equal(parse_code(SPH_LIT("<a>\xC0\xBC</a>")), SPH_EPARSE);
    assert_int_equal(parse_code(SPH_LIT("<a>\xE9</a>")), SPH_EPARSE);
    assert_int_equal(parse_code(SPH_LIT("<a>&#0;</a>")), SPH_EPARSE);
    assert_int_equal(parse_code(SPH_LIT("\xEF\xBB\xBF<?xml version='1.0' encoding='Utf-8'?><a/>")),
                     SPH_OK);
}

static void xml_x06_relative_namespace_is_refused(void **state)
{
    (void)state;
    assert_int_equal(parse_code(SPH_LIT("<a xmlns:x='1'/>")), SPH_EPARSE);
    assert_int_equal(parse_code(SPH_LIT("<a xmlns='relative/name'/>")), SPH_EPARSE);
    assert_int_equal(parse_code(SPH_LIT("<a><b><c xmlns:x='./x'/></b></a>")), SPH_EPARSE);
    assert_int_equal(parse_code(SPH_LIT("<a xmlns:x='//host/x'/>")), SPH_EPARSE);
    assert_int_equal(parse_code(SPH_LIT("<a xmlns='urn:a?b&amp;c'/>")), SPH_EPARSE);
    assert_int_equal(parse_code(SPH_LIT("<a xmlns='urn:a?b&#38;c'/>")), SPH_EPARSE);
    assert_int_equal(parse_code(SPH_LIT("<a xmlns='urn:a'><b xmlns=''/></a>")), SPH_OK);
}

static void xml_x07_split_text_is_refused_or_read_whole(void **state)
{
    sph_err err = {0};
    const sph_slice text = SPH_LIT("<a>alice<!---->.evil<?p?><![CDATA[.org]]></a>");
    const struct sph_xml_limits foreign = foreign_limits();
    sph_xml *doc = NULL;
    char value[32];
    (void)state;
    assert_int_equal(parse_code(text), SPH_EPARSE);
    must(sph_xml_parse(text, &foreign, &doc, &err), &err);
    must(sph_xml_value_text(sph_xml_root(doc), value, sizeof(value), &err), &err);
    assert_string_equal(value, "alice.evil.org");
    sph_xml_free(&doc);
}

/* `count` numbered copies of a text between two others. */
struct body {
    const char *before, *after;
};
static void repeat(sph_buf *out, const char *head, struct body body, size_t count, const char *tail)
{
    sph_err err = {0};
    must(sph_buf_add_text(out, head, &err), &err);
    for (size_t i = 0; i < count; i++)
        must(sph_buf_addf(out, &err, "%s%zu%s", body.before, i, body.after), &err);
    must(sph_buf_add_text(out, tail, &err), &err);
}

static double cpu_ms(void)
{
    return (double)clock() * 1000.0 / CLOCKS_PER_SEC;
}

static void check_refused_fast(const char *head, struct body body, size_t count, const char *tail)
{
    SPH_AUTO(sph_buf) text = sph_buf_init(64u << 20);
    repeat(&text, head, body, count, tail);
    struct sph_xml_limits limits = packet_limits();
    limits.bytes = SIZE_MAX;
    sph_xml *doc = NULL;
    const double start = cpu_ms();
    assert_int_equal(sph_xml_parse(sph_buf_peek(&text), &limits, &doc, NULL).code, SPH_ELIMIT);
    assert_true(cpu_ms() - start < 500.0);
}

/* A test of a time: the bound is 30 times below what the parser itself would spend. */
static void xml_x08_hundred_thousand_attributes_are_refused_before_parsing(void **state)
{
    (void)state;
    check_refused_fast("<a", (struct body){" b", "=''"}, 100000, "/>");
}

static void xml_x09_many_namespaces_are_refused_before_parsing(void **state)
{
    (void)state;
    check_refused_fast("<a", (struct body){" xmlns:n", "='urn:n'"}, 20000, "/>");
    check_refused_fast("<a", (struct body){" xmlns:n", "='urn:n'"}, 33, "/>");
}

static void xml_x10_depth_text_elements_and_names_are_limited(void **state)
{
    (void)state;
    check_refused_fast("", (struct body){"<a n='", "'>"}, 10000, "");
    check_refused_fast("<a>", (struct body){"0123456789", "0123456789"}, 600000, "</a>");
    check_refused_fast("<a>", (struct body){"<b n='", "'/>"}, 1000000, "</a>");
    check_refused_fast("<a", (struct body){"aaaaaaaa", "aaaaaaaa"}, 70000, "/>");
}

static enum sph_code ids_code(const char *text)
{
    sph_err err = {0};
    sph_xml *doc = parse_ok(sph_slice_str(text));
    sph_xml_ids *ids = NULL;
    const sph_rc rc = sph_xml_ids_new(doc, &ids, &err);
    if (rc.code != SPH_OK)
        assert_null(ids);
    sph_xml_ids_free(&ids);
    sph_xml_free(&doc);
    return rc.code;
}

static void xml_x11_id_standing_twice_is_refused(void **state)
{
    (void)state;
    assert_int_equal(ids_code("<a Id='x'><b Id='x'/></a>"), SPH_EPARSE);
    assert_int_equal(ids_code("<a Id='x'><b xml:id='x'/></a>"), SPH_EPARSE);
    assert_int_equal(ids_code("<a Id='x'><b><c xmlns:u='" WSU "' u:Id='x'/></b></a>"), SPH_EPARSE);
    assert_int_equal(ids_code("<a xmlns:u='" WSU "' Id='x' u:Id='x'/>"), SPH_EPARSE);
    assert_int_equal(ids_code("<a Id=''/>"), SPH_EPARSE);
    assert_int_equal(ids_code("<a Id='1x'/>"), SPH_EPARSE);
    assert_int_equal(ids_code("<a Id='x:y'/>"), SPH_EPARSE);
    assert_int_equal(ids_code("<a Id='x y'/>"), SPH_EPARSE);
    assert_int_not_equal(parse_code(SPH_LIT("<a xml:id='1 2'/>")), SPH_OK);
    assert_int_equal(ids_code("<a Id='x'><b id='x'/><c Id='y'/></a>"), SPH_OK);
}

/* The files named are there on every system: were one opened, its text or a parse error would show.
 */
static void xml_x12_names_of_files_in_a_document_are_not_opened(void **state)
{
    sph_err err = {0};
    const struct sph_xml_limits foreign = foreign_limits();
    const sph_slice text = SPH_LIT(
        "<?xml-stylesheet href='file:///etc/passwd'?>"
        "<a xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' "
        "xsi:schemaLocation='urn:b /etc/passwd' xsi:noNamespaceSchemaLocation='/etc/passwd'>"
        "<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='/etc/hostname'/></a>");
    const struct sph_xsd_source any[] = {
        {"any.xsd", SPH_LIT("<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'>"
                            "<xs:element name='a'/></xs:schema>")}};
    sph_xml *doc = NULL;
    sph_xsd *xsd = NULL;
    (void)state;
    must(sph_xml_parse(text, &foreign, &doc, &err), &err);
    const sph_xml_node *include = sph_xml_first(sph_xml_root(doc));
    assert_true(sph_xml_is(include, "http://www.w3.org/2001/XInclude", "include"));
    assert_true(sph_xml_is_empty(include));
    must(sph_xsd_compile(any, 1, &xsd, &err), &err);
    must(sph_xsd_validate(xsd, doc, 1, NULL, NULL, &err), &err);
    sph_xsd_free(&xsd);
    sph_xml_free(&doc);
}

static void xml_parse_fault_names_its_line(void **state)
{
    sph_err err = {0};
    unsigned line = 0;
    sph_xml *doc = NULL;
    const struct sph_xml_limits limits = packet_limits();
    (void)state;
    assert_int_equal(
        sph_xml_parse_at(SPH_LIT("<a>\n<b>\n</c>\n</a>"), &limits, &line, &doc, &err).code,
        SPH_EPARSE);
    assert_int_equal(line, 3);
    assert_int_equal(
        sph_xml_parse_at(SPH_LIT("<a>\n\n\n<b xmlns='x'/>\n</a>"), &limits, &line, &doc, &err).code,
        SPH_EPARSE);
    assert_int_equal(line, 4);
}

/* A reason is for a log: it holds nothing of the document. */
static void xml_parse_reason_repeats_nothing_of_the_document(void **state)
{
    static const char *const bad[] = {"<SECRET><b></SECRET>", "<SECRET:a/>", "<a SECRET/>",
                                      "<a xmlns='SECRET'/>", "<a>&SECRET;</a>"};
    const struct sph_xml_limits limits = packet_limits();
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        sph_err err = {0};
        sph_xml *doc = NULL;
        assert_int_not_equal(sph_xml_parse(sph_slice_str(bad[i]), &limits, &doc, &err).code,
                             SPH_OK);
        assert_true(err.depth > 0);
        for (unsigned frame = 0; frame < err.depth; frame++)
            assert_null(strstr(err.frame[frame].what, "SECRET"));
    }
}

int test_xml(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(xml_x01_doctype_and_entities_are_refused),
        cmocka_unit_test(xml_x02_attributes_equal_by_namespace_are_refused),
        cmocka_unit_test(xml_x03_undeclared_and_rebound_prefixes_are_refused),
        cmocka_unit_test(xml_x04_nul_and_bytes_after_it_are_refused),
        cmocka_unit_test(xml_x05_other_encodings_are_refused),
        cmocka_unit_test(xml_x06_relative_namespace_is_refused),
        cmocka_unit_test(xml_x07_split_text_is_refused_or_read_whole),
        cmocka_unit_test(xml_x08_hundred_thousand_attributes_are_refused_before_parsing),
        cmocka_unit_test(xml_x09_many_namespaces_are_refused_before_parsing),
        cmocka_unit_test(xml_x10_depth_text_elements_and_names_are_limited),
        cmocka_unit_test(xml_x11_id_standing_twice_is_refused),
        cmocka_unit_test(xml_x12_names_of_files_in_a_document_are_not_opened),
        cmocka_unit_test(xml_parse_fault_names_its_line),
        cmocka_unit_test(xml_parse_reason_repeats_nothing_of_the_document),
    };
    return cmocka_run_group_tests_name("xml", tests, xml_setup, NULL);
}
