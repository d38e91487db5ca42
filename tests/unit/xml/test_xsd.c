#include "xml/xsd.h"

#include <dirent.h>
#include <pthread.h>

#include "xml_support.h"

int test_xsd(void);

#define XS "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' "

static const char main_schema[] =
    XS "xmlns:m='urn:m' xmlns:p='urn:p' targetNamespace='urn:m' elementFormDefault='qualified'>"
       "<xs:import namespace='urn:p' schemaLocation='https://example.org/some/where/part.xsd'/>"
       "<xs:element name='doc'><xs:complexType><xs:sequence>"
       "<xs:element name='date' type='xs:date'/>"
       "<xs:element name='code' type='p:code' maxOccurs='3'/>"
       "<xs:element name='empty' minOccurs='0'><xs:complexType/></xs:element>"
       "</xs:sequence><xs:attribute name='id' type='xs:NCName' use='required'/>"
       "</xs:complexType><xs:unique name='u'><xs:selector xpath='m:code'/><xs:field xpath='.'/>"
       "</xs:unique></xs:element></xs:schema>";
static const char part_schema[] =
    XS "targetNamespace='urn:p'><xs:simpleType name='code'><xs:restriction base='xs:token'>"
       "<xs:enumeration value='a'/><xs:enumeration value='b'/></xs:restriction></xs:simpleType>"
       "</xs:schema>";

static struct sph_xsd_source source(const char *name, const char *text)
{
    return (struct sph_xsd_source){name, sph_slice_str(text)};
}

static sph_xsd *compile_main(void)
{
    sph_err err = {0};
    sph_xsd *xsd = NULL;
    const struct sph_xsd_source sources[] = {source("main.xsd", main_schema),
                                             source("part.xsd", part_schema)};
    must(sph_xsd_compile(sources, COUNT(sources), &xsd, &err), &err);
    return xsd;
}

static enum sph_code compile_code(const char *text)
{
    sph_err err = {0};
    sph_xsd *xsd = NULL;
    const struct sph_xsd_source sources[] = {source("main.xsd", text)};
    const sph_rc rc = sph_xsd_compile(sources, 1, &xsd, &err);
    if (rc.code != SPH_OK)
        assert_null(xsd);
    sph_xsd_free(&xsd);
    return rc.code;
}

struct issues {
    size_t count;
    struct sph_xsd_issue first;
};

static void count_issue(void *arg, const struct sph_xsd_issue *issue)
{
    struct issues *issues = arg;
    if (issues->count++ == 0)
        issues->first = *issue;
}

static void xsd_valid_document_has_no_issue(void **state)
{
    sph_err err = {0};
    struct issues issues = {0};
    SPH_AUTO_PTR(sph_xsd) *xsd = compile_main();
    SPH_AUTO_PTR(sph_xml) *doc =
        parse_ok(SPH_LIT("<doc xmlns='urn:m' id='x'><date>2026-11-24</date><code>a</code></doc>"));
    (void)state;
    must(sph_xsd_validate(xsd, doc, 10, count_issue, &issues, &err), &err);
    assert_int_equal(issues.count, 0);
}

#define DOC(inside) "<doc xmlns='urn:m' id='x'>\n" inside "</doc>"
#define DATE "<date>2026-11-24</date>\n"

static void xsd_issues_have_class_line_and_element(void **state)
{
    static const struct {
        const char *text, *what, *element;
        unsigned line;
    } cases[] = {
        {DOC(DATE "<code>a</code><other/>"), "unexpected-element", "other", 3},
        {DOC("<code>a</code>"), "unexpected-element", "code", 2},
        {DOC(DATE), "missing-element", "doc", 1},
        {DOC(DATE "<code>\nc</code>"), "bad-value", "code", 3},
        {DOC("<date>2026-02-30</date><code>a</code>"), "bad-value", "date", 2},
        {"<doc xmlns='urn:m'>" DATE "<code>a</code></doc>", "missing-attribute", "doc", 1},
        {"<doc xmlns='urn:m' id='x' no='1'>" DATE "<code>a</code></doc>", "unexpected-attribute",
         "doc", 1},
        {"<doc xmlns='urn:m' id='1 2'>" DATE "<code>a</code></doc>", "bad-value", "doc", 1},
        {DOC(DATE "<code>a</code><code>a</code>"), "not-unique", "code", 3},
        {DOC(DATE "<code>a</code>text"), "bad-value", "doc", 1},
        {DOC(DATE "<code>a<b/></code>"), "unexpected-element", "code", 3},
        {DOC(DATE "<code>a</code><empty>x</empty>"), "not-empty", "empty", 3},
        {"<doc/>", "unexpected-element", "doc", 1},
    };
    SPH_AUTO_PTR(sph_xsd) *xsd = compile_main();
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct issues issues = {0};
        SPH_AUTO_PTR(sph_xml) *doc = parse_ok(sph_slice_str(cases[i].text));
        assert_int_equal(sph_xsd_validate(xsd, doc, 10, count_issue, &issues, NULL).code,
                         SPH_EREFUSED);
        if (issues.count != 1 || strcmp(issues.first.what, cases[i].what) != 0)
            fail_msg("%zu issues in %s, first: %s %s", issues.count, cases[i].text,
                     issues.first.what, issues.first.detail);
        assert_string_equal(issues.first.element, cases[i].element);
        assert_int_equal(issues.first.line, cases[i].line);
        assert_true(issues.first.libxml_code > 0);
        assert_true(strlen(issues.first.detail) > 0);
        assert_null(strchr(issues.first.detail, '\n'));
    }
}

static void xsd_issues_are_limited_and_cut(void **state)
{
    sph_err err = {0};
    struct issues issues = {0};
    SPH_AUTO_PTR(sph_xsd) *xsd = compile_main();
    SPH_AUTO(sph_buf) text = sph_buf_init(65536);
    (void)state;
    must(sph_buf_add_text(&text, "<doc xmlns='urn:m'>" DATE, &err), &err);
    for (size_t i = 0; i < 3; i++) {
        must(sph_buf_add_text(&text, "<code>", &err), &err);
        for (size_t k = 0; k < 500; k++)
            must(sph_buf_add_text(&text, "\xE0\xBA\xA5", &err), &err);
        must(sph_buf_addf(&text, &err, "%zu</code>", i), &err);
    }
    must(sph_buf_add_text(&text, "</doc>", &err), &err);
    SPH_AUTO_PTR(sph_xml) *doc = parse_ok(sph_buf_peek(&text));
    assert_int_equal(sph_xsd_validate(xsd, doc, 2, count_issue, &issues, &err).code, SPH_EREFUSED);
    assert_int_equal(issues.count, 2);
    assert_int_equal(sph_xsd_validate(xsd, doc, 0, count_issue, &issues, &err).code, SPH_EREFUSED);
    assert_int_equal(issues.count, 2);
    assert_int_equal(sph_xsd_validate(xsd, doc, 2, NULL, NULL, &err).code, SPH_EREFUSED);
}

static void keep_last(void *arg, const struct sph_xsd_issue *issue)
{
    *(struct sph_xsd_issue *)arg = *issue;
}

static void xsd_issue_texts_end_between_characters(void **state)
{
    struct sph_xsd_issue last = {0};
    SPH_AUTO_PTR(sph_xsd) *xsd = compile_main();
    (void)state;
    for (size_t pad = 0; pad < 3; pad++) {
        sph_err err = {0};
        SPH_AUTO(sph_buf) text = sph_buf_init(65536);
        must(sph_buf_add_text(&text, DOC(DATE "<code>a</code>"), &err), &err);
        text.len -= 6;
        must(sph_buf_add_text(&text, "<", &err), &err);
        for (size_t k = 0; k < pad; k++)
            must(sph_buf_add_text(&text, "x", &err), &err);
        for (size_t k = 0; k < 100; k++)
            must(sph_buf_add_text(&text, "\xE0\xBA\xA5", &err), &err);
        must(sph_buf_add_text(&text, "/></doc>", &err), &err);
        SPH_AUTO_PTR(sph_xml) *doc = parse_ok(sph_buf_peek(&text));
        assert_int_equal(sph_xsd_validate(xsd, doc, 9, keep_last, &last, NULL).code, SPH_EREFUSED);
        /* 63 octets hold whole characters of three octets after the padding. */
        assert_int_equal((strlen(last.element) - pad) % 3, 0);
        assert_true(strlen(last.element) > 57);
    }
}

static void xsd_imports_come_from_the_given_sources_only(void **state)
{
    char folder[1024], path[1200];
    sph_err err = {0};
    SPH_AUTO(sph_buf) text = sph_buf_init(65536);
    (void)state;
    assert_int_equal(compile_code(main_schema), SPH_EPARSE);
    new_folder(folder, sizeof(folder));
    (void)snprintf(path, sizeof(path), "%s/part.xsd", folder);
    write_whole(path, sph_slice_str(part_schema));
    must(sph_buf_addf(&text, &err,
                      XS "><xs:import namespace='urn:p' schemaLocation='%s'/>"
                         "</xs:schema>",
                      path),
         &err);
    const enum sph_code local = compile_code(sph_buf_text(&text));
    assert_int_equal(run_command("rm -r '%s'", folder), 0);
    assert_int_equal(local, SPH_EPARSE);
    assert_int_equal(compile_code(XS "><xs:include schemaLocation='http://127.0.0.1:9/x.xsd'/>"
                                     "</xs:schema>"),
                     SPH_EPARSE);
}

static void xsd_broken_schemas_are_refused(void **state)
{
    (void)state;
    assert_int_equal(compile_code(""), SPH_EPARSE);
    assert_int_equal(compile_code("<a/>"), SPH_EPARSE);
    assert_int_equal(compile_code("<xs:schema"), SPH_EPARSE);
    assert_int_equal(compile_code(XS "><xs:element name='a' type='none'/></xs:schema>"),
                     SPH_EPARSE);
    assert_int_equal(sph_xsd_compile(NULL, 0, NULL, NULL).code, SPH_EARG);
}

/* The loader serves sources while they are compiled, and nothing at any other time. */
static void xsd_sources_are_not_served_to_documents(void **state)
{
    sph_xml *doc = NULL;
    SPH_AUTO_PTR(sph_xsd) *xsd = compile_main();
    const struct sph_xml_limits limits = foreign_limits();
    (void)state;
    assert_int_equal(
        sph_xml_parse(SPH_LIT("<!DOCTYPE a SYSTEM 'part.xsd'><a/>"), &limits, &doc, NULL).code,
        SPH_EPARSE);
    struct issues issues = {0};
    SPH_AUTO_PTR(sph_xml) *named = parse_ok(
        SPH_LIT("<p:other xmlns:p='urn:p' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' "
                "xsi:schemaLocation='urn:p part.xsd'/>"));
    assert_int_equal(sph_xsd_validate(xsd, named, 9, count_issue, &issues, NULL).code,
                     SPH_EREFUSED);
}

static void *validate_often(void *arg)
{
    const sph_xsd *xsd = arg;
    size_t wrong = 0;
    for (size_t i = 0; i < 200; i++) {
        SPH_AUTO_PTR(sph_xml) *good = parse_ok(SPH_LIT(DOC(DATE "<code>a</code>")));
        SPH_AUTO_PTR(sph_xml) *bad = parse_ok(SPH_LIT(DOC(DATE "<code>c</code>")));
        wrong += sph_xsd_validate(xsd, good, 1, NULL, NULL, NULL).code == SPH_OK ? 0 : 1;
        wrong += sph_xsd_validate(xsd, bad, 1, NULL, NULL, NULL).code == SPH_EREFUSED ? 0 : 1;
    }
    return wrong == 0 ? arg : NULL;
}

static void xsd_one_schema_serves_several_threads(void **state)
{
    pthread_t threads[4];
    SPH_AUTO_PTR(sph_xsd) *xsd = compile_main();
    (void)state;
    for (size_t i = 0; i < COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, validate_often, xsd), 0);
    for (size_t i = 0; i < COUNT(threads); i++) {
        void *result = NULL;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_ptr_equal(result, xsd);
    }
}

static sph_xsd *compile_akn(void)
{
    sph_err err = {0};
    sph_xsd *xsd = NULL;
    SPH_AUTO(sph_buf) akn = sph_buf_init(4u << 20), xml = sph_buf_init(1u << 20);
    if (!read_data("akn/akomantoso30.xsd", &akn) || !read_data("akn/xml.xsd", &xml))
        return NULL;
    const struct sph_xsd_source sources[] = {{"akomantoso30.xsd", sph_buf_peek(&akn)},
                                             {"xml.xsd", sph_buf_peek(&xml)}};
    must(sph_xsd_compile(sources, 2, &xsd, &err), &err);
    return xsd;
}

/* Verdict on one real judgment; every one must at least parse. */
static bool judgment_is_valid(const sph_xsd *xsd, const char *path)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) text = sph_buf_init(4u << 20);
    SPH_AUTO_PTR(sph_xml) *doc = NULL;
    const struct sph_xml_limits limits = foreign_limits();
    read_whole(path, &text);
    const sph_rc rc = sph_xml_parse(sph_buf_peek(&text), &limits, &doc, &err);
    if (rc.code != SPH_OK)
        fail_msg("%s: %s", path, err.depth ? err.frame[0].what : "");
    return sph_xsd_validate(xsd, doc, 1, NULL, NULL, &err).code == SPH_OK;
}

static void judge_folder(const sph_xsd *xsd, const char *language, size_t *valid, size_t *invalid)
{
    char folder[1024], path[2048];
    (void)snprintf(folder, sizeof(folder), "%s/judgments/%s", getenv("SAPHAN_TEST_DATA"), language);
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        *(judgment_is_valid(xsd, path) ? valid : invalid) += 1;
    }
    (void)closedir(dir);
}

static void xsd_official_schema_judges_the_real_judgments(void **state)
{
    size_t valid = 0, invalid = 0;
    SPH_AUTO_PTR(sph_xsd) *xsd = compile_akn();
    (void)state;
    if (!xsd)
        skip();
    judge_folder(xsd, "en-GB", &valid, &invalid);
    judge_folder(xsd, "el-GR", &valid, &invalid);
    judge_folder(xsd, "en-ZA", &valid, &invalid);
    assert_int_equal(valid, 59);
    assert_int_equal(invalid, 2);
}

int test_xsd(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(xsd_valid_document_has_no_issue),
        cmocka_unit_test(xsd_issues_have_class_line_and_element),
        cmocka_unit_test(xsd_issues_are_limited_and_cut),
        cmocka_unit_test(xsd_issue_texts_end_between_characters),
        cmocka_unit_test(xsd_imports_come_from_the_given_sources_only),
        cmocka_unit_test(xsd_broken_schemas_are_refused),
        cmocka_unit_test(xsd_sources_are_not_served_to_documents),
        cmocka_unit_test(xsd_one_schema_serves_several_threads),
        cmocka_unit_test(xsd_official_schema_judges_the_real_judgments),
    };
    return cmocka_run_group_tests_name("xsd", tests, xml_setup, NULL);
}
