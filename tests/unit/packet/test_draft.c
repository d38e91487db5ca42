#include "packet/vocabulary.h"
#include "packet_kit.h"
#include "support/test_data.h"

int test_draft(void);

static sph_slice none(void)
{
    return sph_slice_of(NULL, 0);
}

static void draft_fault_is_refused_by_name(void **state)
{
    static const struct {
        const char *draft, *name;
    } rows[] = {
        {"{\"type\":\"horoscope\"}", "horoscope"},
        {"{\"type\":\"resource\"}", "body"},
        {"{\"type\":\"resource\",\"body\":{},\"extra\":1}", "extra"},
        {"{\"type\":\"resource\",\"body\":{\"street\":\"x\"}}", "street"},
        {"{\"type\":\"resource\",\"header\":{\"packetId\":\"x\"},\"body\":{}}", "packetId"},
        {"{\"type\":\"resource\",\"header\":{\"secret\":\"x\"},\"body\":{}}", "secret"},
        {"{\"type\":\"resource\",\"body\":{\"name\":\"text\"}}", "body/name"},
        {"{\"type\":\"resource\",\"body\":{\"name\":{\"fr\":\"x\"}}}", "name/fr"},
        {"{\"type\":\"resource\",\"body\":{\"cost\":5}}", "body/cost"},
        {"{\"type\":\"resource\",\"body\":{\"contact\":[{\"value\":\"x\"}]}}", "contact/kind"},
        {"{\"type\":\"assistance-request\",\"body\":{\"question\":{\"lo\":\"x\"}}}", "body/topic"},
        {"{\"type\":\"case-law\",\"body\":{\"document\":{\"form\":\"akn\"}}}", "document"},
        {"{\"type\":\"assistance-response\",\"body\":{\"linked\":{\"a\":1}}}", "linked/a"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sph_findings findings = {0};
        bool is_named = false;
        SPH_AUTO(sph_buf) out = sph_buf_init(1 << 20);
        const sph_rc rc = kit_try_build(*state, &((struct kit *)*state)->ngo, rows[i].draft, none(),
                                        &findings, &out);
        assert_int_equal(rc.code, SPH_EREFUSED);
        assert_int_equal(out.len, 0);
        for (size_t k = 0; k < findings.count; k++)
            is_named = is_named || (strcmp(findings.at[k].name, rows[i].name) == 0 &&
                                    strcmp(findings.at[k].rule, "DRAFT") == 0);
        if (!is_named) {
            print_message("row %zu wants %s\n", i, rows[i].name);
            kit_print(&findings);
        }
        assert_true(is_named);
    }
}

static void expect_in(sph_slice text, const char *part)
{
    if (sph_slice_find(text, sph_slice_str(part), 0) == SIZE_MAX)
        print_message("missing: %s\nin: %.*s\n", part, (int)text.len, (const char *)text.at);
    assert_true(sph_slice_find(text, sph_slice_str(part), 0) != SIZE_MAX);
}

static void draft_defaults_digits_and_normal_form_are_filled(void **state)
{
    struct kit *kit = *state;
    SPH_AUTO(sph_buf) out = sph_buf_init(1 << 20);
    kit_build(kit, &kit->lawyer,
              "{\"type\":\"assistance-request\",\"header\":{\"audience\":[\"th.ngo.example\"],"
              "\"threadId\":\"urn:uuid:7b0d9a34-1c55-4f0e-8a72-3f9c2d1e6b70\"},\"body\":{"
              "\"question\":{\"th\":\"cafe\xcc\x81\",\"en\":\"x\"},\"topic\":\"compensation\","
              "\"location\":\"TH-43\",\"capacity\":\"legal-aid\",\"wanted\":\"procedure\","
              "\"replyBy\":\"๒๐๒๖-๑๒-๒๐\"}}",
              none(), &out);
    const sph_slice text = sph_buf_peek(&out);
    expect_in(text, "<replyBy>2026-12-20</replyBy>");
    expect_in(text, "xml:lang=\"th\">caf\xc3\xa9</text>");
    expect_in(text, "<text src=\"original\" xml:lang=\"th\">");
    expect_in(text, "<text src=\"human\" xml:lang=\"en\">");
    expect_in(text, "<language>th</language><language>en</language>");
    expect_in(text, "<answerLanguage>th</answerLanguage>");
    expect_in(text, "<notMLA>true</notMLA>");
    expect_in(text, "<subtype>information</subtype>");
    expect_in(text, "<seq>1</seq>");
    const struct sph_packet_context context = kit_context(kit, &kit->lawyer, &kit->ngo);
    kit_expect(kit, &context, text, NULL);
}

/* What is read as JSON builds the same document again. */
static void draft_from_json_of_a_packet_builds_the_same_body(void **state)
{
    struct kit *kit = *state;
    static const char *const drafts[] = {KIT_RESPONSE, KIT_RESOURCE, KIT_CASE};
    for (size_t i = 0; i < sizeof(drafts) / sizeof(drafts[0]); i++) {
        sph_err err = {0};
        SPH_AUTO(sph_buf) first = sph_buf_init(1 << 20);
        SPH_AUTO(sph_buf) again = sph_buf_init(1 << 20);
        SPH_AUTO(sph_buf) json = sph_buf_init(1 << 20);
        SPH_AUTO_PTR(sph_packet) *packet = NULL;
        SPH_AUTO_PTR(sph_json) *view = NULL;
        SPH_AUTO_PTR(sph_json) *draft = sph_json_object();
        kit_build(kit, &kit->ngo, drafts[i], none(), &first);
        assert_ok(sph_packet_reopen(sph_buf_peek(&first), sph_limits_default(), &packet, &err),
                  &err);
        assert_ok(sph_packet_to_json(packet, &view, &err), &err);
        SPH_AUTO_PTR(sph_json) *source = NULL;
        assert_ok(sph_json_parse(sph_slice_str(drafts[i]), 1 << 20, &source, &err), &err);
        sph_json *header = sph_json_get(source, "header");
        if (header)
            assert_ok(sph_json_set(draft, "header", sph_json_dup(header), &err), &err);
        assert_ok(sph_json_set(draft, "type", sph_json_dup(sph_json_get(view, "type")), &err),
                  &err);
        sph_json *body = sph_json_dup(sph_json_get(view, "body"));
        assert_ok(sph_json_set(draft, "body", body, &err), &err);
        assert_ok(sph_json_print(draft, false, &json, &err), &err);
        const size_t at = sph_slice_find(sph_buf_peek(&json), SPH_LIT("\"document\":"), 0);
        if (at != SIZE_MAX)
            continue; /* the node sets the document, a draft must not */
        kit_build(kit, &kit->ngo, sph_buf_text(&json), none(), &again);
        const size_t a = sph_slice_find(sph_buf_peek(&first), SPH_LIT("<Body>"), 0);
        const size_t b = sph_slice_find(sph_buf_peek(&first), SPH_LIT("</Body>"), 0);
        const size_t c = sph_slice_find(sph_buf_peek(&again), SPH_LIT("<Body>"), 0);
        assert_true(sph_slice_equal(sph_slice_sub(sph_buf_peek(&first), a, b - a),
                                    sph_slice_sub(sph_buf_peek(&again), c, b - a)));
    }
}

static void draft_rendered_for_each_reader_uses_their_words_and_calendar(void **state)
{
    struct kit *kit = *state;
    static const struct {
        const char *draft, *part[SPH_LANG_COUNT], *title[SPH_LANG_COUNT];
    } rows[] = {
        {KIT_REQUEST,
         {"Answer by: 20 December 2026", "ຕອບກ່ອນ: ", "ตอบภายใน: 20 ธันวาคม 2569"},
         {"How can a victim", "ຜູ້ເສຍຫາຍ", "ผู้เสียหาย"}},
        {KIT_RESOURCE,
         {"Area served: Nong Khai", "ພື້ນທີ່ບໍລິການ: ໜອງຄາຍ", "พื้นที่บริการ: หนองคาย"},
         {"Example Law Clinic", "ຄລີນິກກົດໝາຍຕົວຢ່າງ", "คลินิกกฎหมายตัวอย่าง"}},
        {KIT_RESPONSE,
         {"[machine translation, not authoritative] File", "ຄຳຕອບ", "คำตอบ"},
         {"answer: File", "ຄຳຕອບ: ", "คำตอบ: "}},
        {KIT_CASE,
         {"Reference only", "ອ້າງອີງເທົ່ານັ້ນ", "อ้างอิงเท่านั้น"},
         {"Compensation ordered", "ສານສັ່ງ", "ศาลสั่ง"}},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (int lang = 0; lang < SPH_LANG_COUNT; lang++) {
            sph_err err = {0};
            SPH_AUTO(sph_buf) built = sph_buf_init(1 << 20);
            SPH_AUTO(sph_buf) page = sph_buf_init(1 << 20);
            SPH_AUTO(sph_buf) title = sph_buf_init(1 << 12);
            SPH_AUTO_PTR(sph_packet) *packet = NULL;
            kit_build(kit, i == 0 ? &kit->lawyer : &kit->ngo, rows[i].draft, none(), &built);
            assert_ok(sph_packet_reopen(sph_buf_peek(&built), sph_limits_default(), &packet, &err),
                      &err);
            assert_ok(sph_packet_render_text(packet, (enum sph_lang)lang, &page, &err), &err);
            assert_ok(sph_packet_title(packet, (enum sph_lang)lang, &title, &err), &err);
            expect_in(sph_buf_peek(&page), rows[i].part[lang]);
            expect_in(sph_buf_peek(&title), rows[i].title[lang]);
        }
}

static void draft_text_is_escaped_for_the_terminal(void **state)
{
    struct kit *kit = *state;
    sph_err err = {0};
    SPH_AUTO(sph_buf) built = sph_buf_init(1 << 20);
    SPH_AUTO(sph_buf) page = sph_buf_init(1 << 20);
    SPH_AUTO_PTR(sph_packet) *packet = NULL;
    kit_build(kit, &kit->ngo,
              "{\"type\":\"assistance-response\",\"header\":{\"audience\":\"la.legalaid.example\","
              "\"threadId\":\"urn:uuid:7b0d9a34-1c55-4f0e-8a72-3f9c2d1e6b70\"},\"body\":{"
              "\"action\":\"reply\",\"text\":{\"en\":\"one\\ntwo \\u009b31m \\u202e three\"}}}",
              none(), &built);
    assert_ok(sph_packet_reopen(sph_buf_peek(&built), sph_limits_default(), &packet, &err), &err);
    assert_ok(sph_packet_render_text(packet, SPH_LANG_EN, &page, &err), &err);
    expect_in(sph_buf_peek(&page), "Text: one\n  two \xef\xbf\xbd"
                                   "31m \xef\xbf\xbd three\n");
}

static void draft_short_id_is_stable(void **state)
{
    sph_err err = {0};
    char first[32];
    char longer[32];
    (void)state;
    assert_ok(sph_short_id('B', "urn:uuid:2f1c7a52-5d0e-4b7e-9c1a-0d6f3b8e4a11", 30, first, &err),
              &err);
    assert_ok(sph_short_id('B', "2f1c7a52-5d0e-4b7e-9c1a-0d6f3b8e4a11", 40, longer, &err), &err);
    assert_int_equal(strlen(first), 8);
    assert_int_equal(strlen(longer), 10);
    assert_memory_equal(first, longer, 8);
}

static void draft_types_have_names_letters_and_actions(void **state)
{
    static const char letters[] = "ABCDIG";
    sph_err err = {0};
    (void)state;
    for (size_t i = 0; i < SPH_PACKET_TYPE_COUNT; i++) {
        enum sph_packet_type type;
        const char *name = sph_packet_type_name((enum sph_packet_type)i);
        assert_ok(sph_packet_type_of(name, &type, &err), &err);
        assert_int_equal(type, i);
        assert_int_equal(sph_packet_type_letter(type), letters[i]);
        assert_true(sph_vocabulary_has("type", sph_slice_str(name)));
        const bool is_thread = i == 1 || i == 2 || i == 5;
        assert_string_equal(sph_packet_type_action(type), is_thread ? "a2" : "a1");
    }
    assert_code(sph_packet_type_of("referral", &(enum sph_packet_type){0}, &err), SPH_EREFUSED,
                &err);
}

static void draft_vocabularies_hold_what_the_design_names(void **state)
{
    static const struct {
        const char *list;
        size_t count;
    } rows[] = {{"country", 249}, {"area", 96},         {"language", 14}, {"control", 16},
                {"act", 9},       {"exploitation", 12}, {"sector", 21},   {"age-band", 8}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t at = 0;
        size_t count = 0;
        while (sph_vocabulary_next(rows[i].list, &at).len > 0)
            count++;
        assert_int_equal(count, rows[i].count);
    }
    assert_false(sph_vocabulary_has("act", SPH_LIT("recr")));
    assert_false(sph_vocabulary_has("act", SPH_LIT("recruit transport")));
    assert_false(sph_vocabulary_has("nothing", SPH_LIT("recruit")));
    assert_true(sph_slice_is(sph_vocabulary_version("control"), "htcds-2.0"));
    assert_false(sph_vocabulary_exists(SPH_LIT("act 1")));
}

static void draft_schema_rows_name_every_file(void **state)
{
    struct sph_schema_row row[32];
    const size_t count = sph_schema_rows(row, 32);
    (void)state;
    assert_int_equal(count, 11);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(strlen(row[i].sha256), 64);
        assert_string_equal(row[i].version, "1.0");
    }
    assert_int_equal(sph_schema_rows(row, 3), 3);
}

int test_draft(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draft_fault_is_refused_by_name),
        cmocka_unit_test(draft_defaults_digits_and_normal_form_are_filled),
        cmocka_unit_test(draft_from_json_of_a_packet_builds_the_same_body),
        cmocka_unit_test(draft_rendered_for_each_reader_uses_their_words_and_calendar),
        cmocka_unit_test(draft_text_is_escaped_for_the_terminal),
        cmocka_unit_test(draft_short_id_is_stable),
        cmocka_unit_test(draft_types_have_names_letters_and_actions),
        cmocka_unit_test(draft_vocabularies_hold_what_the_design_names),
        cmocka_unit_test(draft_schema_rows_name_every_file),
    };
    return cmocka_run_group_tests_name("draft", tests, kit_setup, kit_teardown);
}
