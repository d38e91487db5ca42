#include "packet/notice.h"

#include "packet/signature.h"
#include "packet/vocabulary.h"
#include "packet_kit.h"
#include "support/fail_alloc.h"

int test_notice(void);

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define ROOM (1u << 20)
#define ONE "urn:uuid:2f1c7a52-5d0e-4b7e-9c1a-0d6f3b8e4a11"
#define TWO "urn:uuid:9a6e0f1d-82c4-4e3b-b7d5-5c1f0a2b3c44"
#define THREAD "urn:uuid:7b0d9a34-1c55-4f0e-8a72-3f9c2d1e6b70"
#define DIGEST "l0Lbcx5PL3ufMMpq1bqrKmXNzYMFmjrmK6NE1bMtbio="

/* A notice of each other kind; %s: its kind. */
#define WHY "\"reason\":\"error-found\",\"effective\":\"2026-11-24\",\"requiredAction\":\"hide\""
#define OTHER_BODY "{\"kind\":\"%s\",\"target\":[\"" ONE "\",\"" TWO "\"]," WHY "%s}"
#define PROOFS                                                                                     \
    ",\"keyDestroyed\":[{\"value\":\"cHJvb2Y=\",\"packetId\":\"" ONE "\",\"leaf\":41},"            \
    "{\"value\":\"cHJvb2Y=\",\"packetId\":\"" TWO "\",\"leaf\":42}]"

static const char *const others[] = {
    "supersede",  "withdraw",       "consent-withdrawn", "erasure-request", "erasure-done",
    "correction", "retention-hold", "hold-released",     "incident",        "key-compromise"};

static sph_slice none(void)
{
    return sph_slice_of(NULL, 0);
}

static void build_body(struct kit *kit, const char *header, const char *body, sph_buf *out)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) draft = sph_buf_init(65536);
    assert_ok(sph_buf_addf(&draft, &err, "{\"type\":\"notice\",\"header\":{%s},\"body\":%s}",
                           header, body),
              &err);
    kit_build(kit, &kit->ngo, sph_buf_text(&draft), none(), out);
}

#define TO_LAWYER "\"audience\":\"la.legalaid.example\""

static void build_other(struct kit *kit, const char *kind, sph_buf *out)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) body = sph_buf_init(65536);
    assert_ok(sph_buf_addf(&body, &err, OTHER_BODY, kind,
                           strcmp(kind, "erasure-done") == 0 ? PROOFS : ""),
              &err);
    build_body(kit, TO_LAWYER, sph_buf_text(&body), out);
}

/* Replace the first `from`, sign again, and expect `rule`, as the receiver judges. */
struct change {
    const char *from, *to, *rule;
};

static void sign_changed(const struct kit *kit, sph_slice document, const struct change *change,
                         sph_buf *out)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) changed = sph_buf_init(ROOM);
    SPH_AUTO_PTR(sph_xml_writer) *w = NULL;
    const struct sph_packet_signer signer = kit_signer(&kit->ngo);
    const sph_slice start = SPH_LIT("<Packet xmlns=\"urn:saphan:packet:1\">");
    const sph_slice from = sph_slice_str(change->from);
    const size_t at = sph_slice_find(document, from, 0);
    if (at == SIZE_MAX)
        print_message("not in the document: %s\n", change->from);
    assert_true(at != SIZE_MAX && sph_slice_starts(document, start));
    const size_t end = sph_slice_find(document, SPH_LIT("<ds:Signature"), 0);
    const size_t after = at + from.len;
    assert_ok(sph_buf_add(&changed, sph_slice_sub(document, start.len, at - start.len), &err),
              &err);
    assert_ok(sph_buf_add_text(&changed, change->to, &err), &err);
    assert_ok(sph_buf_add(&changed, sph_slice_sub(document, after, end - after), &err), &err);
    assert_ok(sph_xml_writer_new(sph_packet_prefixes, out, &w, &err), &err);
    sph_xml_open(w, "Packet");
    sph_xml_raw(w, sph_buf_peek(&changed));
    assert_ok(sph_signature_write(w, out, 0, &signer, KIT_NOW, &err), &err);
}

static void expect_changes(struct kit *kit, sph_slice document, const struct change *changes,
                           size_t count)
{
    struct sph_packet_context context = kit_context(kit, &kit->ngo, &kit->lawyer);
    context.is_sending = false;
    for (size_t i = 0; i < count; i++) {
        SPH_AUTO(sph_buf) again = sph_buf_init(ROOM);
        sign_changed(kit, document, &changes[i], &again);
        kit_expect(kit, &context, sph_buf_peek(&again), changes[i].rule);
    }
}

static void notice_of_each_kind_is_read_and_only_delivered_is_sent(void **state)
{
    struct kit *kit = *state;
    SPH_AUTO(sph_buf) delivered = sph_buf_init(ROOM);
    struct sph_packet_context context = kit_context(kit, &kit->ngo, &kit->lawyer);
    kit_build(kit, &kit->ngo, KIT_NOTICE, none(), &delivered);
    kit_expect(kit, &context, sph_buf_peek(&delivered), NULL);
    for (size_t i = 0; i < COUNT(others); i++) {
        SPH_AUTO(sph_buf) built = sph_buf_init(ROOM);
        build_other(kit, others[i], &built);
        context.is_sending = false;
        kit_expect(kit, &context, sph_buf_peek(&built), NULL);
        context.is_sending = true;
        kit_expect(kit, &context, sph_buf_peek(&built), "SCOPE");
    }
}

/* The kinds of the list are those of the test above, and `delivered`. */
static void notice_kinds_are_those_of_the_list(void **state)
{
    size_t at = 0;
    size_t count = 0;
    (void)state;
    while (sph_vocabulary_next("notice", &at).len > 0)
        count++;
    assert_int_equal(count, COUNT(others) + 1);
    for (size_t i = 0; i < COUNT(others); i++)
        assert_true(sph_vocabulary_has("notice", sph_slice_str(others[i])));
    assert_true(sph_vocabulary_has("notice", SPH_LIT("delivered")));
}

static void notice_delivered_holds_one_packet_and_its_digest(void **state)
{
    static const struct change changes[] = {
        {"<kind>delivered", "<kind>swallowed", "PK-08"},
        {"<kind>delivered</kind>", "", "XSD"},
        {"<kind>delivered</kind>", "<kind>delivered</kind><kind>delivered</kind>", "XSD"},
        {"<target sha256=\"" DIGEST "\">" ONE "</target>", "", "XSD"},
        {" sha256=\"" DIGEST "\"", "", "PK-30"},
        {"sha256=\"" DIGEST "\"", "sha256=\"AAAA\"", "XSD"},
        {"sha256=\"" DIGEST "\"", "sha1=\"" DIGEST "\"", "XSD"},
        {">" ONE "<", ">urn:uuid:2f1c7a52<", "XSD"},
        {">" ONE "<", "><b>x</b><", "XSD"},
        {"</target>", "</target><target sha256=\"" DIGEST "\">" TWO "</target>", "PK-30"},
        {"</target>", "</target><target sha256=\"" DIGEST "\">" ONE "</target>", "XSD"},
        {"</target>", "</target><reason>other</reason>", "PK-30"},
        {"</target>", "</target><effective>2026-11-24</effective>", "PK-30"},
        {"</target>", "</target><requiredAction>none</requiredAction>", "PK-30"},
        {"</target>",
         "</target><keyDestroyed leaf=\"1\" packetId=\"" ONE "\">cHJvb2Y=</keyDestroyed>", "PK-30"},
        {"</target>", "</target><text>words</text>", "XSD"},
        {"<audience>la.legalaid.example", "<audience>all", "PK-30"},
        {"</audience>", "</audience><audience>la.ministry.example</audience>", "PK-30"},
        {"<audience>la.legalaid.example", "<audience>la.ministry.example", "PK-06"},
        {"</audience>", "</audience><threadId>" THREAD "</threadId>", "PK-30"},
        {"</audience>", "</audience><seq>3</seq>", "PK-30"},
        {"</audience>", "</audience><inReplyTo>" ONE "</inReplyTo>", "PK-30"},
        {"</audience>", "</audience><threadId>" THREAD "</threadId><seq>3</seq>", NULL},
        {"<personalData>none", "<personalData>pseudonymous", "SCOPE"},
        {"<mode>training", "<mode>production", "PK-02"},
        {"<type>notice", "<type>resource", "PK-08"},
    };
    struct kit *kit = *state;
    SPH_AUTO(sph_buf) built = sph_buf_init(ROOM);
    kit_build(kit, &kit->ngo, KIT_NOTICE, none(), &built);
    expect_changes(kit, sph_buf_peek(&built), changes, COUNT(changes));
}

static void notice_of_another_kind_says_why_and_what_to_do(void **state)
{
    static const struct change changes[] = {
        {"<reason>error-found</reason>", "", "PK-30"},
        {"<reason>error-found", "<reason>mood", "PK-08"},
        {"<reason>error-found</reason>", "<reason>other</reason><reason>other</reason>", "XSD"},
        {"<effective>2026-11-24</effective>", "", "PK-30"},
        {"<effective>2026", "<effective>2569", "XSD"},
        {"<effective>2026", "<effective>๒๐๒๖", "XSD"},
        {"<requiredAction>hide</requiredAction>", "", "PK-30"},
        {"<requiredAction>hide", "<requiredAction>dance", "PK-08"},
        {"</requiredAction>",
         "</requiredAction><keyDestroyed leaf=\"1\" packetId=\"" ONE "\">cHJvb2Y=</keyDestroyed>",
         "PK-30"},
        {"</target>", "</target><target>" ONE "</target>", "XSD"},
        {"<target>" ONE "</target>", "<target sha256=\"" DIGEST "\">" ONE "</target>", NULL},
        {"<audience>la.legalaid.example", "<audience>all", NULL},
        {"<audience>la.legalaid.example</audience>",
         "<audience>all</audience><threadId>" THREAD "</threadId><seq>3</seq>", "PK-30"},
        {"</requiredAction>", "</requiredAction><secret>x</secret>", "XSD"},
    };
    struct kit *kit = *state;
    SPH_AUTO(sph_buf) built = sph_buf_init(ROOM);
    build_other(kit, "withdraw", &built);
    expect_changes(kit, sph_buf_peek(&built), changes, COUNT(changes));
}

static void notice_of_erasure_proves_each_key_destroyed(void **state)
{
    static const struct change changes[] = {
        {"<keyDestroyed leaf=\"42\" packetId=\"" TWO "\">cHJvb2Y=</keyDestroyed>", "", "PK-30"},
        {"packetId=\"" TWO "\"", "packetId=\"" ONE "\"", "XSD"},
        {"packetId=\"" TWO "\"", "packetId=\"" THREAD "\"", "PK-30"},
        {" packetId=\"" TWO "\"", "", "XSD"},
        {" leaf=\"42\"", "", "XSD"},
        {"leaf=\"42\"", "leaf=\"-1\"", "XSD"},
        {"leaf=\"42\"", "leaf=\"๔๒\"", "XSD"},
        {">cHJvb2Y=</keyDestroyed>", ">no base64!</keyDestroyed>", "XSD"},
        {"<kind>erasure-done", "<kind>withdraw", "PK-30"},
    };
    struct kit *kit = *state;
    SPH_AUTO(sph_buf) built = sph_buf_init(ROOM);
    build_other(kit, "erasure-done", &built);
    expect_changes(kit, sph_buf_peek(&built), changes, COUNT(changes));
}

/* Sixteen targets and no more; no attachment and nothing sealed. */
static void notice_is_short(void **state)
{
    struct kit *kit = *state;
    sph_err err = {0};
    SPH_AUTO(sph_buf) built = sph_buf_init(ROOM);
    SPH_AUTO(sph_buf) most = sph_buf_init(ROOM);
    SPH_AUTO(sph_buf) more = sph_buf_init(ROOM);
    build_other(kit, "withdraw", &built);
    assert_ok(sph_buf_add_text(&most, "</target>", &err), &err);
    for (unsigned i = 0; i < SPH_NOTICE_TARGETS - 2; i++)
        assert_ok(
            sph_buf_addf(&most, &err, "<target>urn:uuid:2f1c7a52-5d0e-4b7e-9c1a-%012x</target>", i),
            &err);
    assert_ok(sph_buf_addf(&more, &err, "%s<target>" THREAD "</target>", sph_buf_text(&most)),
              &err);
    const struct change changes[] = {
        {"</target>", sph_buf_text(&most), NULL},
        {"</target>", sph_buf_text(&more), "XSD"},
        {"</Body>",
         "</Body><Attachments><attachment containsPersonalData=\"false\" id=\"a\" level=\"1\" "
         "mediaType=\"text/plain\" size=\"1\"><title><text src=\"original\" "
         "xml:lang=\"en\">a</text>"
         "</title><sha256>" DIGEST "</sha256><key>" DIGEST "</key></attachment></Attachments>",
         "PK-30"},
        {"</Body>",
         "</Body><Sealed Id=\"s1\" purpose=\"identity\"><x:EncryptedData "
         "xmlns:x=\"http://www.w3.org/2001/04/xmlenc#\"></x:EncryptedData></Sealed>",
         "SCOPE"},
    };
    expect_changes(kit, sph_buf_peek(&built), changes, COUNT(changes));
}

/* as4.md 13.1: to one it is a matter of the thread's family, to a group a publication's. */
static void notice_goes_by_its_audience(void **state)
{
    static const struct {
        const char *header, *action;
    } rows[] = {{TO_LAWYER, "a2"},
                {"\"audience\":\"all\"", "a1"},
                {"\"audience\":\"la-gov\"", "a1"},
                {"\"audience\":[\"la.legalaid.example\",\"la.ministry.example\"]", "a1"}};
    struct kit *kit = *state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        sph_err err = {0};
        SPH_AUTO(sph_buf) built = sph_buf_init(ROOM);
        SPH_AUTO_PTR(sph_packet) *packet = NULL;
        build_body(kit, rows[i].header, "{\"kind\":\"withdraw\",\"target\":\"" ONE "\"," WHY "}",
                   &built);
        assert_ok(sph_packet_reopen(sph_buf_peek(&built), sph_limits_default(), &packet, &err),
                  &err);
        assert_string_equal(sph_packet_action(sph_packet_header_of(packet)), rows[i].action);
    }
}

static void notice_is_read_back_whole(void **state)
{
    struct kit *kit = *state;
    sph_err err = {0};
    sph_notice notice;
    SPH_AUTO(sph_buf) built = sph_buf_init(ROOM);
    SPH_AUTO_PTR(sph_packet) *packet = NULL;
    build_other(kit, "key-compromise", &built);
    assert_ok(sph_packet_reopen(sph_buf_peek(&built), sph_limits_default(), &packet, &err), &err);
    assert_ok(sph_notice_read(packet, &notice, &err), &err);
    assert_string_equal(notice.kind, "key-compromise");
    assert_string_equal(notice.reason, "error-found");
    assert_string_equal(notice.effective, "2026-11-24");
    assert_string_equal(notice.required_action, "hide");
    assert_int_equal(notice.target_count, 2);
    assert_string_equal(notice.target[1].packet_id, TWO);
    assert_false(notice.target[1].has_sha256);
    sph_packet_free(&packet);
    sph_buf_clear(&built);
    kit_build(kit, &kit->lawyer, KIT_REQUEST, none(), &built);
    assert_ok(sph_packet_reopen(sph_buf_peek(&built), sph_limits_default(), &packet, &err), &err);
    assert_code(sph_notice_read(packet, &notice, &err), SPH_EARG, &err);
    assert_string_equal(notice.kind, "key-compromise");
}

static void build_delivered(struct kit *kit, const struct sph_notice_delivered *what, sph_buf *out)
{
    sph_err err = {0};
    sph_findings findings = {0};
    SPH_AUTO_PTR(sph_json) *draft = NULL;
    const struct sph_packet_new values = kit_values(kit, &kit->ngo);
    const struct sph_packet_signer signer = kit_signer(&kit->ngo);
    assert_ok(sph_notice_delivered_draft(what, &draft, &err), &err);
    const sph_rc rc = sph_packet_build(draft, &values, none(), &signer, &findings, out, &err);
    kit_print(&findings);
    assert_ok(rc, &err);
}

static void notice_delivered_is_made_in_a_thread_and_without(void **state)
{
    struct kit *kit = *state;
    static const char *const threads[] = {NULL, "", THREAD};
    const struct sph_packet_context context = kit_context(kit, &kit->ngo, &kit->lawyer);
    for (size_t i = 0; i < COUNT(threads); i++) {
        sph_err err = {0};
        sph_notice notice;
        sph_findings findings = {0};
        SPH_AUTO(sph_buf) built = sph_buf_init(ROOM);
        SPH_AUTO_PTR(sph_packet) *packet = NULL;
        const struct sph_notice_delivered what = {.to = "la.legalaid.example",
                                                  .packet_id = ONE,
                                                  .sha256 = sph_sha256_of(SPH_LIT("a packet")),
                                                  .thread_id = threads[i],
                                                  .seq = i == 2 ? 7 : 0};
        build_delivered(kit, &what, &built);
        assert_ok(sph_packet_check(sph_buf_peek(&built), &context, &findings, &packet, &err), &err);
        assert_ok(sph_notice_read(packet, &notice, &err), &err);
        const sph_packet_header *header = sph_packet_header_of(packet);
        assert_string_equal(notice.kind, SPH_NOTICE_DELIVERED);
        assert_int_equal(notice.target_count, 1);
        assert_string_equal(notice.target[0].packet_id, ONE);
        assert_true(notice.target[0].has_sha256);
        assert_memory_equal(notice.target[0].sha256.at, what.sha256.at, 32);
        assert_string_equal(notice.reason, "");
        assert_string_equal(header->thread_id, i == 2 ? THREAD : "");
        assert_int_equal(header->seq, i == 2 ? 7 : 0);
        assert_string_equal(header->retention_class, "R1");
        assert_int_equal(header->classification, SPH_CLASS_PARTNERS);
    }
}

static void notice_is_shown_in_three_languages(void **state)
{
    static const struct {
        enum sph_lang lang;
        const char *title, *line;
    } rows[] = {
        {SPH_LANG_EN, "has come to its recipient", "About packet: " ONE},
        {SPH_LANG_LO, "ຮອດຜູ້ຮັບແລ້ວ", "ກ່ຽວກັບແພັກເກັດ: " ONE},
        {SPH_LANG_TH, "ถึงผู้รับแล้ว", "เกี่ยวกับแพ็กเก็ต: " ONE},
    };
    struct kit *kit = *state;
    sph_err err = {0};
    SPH_AUTO(sph_buf) built = sph_buf_init(ROOM);
    SPH_AUTO_PTR(sph_packet) *packet = NULL;
    kit_build(kit, &kit->ngo, KIT_NOTICE, none(), &built);
    assert_ok(sph_packet_reopen(sph_buf_peek(&built), sph_limits_default(), &packet, &err), &err);
    for (size_t i = 0; i < COUNT(rows); i++) {
        SPH_AUTO(sph_buf) title = sph_buf_init(8192);
        SPH_AUTO(sph_buf) page = sph_buf_init(65536);
        assert_ok(sph_packet_title(packet, rows[i].lang, &title, &err), &err);
        assert_slice_is(sph_buf_peek(&title), rows[i].title);
        assert_ok(sph_packet_render_text(packet, rows[i].lang, &page, &err), &err);
        if (sph_slice_find(sph_buf_peek(&page), sph_slice_str(rows[i].line), 0) == SIZE_MAX)
            print_message("%s\n", sph_buf_text(&page));
        assert_true(sph_slice_find(sph_buf_peek(&page), sph_slice_str(rows[i].line), 0) !=
                    SIZE_MAX);
    }
}

static sph_rc draft_and_read_once(void *ctx, sph_err *err)
{
    sph_notice notice;
    SPH_AUTO_PTR(sph_json) *draft = NULL;
    const struct sph_notice_delivered what = {
        .to = "la.legalaid.example", .packet_id = ONE, .thread_id = THREAD, .seq = 2};
    SPH_TRY(sph_notice_delivered_draft(&what, &draft, err), err, "draft");
    return sph_notice_read(ctx, &notice, err);
}

static void notice_drafting_and_reading_say_when_memory_runs_out(void **state)
{
    struct kit *kit = *state;
    sph_err err = {0};
    SPH_AUTO(sph_buf) built = sph_buf_init(ROOM);
    SPH_AUTO_PTR(sph_packet) *packet = NULL;
    kit_build(kit, &kit->ngo, KIT_NOTICE, none(), &built);
    assert_ok(sph_packet_reopen(sph_buf_peek(&built), sph_limits_default(), &packet, &err), &err);
    assert_in_range(test_alloc_each_failure(draft_and_read_once, packet), 2, 1000);
}

int test_notice(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notice_of_each_kind_is_read_and_only_delivered_is_sent),
        cmocka_unit_test(notice_kinds_are_those_of_the_list),
        cmocka_unit_test(notice_delivered_holds_one_packet_and_its_digest),
        cmocka_unit_test(notice_of_another_kind_says_why_and_what_to_do),
        cmocka_unit_test(notice_of_erasure_proves_each_key_destroyed),
        cmocka_unit_test(notice_is_short),
        cmocka_unit_test(notice_goes_by_its_audience),
        cmocka_unit_test(notice_is_read_back_whole),
        cmocka_unit_test(notice_delivered_is_made_in_a_thread_and_without),
        cmocka_unit_test(notice_is_shown_in_three_languages),
        cmocka_unit_test(notice_drafting_and_reading_say_when_memory_runs_out),
    };
    return cmocka_run_group_tests_name("notice", tests, kit_setup, kit_teardown);
}
