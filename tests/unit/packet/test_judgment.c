#include "packet/judgment.h"
#include "packet/xsd_findings.h"
#include "packet_kit.h"
#include "support/test_data.h"

int test_judgment(void);

#define ROOM (8u << 20)
#define AKN "http://docs.oasis-open.org/legaldocml/ns/akn/3.0"

static const struct sph_judgment_import how = {NULL, "2026-11-24"};

struct corpus {
    struct kit *kit;
    struct sph_schemas schemas; /* with the official schema when it is there */
    unsigned count, keywords;
};

/* A schema set that shares the kit's, plus the official one. */
static bool with_official(struct kit *kit, struct sph_schemas *out)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) xsd = sph_buf_init(1 << 20);
    SPH_AUTO(sph_buf) xml = sph_buf_init(1 << 20);
    *out = kit->schemas;
    if (!test_data_load("akn/akomantoso30.xsd", &xsd) || !test_data_load("akn/xml.xsd", &xml))
        return false;
    assert_ok(sph_schemas_add_official(out, sph_buf_peek(&xsd), sph_buf_peek(&xml), &err), &err);
    return true;
}

static void drop_official(struct sph_schemas *schemas)
{
    sph_xsd_free(&schemas->official);
}

/* The letters and digits of a text, without white space: what must survive the reduction. */
static void add_words(const sph_xml_node *node, sph_buf *out)
{
    sph_err err = {0};
    sph_xml_item item = {NULL, NULL, NULL};
    while (sph_xml_next_item(node, &item)) {
        if (item.element) {
            add_words(item.element, out);
            continue;
        }
        for (const char *at = item.text; *at; at++)
            if (!strchr(" \t\r\n", *at))
                assert_ok(sph_buf_add_byte(out, (uint8_t)*at, &err), &err);
    }
}

static void words_of(const sph_xml *doc, sph_buf *out)
{
    static const char *const parts[] = {"coverPage", "header", "judgmentBody", "conclusions"};
    const sph_xml_node *judgment = sph_xml_child(sph_xml_root(doc), AKN, "judgment");
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        const sph_xml_node *part = sph_xml_child(judgment, AKN, parts[i]);
        if (part)
            add_words(part, out);
    }
}

static bool has_note(const sph_findings *findings, const char *key)
{
    for (size_t i = 0; i < findings->count; i++)
        if (findings->at[i].is_note && strcmp(findings->at[i].key, key) == 0)
            return true;
    return false;
}

/* Every word of the judgment is in the result, unless the notes say that characters were replaced.
 */
static void expect_same_words(sph_slice before, const sph_xml *after, const sph_findings *findings)
{
    sph_err err = {0};
    SPH_AUTO_PTR(sph_xml) *doc = NULL;
    SPH_AUTO(sph_buf) was = sph_buf_init(ROOM);
    SPH_AUTO(sph_buf) is = sph_buf_init(ROOM);
    const struct sph_xml_limits caps = sph_xml_limits_foreign(sph_limits_default());
    assert_ok(sph_xml_parse(before, &caps, &doc, &err), &err);
    words_of(doc, &was);
    words_of(after, &is);
    assert_true(was.len > 200);
    if (!has_note(findings, "akn.note-characters"))
        assert_true(sph_slice_equal(sph_buf_peek(&was), sph_buf_peek(&is)));
}

static void publish(struct kit *kit, const struct sph_judgment_facts *facts, sph_slice judgment)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) draft = sph_buf_init(1 << 16);
    SPH_AUTO(sph_buf) packet = sph_buf_init(ROOM);
    SPH_AUTO(sph_buf) title = sph_buf_init(4096);
    const struct sph_packet_context context = kit_context(kit, &kit->ngo, &kit->lawyer);
    assert_ok(sph_buf_addf(&draft, &err,
                           "{\"type\":\"case-law\",\"body\":{\"court\":\"%s\",\"level\":\"appeal\","
                           "\"caseNumber\":\"%s\",\"decisionDate\":\"%s\",\"finality\":\"final\","
                           "\"outcome\":\"other\",\"holding\":{\"en\":\"-\"},\"summary\":{\"en\":"
                           "\"-\"},\"anonymisation\":{\"method\":\"already-anonymised\",\"byRole\":"
                           "\"publisher\",\"secondRole\":\"approver\",\"date\":\"2026-11-24\"}}}",
                           facts->court, facts->case_number, facts->date),
              &err);
    kit_build(kit, &kit->ngo, sph_buf_text(&draft), judgment, &packet);
    kit_expect(kit, &context, sph_buf_peek(&packet), NULL);
    SPH_AUTO_PTR(sph_packet) *read = NULL;
    SPH_AUTO(sph_buf) page = sph_buf_init(ROOM);
    assert_ok(sph_packet_reopen(sph_buf_peek(&packet), sph_limits_default(), &read, &err), &err);
    assert_ok(sph_packet_title(read, SPH_LANG_TH, &title, &err), &err);
    assert_ok(sph_packet_render_text(read, SPH_LANG_LO, &page, &err), &err);
    assert_true(title.len > 0 && page.len > 200);
}

/* Real judgments that were not anonymised for us: a date of birth, the e-mail address of an office.
 * Those who vouch for them are shown where (DP-03, AKN-07). */
static bool has_leak(const char *path)
{
    static const char *const names[] = {"2020-ewca-1072-civ", "2020-ewca-1746-civ",
                                        "2020-ewca-687-civ"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strstr(path, names[i]))
            return true;
    return false;
}

/* Titled names are noted in most of them; a date or an address in these alone. */
static bool tells_of_leak(const sph_findings *findings)
{
    size_t leaks = 0;
    for (size_t i = 0; i < findings->count; i++) {
        const sph_finding *at = &findings->at[i];
        if (strcmp(at->rule, "PK-10") != 0 || (strcmp(at->key, "packet.leak-birth-date") != 0 &&
                                               strcmp(at->key, "packet.leak-email") != 0))
            continue;
        leaks++;
        assert_true(at->is_note && at->line > 0 && at->column > 0);
        assert_true(strstr(at->value, "•") != NULL);
    }
    return leaks > 0;
}

static void import_one(void *ctx, const char *path)
{
    struct corpus *corpus = ctx;
    sph_err err = {0};
    SPH_AUTO(sph_buf) in = sph_buf_init(ROOM);
    SPH_AUTO(sph_buf) out = sph_buf_init(ROOM);
    SPH_AUTO_PTR(sph_xml) *doc = NULL;
    struct sph_judgment_facts facts;
    sph_findings findings = {0};
    if (sph_slice_find(sph_slice_str(path), SPH_LIT("invalid--"), 0) != SIZE_MAX)
        return;
    assert_true(test_data_load(path, &in));
    const sph_rc rc = sph_judgment_import(sph_buf_peek(&in), &how, &corpus->schemas,
                                          sph_limits_default(), &facts, &findings, &out, &err);
    if (rc.code != SPH_OK)
        kit_print(&findings);
    assert_ok(rc, &err);
    assert_int_equal(tells_of_leak(&findings), has_leak(path));
    const struct sph_xml_limits caps = sph_xml_limits_packet(sph_limits_default());
    assert_ok(sph_xml_parse(sph_buf_peek(&out), &caps, &doc, &err), &err);
    assert_ok(sph_xsd_check(corpus->schemas.profile, doc, &findings, &err), &err);
    assert_ok(sph_xsd_check(corpus->schemas.official, doc, &findings, &err), &err);
    expect_same_words(sph_buf_peek(&in), doc, &findings);
    publish(corpus->kit, &facts, sph_buf_peek(&out));
    corpus->keywords += facts.dropped_keywords;
    corpus->count++;
}

static void judgment_all_of_both_corpora_are_imported_published_and_read(void **state)
{
    struct corpus corpus = {.kit = *state};
    if (!with_official(*state, &corpus.schemas))
        skip();
    test_data_each("judgments/en-GB", import_one, &corpus);
    test_data_each("judgments/el-GR", import_one, &corpus);
    drop_official(&corpus.schemas);
    assert_int_equal(corpus.count, 59);
    assert_int_equal(corpus.keywords, 31); /* what grep counts in the corpus */
}

static void expect_import(const struct sph_schemas *schemas, sph_slice text, const char *rule,
                          const char *value)
{
    sph_err err = {0};
    struct sph_judgment_facts facts;
    sph_findings findings = {0};
    SPH_AUTO(sph_buf) out = sph_buf_init(ROOM);
    assert_code(sph_judgment_import(text, &how, schemas, sph_limits_default(), &facts, &findings,
                                    &out, &err),
                SPH_EREFUSED, &err);
    assert_int_equal(out.len, 0);
    if (!kit_has_rule(&findings, rule))
        kit_print(&findings);
    assert_true(kit_has_rule(&findings, rule));
    if (value)
        assert_string_equal(findings.at[0].value, value);
}

static void judgment_invalid_one_is_refused_by_each_layer(void **state)
{
    struct kit *kit = *state;
    struct sph_schemas schemas;
    SPH_AUTO(sph_buf) in = sph_buf_init(ROOM);
    TEST_DATA_OR_SKIP("judgments/en-GB/invalid--ewca_civ_2025_673.xml", &in);
    expect_import(&kit->schemas, sph_buf_peek(&in), "AKN-11", NULL);
    if (!with_official(kit, &schemas))
        skip();
    expect_import(&schemas, sph_buf_peek(&in), "XSD", NULL);
    drop_official(&schemas);
}

static void judgment_of_draft_namespace_is_refused_by_its_name(void **state)
{
    struct kit *kit = *state;
    SPH_AUTO(sph_buf) in = sph_buf_init(ROOM);
    TEST_DATA_OR_SKIP("judgments/en-ZA/za_Judgement_2008-11-26.xml", &in);
    expect_import(&kit->schemas, sph_buf_peek(&in), "AKN-01", AKN "/WD17");
}

/* A made-up judgment; rows replace one part of it. */
#define SMALL                                                                                                           \
    "<akomaNtoso xmlns=\"" AKN "\"><judgment name=\"judgment\"><meta><identification "                                  \
    "source=\"#o\"><FRBRWork><FRBRthis value=\"/x/!main\"/><FRBRuri value=\"/x/7\"/><FRBRdate "                         \
    "date=\"2019-05-02\" name=\"d\"/><FRBRauthor href=\"#o\"/><FRBRcountry value=\"th\"/>"                              \
    "<FRBRnumber value=\"7/2562\"/></FRBRWork><FRBRExpression><FRBRthis value=\"/x\"/><FRBRuri "                        \
    "value=\"/x\"/><FRBRdate date=\"2019-05-02\" name=\"d\"/><FRBRauthor href=\"#o\"/>"                                 \
    "<FRBRlanguage language=\"tha\"/></FRBRExpression><FRBRManifestation><FRBRthis value=\"/x\"/>"                      \
    "<FRBRuri value=\"/x\"/><FRBRdate date=\"2019-05-02\" name=\"d\"/><FRBRauthor href=\"#o\"/>"                        \
    "</FRBRManifestation></identification><classification source=\"#o\"><keyword eId=\"k1\" "                           \
    "dictionary=\"urn:saphan:vocabulary:act\" value=\"recruit\" showAs=\"r\"/></classification>"                        \
    "<references source=\"#o\"><TLCOrganization eId=\"o\" href=\"\" "                                                   \
    "showAs=\"ศาลตัวอย่าง\"/><TLCRole "                                                           \
    "eId=\"victim\" href=\"\" showAs=\"v\"/></references></meta><header><p>คดีตัวอย่าง <party "   \
    "refersTo=\"#o\" as=\"#victim\">น.ส. ก.</party></p></header><judgmentBody><decision><p>ข้อความ" \
    "</p></decision></judgmentBody></judgment></akomaNtoso>"

static void change_small(const char *from, const char *to, sph_buf *out)
{
    sph_err err = {0};
    const sph_slice text = SPH_LIT(SMALL);
    const size_t at = sph_slice_find(text, sph_slice_str(from), 0);
    assert_true(at != SIZE_MAX);
    assert_ok(sph_buf_add(out, sph_slice_sub(text, 0, at), &err), &err);
    assert_ok(sph_buf_add_text(out, to, &err), &err);
    assert_ok(sph_buf_add(out, sph_slice_sub(text, at + strlen(from), text.len), &err), &err);
}

static void import_small(struct kit *kit, const char *from, const char *to,
                         struct sph_judgment_facts *facts, sph_findings *findings, sph_buf *out)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) in = sph_buf_init(ROOM);
    change_small(from, to, &in);
    const sph_rc rc = sph_judgment_import(sph_buf_peek(&in), &how, &kit->schemas,
                                          sph_limits_default(), facts, findings, out, &err);
    if (rc.code != SPH_OK)
        kit_print(findings);
    assert_ok(rc, &err);
}

static void judgment_each_rule_refuses_at_import(void **state)
{
    static const struct {
        const char *from, *to, *rule;
    } rows[] = {
        {"akn/3.0\"><judgment", "akn/3.0/CSD13\"><judgment", "AKN-01"},
        {"<FRBRdate date=\"2019-05-02\"", "<FRBRdate date=\"2562-05-02\"", "AKN-02"},
        {"<FRBRdate date=\"2019-05-02\"", "<FRBRdate date=\"2031-05-02\"", "AKN-02"},
        {"language=\"tha\"", "language=\"thai\"", "AKN-04"},
        {"language=\"tha\"", "language=\"ger\"", "AKN-04"},
        {"<FRBRcountry value=\"th\"/>", "<FRBRcountry value=\"1\"/>", "AKN-05"},
        {"<FRBRauthor href=\"#o\"/><FRBRcountry", "<FRBRauthor href=\"\"/><FRBRcountry", "AKN-05"},
        {"น.ส. ก.", "น.ส. กานดา สมมติ", "AKN-07"},
        {"showAs=\"v\"/>", "showAs=\"v\">x</TLCRole>", "AKN-11"},
        {"ข้อความ", "เลข 1-2345-67890-12-1", "PK-10"},
        {"<judgmentBody>", "<judgmentBod>", "XSD"},
        {"judgment name", "act name", "XSD"},
    };
    struct kit *kit = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        SPH_AUTO(sph_buf) in = sph_buf_init(ROOM);
        change_small(rows[i].from, rows[i].to, &in);
        expect_import(&kit->schemas, sph_buf_peek(&in), rows[i].rule, NULL);
    }
}

static void judgment_too_large_or_deep_is_refused_by_limit(void **state)
{
    struct kit *kit = *state;
    sph_err err = {0};
    SPH_AUTO(sph_buf) deep = sph_buf_init(ROOM);
    for (int i = 0; i < 100; i++)
        assert_ok(sph_buf_add_text(&deep, "<a>", &err), &err);
    expect_import(&kit->schemas, sph_buf_peek(&deep), "AKN-09", NULL);
}

/* What was reduced, then changed: the rules of a received judgment. */
static void judgment_each_rule_refuses_on_receipt(void **state)
{
    static const struct {
        const char *from, *to, *rule;
    } rows[] = {
        {"as=\"#victim\"", "as=\"#nobody\"", "AKN-03"},
        {"language=\"tha\"", "language=\"fre\"", "AKN-04"},
        {"value=\"/akn/th/judgment/o/2019-05-02/7-2562\"",
         "value=\"/akn/la/judgment/o/2019-05-02/7-2562\"", "AKN-05"},
        {"value=\"/akn/th/judgment/o/2019-05-02/7-2562/!main\"", "value=\"/other/!main\"",
         "AKN-05"},
        {"<FRBRnumber value=\"7/2562\"", "<FRBRnumber value=\"8/2562\"", "AKN-05"},
        {"<FRBRdate date=\"2019-05-02\"", "<FRBRdate date=\"2019-05-03\"", "AKN-05"},
        {"<FRBRdate date=\"2019-05-02\"", "<FRBRdate date=\"2562-05-02\"", "AKN-02"},
        {"value=\"recruit\"", "value=\"invite\"", "AKN-06"},
        {"vocabulary:act", "vocabulary:unknown", "AKN-06"},
        {"น.ส. ก.", "น.ส. กานดา สมมติ", "AKN-07"},
        {"<p>ข้อความ", "<p><a href=\"javascript:alert(1)\">x</a>ข้อความ", "AKN-08"},
        {"<p>ข้อความ", "<p>ข้อความ\xe2\x80\xae", "AKN-10"},
        {"<p>ข้อความ", "<p>e\xcc\x81", "AKN-10"},
    };
    struct kit *kit = *state;
    struct sph_judgment_facts facts;
    sph_findings notes = {0};
    SPH_AUTO(sph_buf) good = sph_buf_init(ROOM);
    import_small(kit, "ข้อความ", "ข้อความ", &facts, &notes, &good);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sph_err err = {0};
        sph_findings findings = {0};
        SPH_AUTO_PTR(sph_xml) *doc = NULL;
        SPH_AUTO(sph_buf) bad = sph_buf_init(ROOM);
        const struct sph_xml_limits caps = sph_xml_limits_packet(sph_limits_default());
        const size_t at = sph_slice_find(sph_buf_peek(&good), sph_slice_str(rows[i].from), 0);
        assert_true(at != SIZE_MAX);
        assert_ok(sph_buf_add(&bad, sph_slice_sub(sph_buf_peek(&good), 0, at), &err), &err);
        assert_ok(sph_buf_add_text(&bad, rows[i].to, &err), &err);
        assert_ok(sph_buf_add(&bad,
                              sph_slice_sub(sph_buf_peek(&good), at + strlen(rows[i].from), ROOM),
                              &err),
                  &err);
        assert_ok(sph_xml_parse(sph_buf_peek(&bad), &caps, &doc, &err), &err);
        assert_ok(sph_judgment_check(sph_xml_root(doc), KIT_NOW, &facts, &findings, &err), &err);
        if (!kit_has_rule(&findings, rows[i].rule))
            print_message("row %zu expects %s\n", i, rows[i].rule);
        assert_true(kit_has_rule(&findings, rows[i].rule));
    }
}

static void judgment_identification_is_rewritten_in_our_form(void **state)
{
    struct kit *kit = *state;
    struct sph_judgment_facts facts;
    sph_findings notes = {0};
    SPH_AUTO(sph_buf) out = sph_buf_init(ROOM);
    import_small(kit, "ข้อความ", "ข้อความ", &facts, &notes, &out);
    assert_string_equal(facts.work_iri, "/akn/th/judgment/o/2019-05-02/7-2562");
    assert_string_equal(facts.expression_iri, "/akn/th/judgment/o/2019-05-02/7-2562/tha@");
    assert_string_equal(facts.source_iri, "/x/7");
    assert_string_equal(facts.case_number, "7/2562");
    assert_true(sph_slice_find(sph_buf_peek(&out),
                               SPH_LIT("<FRBRalias name=\"source\" value=\"/x/7\">"),
                               0) != SIZE_MAX);
    assert_int_equal(facts.dropped_references + facts.dropped_keywords + facts.dropped_elements, 0);
}

/* Structures that the profile does not name keep their words and lose their tags. */
static void judgment_unknown_structures_keep_their_words(void **state)
{
    static const struct {
        const char *from, *to, *expect;
    } rows[] = {
        {"<p>ข้อความ</p>", "<p>a <def>b</def> c</p>", "<p>a b c</p>"},
        {"<p>ข้อความ</p>", "<p>a<br/>b<img src=\"x\"/></p>", "<p>a<eol></eol>b</p>"},
        {"<p>ข้อความ</p>", "<p style=\"color:red\" class=\"x\">a</p>", "<p>a</p>"},
        {"<p>ข้อความ</p>", "<ul><li>a</li><li>b<ol><li>c</li></ol></li></ul>",
         "<blockList><item><p>a</p></item><item><p>b</p><blockList><item><p>c</p></item></"
         "blockList></item></blockList>"},
        {"<p>ข้อความ</p>", "<tblock><heading>h</heading><p>a</p></tblock>", "<p>h</p><p>a</p>"},
        {"<p>ข้อความ</p>",
         "<chapter><num>1</num><intro><p>i</p></intro><clause><content><p>c</p></content></"
         "clause></chapter>",
         "<level><num>1</num><level><content><p>i</p></content></level><level><content><p>c</p></"
         "content></level></level>"},
        {"<p>ข้อความ</p>",
         "<table><caption>t</caption><tr><td colspan=\"2\"><p>a</p></td></tr></table>",
         "<table><tr><td><p>t</p></td></tr><tr><td colspan=\"2\"><p>a</p></td></tr></table>"},
        {"<p>ข้อความ</p>", "<p><ref href=\"#nowhere\">a</ref></p>", "<p><span>a</span></p>"},
        {"<p>ข้อความ</p>", "<p><a href=\"javascript:x\">a</a></p>", "<p><span>a</span></p>"},
        {"<p>ข้อความ</p>", "<p>\xef\x82\xb7 e\xcc\x81\xe2\x80\xae</p>", "<p>• é</p>"},
        {"<p>ข้อความ</p>", "<container name=\"x\"><p>a</p></container>", "<p>a</p>"},
        {"<p>ข้อความ</p>", "<p>a<authorialNote marker=\"1\"><p>n</p></authorialNote></p>",
         "<p>a<authorialNote marker=\"1\"><p>n</p></authorialNote></p>"},
        {"<p>ข้อความ</p>",
         "<paragraph eId=\"a\"><content><p>x</p></content><wrapUp><p>w</p></wrapUp></paragraph>",
         "<paragraph "
         "eId=\"a\"><level><content><p>x</p></content></level><level><content><p>w</p></content></"
         "level></paragraph>"},
    };
    struct kit *kit = *state;
    struct sph_schemas schemas;
    const bool has_official = with_official(kit, &schemas);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sph_err err = {0};
        struct sph_judgment_facts facts;
        sph_findings notes = {0};
        SPH_AUTO(sph_buf) out = sph_buf_init(ROOM);
        SPH_AUTO_PTR(sph_xml) *doc = NULL;
        const struct sph_xml_limits caps = sph_xml_limits_packet(sph_limits_default());
        import_small(kit, rows[i].from, rows[i].to, &facts, &notes, &out);
        if (sph_slice_find(sph_buf_peek(&out), sph_slice_str(rows[i].expect), 0) == SIZE_MAX)
            print_message("row %zu: %s\n", i, sph_buf_text(&out));
        assert_true(sph_slice_find(sph_buf_peek(&out), sph_slice_str(rows[i].expect), 0) !=
                    SIZE_MAX);
        assert_ok(sph_xml_parse(sph_buf_peek(&out), &caps, &doc, &err), &err);
        if (has_official)
            assert_ok(sph_xsd_check(schemas.official, doc, &notes, &err), &err);
    }
    if (has_official)
        drop_official(&schemas);
}

static void judgment_reduced_twice_is_unchanged_in_its_text(void **state)
{
    struct kit *kit = *state;
    sph_err err = {0};
    struct sph_judgment_facts facts;
    sph_findings notes = {0};
    SPH_AUTO(sph_buf) once = sph_buf_init(ROOM);
    SPH_AUTO(sph_buf) twice = sph_buf_init(ROOM);
    import_small(kit, "ข้อความ", "ข้อความ", &facts, &notes, &once);
    assert_ok(sph_judgment_import(sph_buf_peek(&once), &how, &kit->schemas, sph_limits_default(),
                                  &facts, &notes, &twice, &err),
              &err);
    const size_t a = sph_slice_find(sph_buf_peek(&once), SPH_LIT("<header>"), 0);
    const size_t b = sph_slice_find(sph_buf_peek(&twice), SPH_LIT("<header>"), 0);
    assert_true(sph_slice_equal(sph_slice_sub(sph_buf_peek(&once), a, once.len),
                                sph_slice_sub(sph_buf_peek(&twice), b, twice.len)));
}

int test_judgment(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judgment_all_of_both_corpora_are_imported_published_and_read),
        cmocka_unit_test(judgment_invalid_one_is_refused_by_each_layer),
        cmocka_unit_test(judgment_of_draft_namespace_is_refused_by_its_name),
        cmocka_unit_test(judgment_each_rule_refuses_at_import),
        cmocka_unit_test(judgment_too_large_or_deep_is_refused_by_limit),
        cmocka_unit_test(judgment_each_rule_refuses_on_receipt),
        cmocka_unit_test(judgment_identification_is_rewritten_in_our_form),
        cmocka_unit_test(judgment_unknown_structures_keep_their_words),
        cmocka_unit_test(judgment_reduced_twice_is_unchanged_in_its_text),
    };
    return cmocka_run_group_tests_name("judgment", tests, kit_setup, kit_teardown);
}
