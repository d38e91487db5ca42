#include "xml/writer.h"

#include "xml_support.h"

int test_writer(void);

static const struct sph_xml_prefix prefixes[] = {
    {"z", "urn:a"}, {"", "urn:default"}, {"b", "urn:b"}, {"c", "urn:c?x='y'"}, {NULL, NULL}};
static const struct sph_xml_prefix plain[] = {{"z", "urn:z"}, {NULL, NULL}};

static sph_xml_writer *writer_on(const struct sph_xml_prefix *table, sph_buf *out)
{
    sph_err err = {0};
    sph_xml_writer *w = NULL;
    must(sph_xml_writer_new(table, out, &w, &err), &err);
    return w;
}

static void end_ok(sph_xml_writer **w)
{
    sph_err err = {0};
    assert_false(sph_xml_writer_failed(*w));
    must(sph_xml_writer_end(*w, &err), &err);
    sph_xml_writer_free(w);
}

static void writer_attributes_are_sorted_and_escaped(void **state)
{
    SPH_AUTO(sph_buf) out = sph_buf_init(4096);
    sph_xml_writer *w = writer_on(prefixes, &out);
    (void)state;
    sph_xml_open(w, "b:e");
    sph_xml_set(w, "z:k", "1");
    sph_xml_set(w, "xml:lang", "lo");
    sph_xml_set(w, "b:k", "<&>\"'");
    sph_xml_set(w, "y", "\t\n\r");
    sph_xml_set(w, "none", NULL);
    sph_xml_set(w, "x", "\xE0\xBA\xA5");
    sph_xml_text(w, SPH_LIT("<&>\"'\t\n\r"));
    sph_xml_close(w);
    end_ok(&w);
    assert_string_equal(sph_buf_text(&out),
                        "<b:e xmlns:b=\"urn:b\" xmlns:z=\"urn:a\" x=\"\xE0\xBA\xA5\" "
                        "y=\"&#x9;&#xA;&#xD;\" xml:lang=\"lo\" z:k=\"1\" "
                        "b:k=\"&lt;&amp;>&quot;'\">&lt;&amp;&gt;\"'\t\n&#xD;</b:e>");
}

static void writer_declarations_stand_where_first_used(void **state)
{
    SPH_AUTO(sph_buf) out = sph_buf_init(4096);
    sph_xml_writer *w = writer_on(prefixes, &out);
    (void)state;
    sph_xml_open(w, "a");
    sph_xml_leaf(w, "b:b", "1");
    sph_xml_leaf(w, "b:b", "");
    sph_xml_leaf(w, "b:none", NULL);
    sph_xml_open(w, "b:c");
    sph_xml_leaf_base64(w, "b:d", SPH_LIT("\x00\x01\x02"));
    sph_xml_leaf(w, "e", "f");
    sph_xml_close(w);
    sph_xml_close(w);
    end_ok(&w);
    assert_string_equal(sph_buf_text(&out),
                        "<a xmlns=\"urn:default\"><b:b xmlns:b=\"urn:b\">1</b:b>"
                        "<b:b xmlns:b=\"urn:b\"></b:b><b:c xmlns:b=\"urn:b\"><b:d>AAEC</b:d>"
                        "<e>f</e></b:c></a>");
}

static void writer_fragment_repeats_its_declarations(void **state)
{
    SPH_AUTO(sph_buf) out = sph_buf_init(4096);
    sph_xml_writer *w = writer_on(prefixes, &out);
    (void)state;
    sph_xml_open(w, "b:a");
    sph_xml_fragment(w);
    const size_t start = out.len;
    sph_xml_open(w, "b:f");
    sph_xml_leaf(w, "b:g", "x");
    sph_xml_close(w);
    const sph_slice fragment = sph_slice_sub(sph_buf_peek(&out), start, out.len - start);
    assert_true(sph_slice_is(fragment, "<b:f xmlns:b=\"urn:b\"><b:g>x</b:g></b:f>"));
    sph_xml_leaf(w, "b:h", "y");
    sph_xml_close(w);
    end_ok(&w);
    assert_string_equal(sph_buf_text(&out),
                        "<b:a xmlns:b=\"urn:b\"><b:f xmlns:b=\"urn:b\"><b:g>x</b:g></b:f>"
                        "<b:h>y</b:h></b:a>");
}

/* Every wrong use sticks: nothing more is written and the end reports the first failure. */
typedef void misuse(sph_xml_writer *w);
static void two_equal_attributes(sph_xml_writer *w)
{
    sph_xml_open(w, "a");
    sph_xml_set(w, "k", "1");
    sph_xml_set(w, "k", "2");
}
static void attribute_after_text(sph_xml_writer *w)
{
    sph_xml_open(w, "a");
    sph_xml_text(w, SPH_LIT("x"));
    sph_xml_set(w, "k", "1");
}
static void unknown_prefix(sph_xml_writer *w)
{
    sph_xml_open(w, "nope:a");
}
static void name_with_markup(sph_xml_writer *w)
{
    sph_xml_open(w, "a><b");
}
static void empty_name(sph_xml_writer *w)
{
    sph_xml_open(w, "");
}
static void close_without_open(sph_xml_writer *w)
{
    sph_xml_close(w);
}
static void text_outside(sph_xml_writer *w)
{
    sph_xml_text(w, SPH_LIT("x"));
}
static void left_open(sph_xml_writer *w)
{
    sph_xml_open(w, "a");
}
static void fragment_left_open(sph_xml_writer *w)
{
    sph_xml_fragment(w);
}
static void too_deep(sph_xml_writer *w)
{
    for (size_t i = 0; i < 65; i++)
        sph_xml_open(w, "a");
}

static void writer_misuse_sticks(void **state)
{
    static const struct {
        misuse *run;
        enum sph_code want;
    } cases[] = {{two_equal_attributes, SPH_EARG}, {attribute_after_text, SPH_EARG},
                 {unknown_prefix, SPH_EARG},       {name_with_markup, SPH_EARG},
                 {empty_name, SPH_EARG},           {close_without_open, SPH_EARG},
                 {text_outside, SPH_EARG},         {left_open, SPH_EARG},
                 {fragment_left_open, SPH_EARG},   {too_deep, SPH_ELIMIT}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        sph_err err = {0};
        SPH_AUTO(sph_buf) out = sph_buf_init(65536);
        sph_xml_writer *w = writer_on(plain, &out);
        cases[i].run(w);
        assert_int_equal(sph_xml_writer_end(w, &err).code, cases[i].want);
        assert_int_equal(err.code, cases[i].want);
        assert_true(sph_xml_writer_failed(w));
        const size_t written = out.len;
        sph_xml_leaf(w, "more", "text");
        sph_xml_raw(w, SPH_LIT("<raw></raw>"));
        assert_int_equal(out.len, written);
        assert_int_equal(sph_xml_writer_end(w, &err).code, cases[i].want);
        sph_xml_writer_free(&w);
    }
}

static void writer_characters_outside_xml_are_refused(void **state)
{
    static const char *const bad[] = {"\x01",     "a\x0B",        "\xEF\xBF\xBE", "x\xEF\xBF\xBF",
                                      "\xC0\xAF", "\xED\xA0\x80", "\xE0\xBA"};
    (void)state;
    for (size_t i = 0; i < COUNT(bad) * 2; i++) {
        SPH_AUTO(sph_buf) out = sph_buf_init(4096);
        sph_xml_writer *w = writer_on(plain, &out);
        sph_xml_open(w, "a");
        if (i % 2)
            sph_xml_set(w, "k", bad[i / 2]);
        else
            sph_xml_text(w, sph_slice_str(bad[i / 2]));
        sph_xml_close(w);
        assert_int_equal(sph_xml_writer_end(w, NULL).code, SPH_EPARSE);
        sph_xml_writer_free(&w);
    }
}

static void writer_full_buffer_is_reported(void **state)
{
    SPH_AUTO(sph_buf) out = sph_buf_init(20);
    sph_xml_writer *w = writer_on(plain, &out);
    (void)state;
    sph_xml_leaf(w, "a", "0123456789012345");
    assert_int_equal(sph_xml_writer_end(w, NULL).code, SPH_ELIMIT);
    sph_xml_writer_free(&w);
}

/* The property: random documents, in which a fragment's octets and the whole document's are what
 * exclusive C14N makes of them after parsing. */
struct maker {
    sph_xml_writer *w;
    sph_buf *out;
    uint32_t seed;
    bool with_fragments;
    unsigned number;
};

static unsigned pick(struct maker *maker, unsigned count)
{
    return next_random(&maker->seed) % count;
}

static const char *pick_text(struct maker *maker)
{
    static const char *const texts[] = {
        "",
        "plain",
        "\r",
        "\t\n",
        "a & b",
        "<tag attr=\"\">",
        "]]>",
        "quote \" and '",
        "  space ",
        "\xF0\x9F\x98\x80",
        "x\r\ny",
        "\xE0\xBA\xAA\xE0\xBA\xB0\xE0\xBA\x9E\xE0\xBA\xB2\xE0\xBA\x99",
        "\xE0\xB8\xAA\xE0\xB8\xB0\xE0\xB8\x9E\xE0\xB8\xB2\xE0\xB8\x99"};
    return texts[pick(maker, COUNT(texts))];
}

static void make_attributes(struct maker *maker)
{
    static const char *const names[] = {"z:k", "b:k",      "k",  "a",  "c:a",
                                        "b:a", "xml:lang", "Id", "z:A"};
    const unsigned from = pick(maker, COUNT(names));
    for (unsigned i = pick(maker, COUNT(names)); i > 0; i--)
        sph_xml_set(maker->w, names[(from + i) % COUNT(names)], pick_text(maker));
}

static void make_element(struct maker *maker, unsigned depth, bool in_fragment);

static void make_raw(struct maker *maker)
{
    if (pick(maker, 4) == 0)
        sph_xml_raw(maker->w, SPH_LIT("<w xmlns=\"urn:raw\"><v k=\"1\"></v><w2></w2></w>"));
}

/* A fragment whose octets are remembered by parsing them at once. */
static void make_fragment(struct maker *maker, unsigned depth)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) canonical = sph_buf_init(1u << 22);
    sph_xml_fragment(maker->w);
    const size_t start = maker->out->len;
    make_element(maker, depth, true);
    const sph_slice octets =
        sph_slice_sub(sph_buf_peek(maker->out), start, maker->out->len - start);
    sph_xml *doc = parse_ok(octets);
    must(sph_xml_c14n(sph_xml_root(doc), NULL, NULL, &canonical, &err), &err);
    assert_int_equal(canonical.len, octets.len);
    assert_memory_equal(canonical.at, octets.at, octets.len);
    sph_xml_free(&doc);
}

static void make_element(struct maker *maker, unsigned depth, bool in_fragment)
{
    static const char *const names[] = {"e", "b:e", "z:f", "c:g", "h"};
    sph_xml_open(maker->w, names[pick(maker, COUNT(names))]);
    make_attributes(maker);
    for (unsigned i = depth > 5 ? 0 : pick(maker, 4); i > 0; i--) {
        sph_xml_text(maker->w, sph_slice_str(pick_text(maker)));
        if (maker->with_fragments && !in_fragment && pick(maker, 3) == 0)
            make_fragment(maker, depth + 1);
        else
            make_element(maker, depth + 1, in_fragment);
        make_raw(maker);
    }
    sph_xml_close(maker->w);
}

static void check_document(uint32_t seed, const struct sph_xml_prefix *table, bool with_fragments)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) out = sph_buf_init(1u << 22), canonical = sph_buf_init(1u << 22);
    struct maker maker = {.out = &out, .seed = seed, .with_fragments = with_fragments};
    maker.w = writer_on(table, &out);
    make_element(&maker, 0, false);
    end_ok(&maker.w);
    sph_xml *doc = parse_ok(sph_buf_peek(&out));
    must(sph_xml_c14n(sph_xml_root(doc), NULL, NULL, &canonical, &err), &err);
    if (!with_fragments && !sph_slice_equal(sph_buf_peek(&canonical), sph_buf_peek(&out)))
        fail_msg("seed %u differs:\n%s\n%s", seed, sph_buf_text(&out), sph_buf_text(&canonical));
    sph_xml_free(&doc);
}

static void writer_random_documents_are_their_own_canonical_form(void **state)
{
    static const struct sph_xml_prefix no_default[] = {
        {"b", "urn:b"}, {"z", "urn:a"}, {"c", "urn:c?x='y'"}, {NULL, NULL}};
    (void)state;
    for (uint32_t seed = 1; seed <= 400; seed++) {
        check_document(seed, prefixes, false);
        check_document(seed, prefixes, true);
        check_document(seed, no_default, true);
    }
}

int test_writer(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writer_attributes_are_sorted_and_escaped),
        cmocka_unit_test(writer_declarations_stand_where_first_used),
        cmocka_unit_test(writer_fragment_repeats_its_declarations),
        cmocka_unit_test(writer_misuse_sticks),
        cmocka_unit_test(writer_characters_outside_xml_are_refused),
        cmocka_unit_test(writer_full_buffer_is_reported),
        cmocka_unit_test(writer_random_documents_are_their_own_canonical_form),
    };
    return cmocka_run_group_tests_name("writer", tests, xml_setup, NULL);
}
