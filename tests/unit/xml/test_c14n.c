#include "xml/c14n_exclusive.h"
#include "xml_support.h"

int test_c14n(void);

#define VECTORS "c14n/test/c14n/exc-without-comments/"
#define RESULTS "c14n/result/c14n/exc-without-comments/"

static void check(const sph_xml_node *node, const char *prefixes, const sph_xml_node *omit,
                  const char *want)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) out = sph_buf_init(65536);
    must(sph_xml_c14n(node, prefixes, omit, &out, &err), &err);
    assert_string_equal(sph_buf_text(&out), want);
}

static void c14n_subtree_declares_what_it_visibly_uses(void **state)
{
    sph_xml *doc = parse_ok(SPH_LIT("<r xmlns='urn:d' xmlns:p='urn:p' xmlns:u='urn:unused'>"
                                    "<p:a z='1' p:b='2' a=\"&quot;&#9;\r\n&lt;>\">x &gt; &#13;\r\n"
                                    "<c xmlns=''/><d/></p:a></r>"));
    (void)state;
    check(sph_xml_first(sph_xml_root(doc)), NULL, NULL,
          "<p:a xmlns:p=\"urn:p\" a=\"&quot;&#x9; &lt;>\" z=\"1\" p:b=\"2\">x &gt; &#xD;\n"
          "<c></c><d xmlns=\"urn:d\"></d></p:a>");
    sph_xml_free(&doc);
}

static void c14n_prefix_list_adds_declarations_in_scope(void **state)
{
    sph_xml *doc =
        parse_ok(SPH_LIT("<r xmlns='urn:d' xmlns:p='urn:p' xmlns:q='urn:q'><p:a><b/></p:a></r>"));
    const sph_xml_node *node = sph_xml_first(sph_xml_root(doc));
    (void)state;
    check(node, "", NULL, "<p:a xmlns:p=\"urn:p\"><b xmlns=\"urn:d\"></b></p:a>");
    check(node, "q", NULL,
          "<p:a xmlns:p=\"urn:p\" xmlns:q=\"urn:q\"><b xmlns=\"urn:d\"></b></p:a>");
    check(node, " q\n\t#default  none ", NULL,
          "<p:a xmlns=\"urn:d\" xmlns:p=\"urn:p\" xmlns:q=\"urn:q\"><b></b></p:a>");
    sph_xml_free(&doc);
}

static void c14n_prefix_list_is_limited(void **state)
{
    SPH_AUTO(sph_buf) out = sph_buf_init(1000);
    sph_xml *doc = parse_ok(SPH_LIT("<r/>"));
    (void)state;
    assert_int_equal(
        sph_xml_c14n(sph_xml_root(doc), "a b c d e f g h i j k l m n o p", NULL, &out, NULL).code,
        SPH_OK);
    out.len = 0;
    assert_int_equal(
        sph_xml_c14n(sph_xml_root(doc), "a b c d e f g h i j k l m n o p q", NULL, &out, NULL).code,
        SPH_ELIMIT);
    assert_int_equal(out.len, 0);
    sph_xml_free(&doc);
}

static void c14n_omitted_element_leaves_the_rest(void **state)
{
    sph_xml *doc = parse_ok(SPH_LIT("<r>a<s><t>x</t></s>b<u><s/></u></r>"));
    const sph_xml_node *root = sph_xml_root(doc);
    (void)state;
    check(root, NULL, sph_xml_child(root, "", "s"), "<r>ab<u><s></s></u></r>");
    check(sph_xml_child(root, "", "u"), NULL, sph_xml_child(root, "", "s"), "<u><s></s></u>");
    SPH_AUTO(sph_buf) out = sph_buf_init(1000);
    assert_int_equal(sph_xml_c14n(root, NULL, root, &out, NULL).code, SPH_EARG);
    assert_int_equal(sph_xml_c14n(NULL, NULL, NULL, &out, NULL).code, SPH_EARG);
    sph_xml_free(&doc);
}

static void c14n_output_over_its_cap_is_refused_and_undone(void **state)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) out = sph_buf_init(10);
    sph_xml *doc = parse_ok(SPH_LIT("<root>content</root>"));
    (void)state;
    must(sph_buf_add_text(&out, "kept", &err), &err);
    assert_int_equal(sph_xml_c14n(sph_xml_root(doc), NULL, NULL, &out, &err).code, SPH_ELIMIT);
    assert_string_equal(sph_buf_text(&out), "kept");
    sph_xml_free(&doc);
}

/* X-09: a long namespace name used by many elements makes the canonical form far longer than the
 * document; the cap stops it. */
static void c14n_x09_amplification_stops_at_the_cap(void **state)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) text = sph_buf_init(1u << 20), out = sph_buf_init(1u << 20);
    (void)state;
    must(sph_buf_add_text(&text, "<a xmlns:p='urn:", &err), &err);
    for (size_t i = 0; i < 4000; i++)
        must(sph_buf_add_byte(&text, 'x', &err), &err);
    must(sph_buf_add_text(&text, "'>", &err), &err);
    for (size_t i = 0; i < 10000; i++)
        must(sph_buf_add_text(&text, "<p:b/>", &err), &err);
    must(sph_buf_add_text(&text, "</a>", &err), &err);
    sph_xml *doc = parse_ok(sph_buf_peek(&text));
    assert_int_equal(sph_xml_c14n(sph_xml_root(doc), NULL, NULL, &out, &err).code, SPH_ELIMIT);
    assert_int_equal(out.len, 0);
    sph_xml_free(&doc);
}

/* The element of that name which comes first in the document. */
static const sph_xml_node *first_named(const sph_xml_node *node, const char *ns, const char *local)
{
    for (; node; node = sph_xml_next(node)) {
        const sph_xml_node *found =
            sph_xml_is(node, ns, local) ? node : first_named(sph_xml_first(node), ns, local);
        if (found)
            return found;
    }
    return NULL;
}

/* Those vectors of libxml2 that select one element with all below it. */
static void c14n_whole_subtree_vectors_are_reproduced(void **state)
{
    static const struct {
        const char *name, *ns, *local, *prefixes;
    } vectors[] = {
        {"merlin-c14n-two-09", "http://example.org/bar", "Something", NULL},
        {"merlin-c14n-two-18", "http://example.org/bar", "Something", "#default"},
        {"test-2", "http://www.w3.org/2000/09/xmldsig#", "SignedInfo", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(vectors); i++) {
        char path[200];
        SPH_AUTO(sph_buf) text = sph_buf_init(65536), want = sph_buf_init(65536);
        (void)snprintf(path, sizeof(path), VECTORS "%s.xml", vectors[i].name);
        if (!read_data(path, &text))
            skip();
        (void)snprintf(path, sizeof(path), RESULTS "%s", vectors[i].name);
        if (!read_data(path, &want))
            skip();
        sph_xml *doc = parse_ok(sph_buf_peek(&text));
        check(first_named(sph_xml_root(doc), vectors[i].ns, vectors[i].local), vectors[i].prefixes,
              NULL, sph_buf_text(&want));
        sph_xml_free(&doc);
    }
}

static void c14n_node_set_and_doctype_vectors_hold_for_the_library(void **state)
{
    char script[1024];
    const char *data = getenv("SAPHAN_TEST_DATA");
    (void)state;
    beside("c14n_nodeset.py", script, sizeof(script));
    if (!data || access(data, R_OK) != 0 || !has_program("/usr/bin/python3 -c 'import ctypes'")) {
        print_message("skipped: no test data or no python3\n");
        skip();
    }
    const int status = run_command("/usr/bin/python3 '%s' '%s/c14n'", script, data);
    if (status == 77)
        skip();
    assert_int_equal(status, 0);
}

/* Documents that are anything but canonical. They have unqualified attributes or default
 * namespaces, not both: there the second implementation is at fault (it undeclares the default for
 * them). */
static void add_attributes(sph_buf *out, bool with_default, uint32_t *seed)
{
    static const char *const pool[] = {" b = '1'",
                                       " a=\"x&quot;'\"",
                                       " p:c='&#9;&#xA;'",
                                       "\n q:a='&#13;\t&lt;>'",
                                       " p:a='\xE0\xBA\xA5'",
                                       " xml:lang='lo'",
                                       " d='&amp;&amp;'",
                                       " q:z=''"};
    sph_err err = {0};
    for (size_t i = 0; i < COUNT(pool); i++)
        if (next_random(seed) % 4 == 0 && (!with_default || strchr(pool[i], ':')))
            must(sph_buf_add_text(out, pool[i], &err), &err);
}

static void add_declarations(sph_buf *out, bool with_default, uint32_t *seed)
{
    static const char *const pool[][3] = {{" xmlns='urn:one'", "\txmlns='urn:two'", " xmlns=''"},
                                          {" xmlns:p='urn:p'", " xmlns:p='urn:p2'", ""},
                                          {" xmlns:q='urn:q'", " xmlns:q='urn:q2'", ""},
                                          {" xmlns:r='urn:r'", " xmlns:r=\"urn:r2\"", ""}};
    sph_err err = {0};
    for (size_t i = with_default ? 0 : 1; i < COUNT(pool); i++)
        if (next_random(seed) % 3 == 0)
            must(sph_buf_add_text(out, pool[i][next_random(seed) % 3], &err), &err);
}

static void add_element(sph_buf *out, bool with_default, uint32_t *seed, unsigned depth)
{
    static const char *const names[] = {"e", "p:e", "q:f", "r:g", "h"};
    static const char *const texts[] = {
        "",  "a &amp; b", "\r\n&#13;]]&gt;\"'", "\xE0\xB8\x84\xE0\xB8\x99 &#x0E01;",
        " ", "&lt;x/&gt;"};
    sph_err err = {0};
    const char *name = names[next_random(seed) % COUNT(names)];
    must(sph_buf_addf(out, &err, "<%s", name), &err);
    if (depth == 0)
        must(sph_buf_add_text(out, " xmlns:p='urn:p' xmlns:q='urn:q' xmlns:r='urn:r'", &err), &err);
    else
        add_declarations(out, with_default, seed);
    add_attributes(out, with_default, seed);
    const unsigned children = depth > 4 ? 0 : next_random(seed) % 4;
    if (children == 0 && next_random(seed) % 2) {
        must(sph_buf_add_text(out, " />", &err), &err);
        return;
    }
    must(sph_buf_add_text(out, "\n>", &err), &err);
    for (unsigned i = 0; i < children; i++) {
        must(sph_buf_add_text(out, texts[next_random(seed) % COUNT(texts)], &err), &err);
        add_element(out, with_default, seed, depth + 1);
    }
    must(sph_buf_add_text(out, texts[next_random(seed) % COUNT(texts)], &err), &err);
    must(sph_buf_addf(out, &err, "</%s >", name), &err);
}

static void write_pair(const char *folder, unsigned number, uint32_t *seed)
{
    sph_err err = {0};
    char path[1200];
    SPH_AUTO(sph_buf) text = sph_buf_init(4u << 20), canonical = sph_buf_init(16u << 20);
    add_element(&text, number % 2 == 0, seed, 0);
    sph_xml *doc = parse_ok(sph_buf_peek(&text));
    must(sph_xml_c14n(sph_xml_root(doc), NULL, NULL, &canonical, &err), &err);
    sph_xml_free(&doc);
    (void)snprintf(path, sizeof(path), "%s/%u.xml", folder, number);
    write_whole(path, sph_buf_peek(&text));
    (void)snprintf(path, sizeof(path), "%s/%u.c14n", folder, number);
    write_whole(path, sph_buf_peek(&canonical));
}

static void c14n_second_implementation_agrees_on_made_documents(void **state)
{
    char script[1024], folder[1024];
    uint32_t seed = 20261124;
    (void)state;
    beside("c14n_second.py", script, sizeof(script));
    if (!has_program("/usr/bin/python3 -c 'from xml.etree.ElementTree import canonicalize'"))
        skip();
    new_folder(folder, sizeof(folder));
    for (unsigned i = 0; i < 300; i++)
        write_pair(folder, i, &seed);
    const int status = run_command("/usr/bin/python3 '%s' '%s'", script, folder);
    assert_int_equal(run_command("rm -r '%s'", folder), 0);
    assert_int_equal(status, 0);
}

/* Ours and libxml2's octets of one element, with and without its first child. */
static void compare_both(const sph_xml_node *node, const sph_xml_node *omit)
{
    sph_err err = {0};
    bool is_odd = true;
    SPH_AUTO(sph_buf) ours = sph_buf_init(16u << 20), theirs = sph_buf_init(16u << 20);
    must(sph_c14n_exclusive(node, omit, &ours, &is_odd, &err), &err);
    assert_false(is_odd);
    must(sph_c14n_libxml2(node, NULL, omit, &theirs, &err), &err);
    assert_string_equal(sph_buf_text(&ours), sph_buf_text(&theirs));
}

static unsigned compare_below(const sph_xml_node *node)
{
    unsigned count = 1;
    compare_both(node, NULL);
    if (sph_xml_first(node))
        compare_both(node, sph_xml_first(node));
    for (const sph_xml_node *at = sph_xml_first(node); at; at = sph_xml_next(at))
        count += compare_below(at);
    return count;
}

static void c14n_ours_is_libxml2s_for_every_element_of_made_documents(void **state)
{
    uint32_t seed = 714;
    unsigned count = 0;
    sph_err err = {0};
    (void)state;
    for (unsigned i = 0; i < 200; i++) {
        SPH_AUTO(sph_buf) text = sph_buf_init(4u << 20);
        must(sph_buf_add_text(&text, "<w xmlns='urn:w' xmlns:p='urn:w'>", &err), &err);
        add_element(&text, true, &seed, 0);
        add_element(&text, false, &seed, 0);
        must(sph_buf_add_text(&text, "</w>", &err), &err);
        sph_xml *doc = parse_ok(sph_buf_peek(&text));
        count += compare_below(sph_xml_root(doc));
        sph_xml_free(&doc);
    }
    assert_true(count > 2000);
}

static void c14n_comments_and_cdata_of_a_judgment_are_as_libxml2_has_them(void **state)
{
    struct sph_xml_limits limits = sph_xml_limits_foreign(sph_limits_default());
    sph_err err = {0};
    sph_xml *doc = NULL;
    (void)state;
    must(sph_xml_parse(SPH_LIT("<a xmlns='urn:a'>x<!-- c --><![CDATA[<&>\r]]><b xml:lang='lo'"
                               " lang='th'><!-- d --></b>y</a>"),
                       &limits, &doc, &err),
         &err);
    assert_int_equal(compare_below(sph_xml_root(doc)), 2);
    sph_xml_free(&doc);
}

/* What is left to libxml2 comes out all the same. */
static void c14n_odd_elements_are_left_to_libxml2(void **state)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) text = sph_buf_init(65536);
    bool is_odd = false;
    (void)state;
    must(sph_buf_add_text(&text, "<r>", &err), &err);
    must(sph_buf_add_text(&text, "<e", &err), &err);
    for (unsigned i = 0; i < 33; i++)
        must(sph_buf_addf(&text, &err, " a%u='%u'", i, i), &err);
    must(sph_buf_add_text(&text, "/></r>", &err), &err);
    sph_xml *doc = parse_ok(sph_buf_peek(&text));
    SPH_AUTO(sph_buf)
    ours = sph_buf_init(65536), theirs = sph_buf_init(65536), tried = sph_buf_init(65536);
    must(sph_c14n_exclusive(sph_xml_root(doc), NULL, &tried, &is_odd, &err), &err);
    assert_true(is_odd);
    must(sph_xml_c14n(sph_xml_root(doc), NULL, NULL, &ours, &err), &err);
    must(sph_c14n_libxml2(sph_xml_root(doc), NULL, NULL, &theirs, &err), &err);
    assert_string_equal(sph_buf_text(&ours), sph_buf_text(&theirs));
    sph_xml_free(&doc);
}

int test_c14n(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(c14n_subtree_declares_what_it_visibly_uses),
        cmocka_unit_test(c14n_prefix_list_adds_declarations_in_scope),
        cmocka_unit_test(c14n_prefix_list_is_limited),
        cmocka_unit_test(c14n_omitted_element_leaves_the_rest),
        cmocka_unit_test(c14n_output_over_its_cap_is_refused_and_undone),
        cmocka_unit_test(c14n_x09_amplification_stops_at_the_cap),
        cmocka_unit_test(c14n_whole_subtree_vectors_are_reproduced),
        cmocka_unit_test(c14n_node_set_and_doctype_vectors_hold_for_the_library),
        cmocka_unit_test(c14n_second_implementation_agrees_on_made_documents),
        cmocka_unit_test(c14n_ours_is_libxml2s_for_every_element_of_made_documents),
        cmocka_unit_test(c14n_comments_and_cdata_of_a_judgment_are_as_libxml2_has_them),
        cmocka_unit_test(c14n_odd_elements_are_left_to_libxml2),
    };
    return cmocka_run_group_tests_name("c14n", tests, xml_setup, NULL);
}
