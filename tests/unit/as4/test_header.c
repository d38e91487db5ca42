#include "kit.h"

#include <stdio.h>

int test_header(void);

/* as4.md 5.2, 5.3 and the limits of 14.1, on messages that their sender signed. */

static const struct kit *kit(void)
{
    return kit_of(SPH_SUITE_EDELIVERY_2_0_ED25519);
}

struct row {
    const char *id, *old, *with;
    enum sph_ebms code;
    const char *rule; /* NULL: accepted */
};

static void run(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct kit_msg msg;
        sph_as4_fault fault = {0};
        kit_message(kit(), &(struct kit_wish){0}, &msg);
        kit_replace(&msg, rows[i].old, rows[i].with);
        if (rows[i].rule != NULL) {
            kit_expect(rows[i].id, &msg, rows[i].code, rows[i].rule);
        } else {
            kit_resign(&msg, kit()->there.sign_key);
            if (!kit_judge(&msg, &fault))
                fail_msg("%s refused: %s", rows[i].id, fault.detail);
        }
        kit_msg_clear(&msg);
    }
}
#define RUN(rows) run(rows, sizeof(rows) / sizeof(rows[0]))

#define ID "<eb:MessageId>" KIT_MESSAGE_ID "</eb:MessageId>"
#define TIME "<eb:Timestamp>2026-11-18T11:06:40.000Z</eb:Timestamp>"
#define S "header.schema"
#define V "header.value"

static void header_message_id_that_is_not_left_at_right_is_refused(void **state)
{
    (void)state;
    static const char *const ids[] = {
        "",       "plain",       "a@b@c",       "@b",     "a@",   "&lt;a@b&gt;",
        "a b@c",  "a@b\r\nX: y", "../../etc@x", "a\\b@c", ".a@b", "a.@b",
        "a..b@c", "a@.b",        "\xC3\xA9@b",  "a@b c"};
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        char with[200];
        (void)snprintf(with, sizeof(with), "<eb:MessageId>%s</eb:MessageId>", ids[i]);
        const struct row row = {"A-11", ID, with, SPH_EBMS_0009,
                                ids[i][0] == 0 ? V : "header.message-id"};
        run(&row, 1);
        (void)snprintf(with, sizeof(with), ID "<eb:RefToMessageId>%s</eb:RefToMessageId>", ids[i]);
        run(&row, 1);
    }
    static char big[10500] = "<eb:MessageId>a@";
    memset(big + 16, 'x', 10240);
    strcpy(big + 16 + 10240, "</eb:MessageId>");
    const struct row row = {"A-11 10 KB", ID, big, SPH_EBMS_0009, V};
    run(&row, 1);
}

/** 255 characters are taken, 256 are not. */
static void header_ids_keep_their_limit(void **state)
{
    (void)state;
    for (size_t len = 255; len <= 256; len++) {
        char with[400] = "<eb:MessageId>a@";
        const size_t at = strlen(with);
        memset(with + at, 'x', len - 2);
        strcpy(with + at + len - 2, "</eb:MessageId>");
        const struct row row = {"id limit", ID, with, SPH_EBMS_0009, len == 255 ? NULL : V};
        run(&row, 1);
    }
}

static void header_timestamp_needs_a_zone_and_a_real_date(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"no zone", TIME, "<eb:Timestamp>2026-11-18T11:06:40</eb:Timestamp>", SPH_EBMS_0009,
         "header.timestamp"},
        {"date only", TIME, "<eb:Timestamp>2026-11-18</eb:Timestamp>", SPH_EBMS_0009,
         "header.timestamp"},
        {"no such month", TIME, "<eb:Timestamp>2026-13-18T11:06:40Z</eb:Timestamp>", SPH_EBMS_0009,
         "header.timestamp"},
        {"Buddhist Era", TIME, "<eb:Timestamp>2569-11-18T11:06:40Z</eb:Timestamp>", SPH_EBMS_0009,
         "header.timestamp"},
        {"empty", TIME, "<eb:Timestamp></eb:Timestamp>", SPH_EBMS_0009, V},
        {"absent", TIME, "", SPH_EBMS_0009, S},
        {"offset", TIME, "<eb:Timestamp>2026-11-18T18:06:40+07:00</eb:Timestamp>", 0, NULL},
        {"no fraction", TIME, "<eb:Timestamp>2026-11-18T11:06:40Z</eb:Timestamp>", 0, NULL},
    };
    RUN(rows);
}

#define EB_NS "http://docs.oasis-open.org/ebxml-msg/ebms/v3.0/ns/core/200704/"

static void header_elements_out_of_schema_are_refused(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"order", ID "</eb:MessageInfo>", "</eb:MessageInfo>" ID, SPH_EBMS_0009, S},
        {"unknown element", "</eb:MessageInfo>", "<eb:X></eb:X></eb:MessageInfo>", SPH_EBMS_0009,
         S},
        {"unknown in UserMessage", "</eb:UserMessage>", "<eb:X></eb:X></eb:UserMessage>",
         SPH_EBMS_0009, S},
        {"text", "<eb:PartyInfo>", "<eb:PartyInfo>text", SPH_EBMS_0009, S},
        {"attribute", "<eb:MessageInfo>", "<eb:MessageInfo x=\"y\">", SPH_EBMS_0009, S},
        {"qualified attribute", "<eb:Action>", "<eb:Action eb:x=\"y\">", SPH_EBMS_0009, S},
        {"no role", "<eb:Role>" EB_NS "initiator</eb:Role>", "", SPH_EBMS_0009, S},
        {"empty role", "<eb:Role>" EB_NS "initiator", "<eb:Role>", SPH_EBMS_0009, V},
        {"empty party", ">there.example<", "><", SPH_EBMS_0009, V},
        {"empty action", ">a2<", "><", SPH_EBMS_0009, V},
        {"no conversation", "<eb:ConversationId>T-1</eb:ConversationId>", "", SPH_EBMS_0009, S},
        {"empty conversation", ">T-1<", "><", 0, NULL},
        {"empty PayloadInfo", "<eb:PayloadInfo>",
         "<eb:PayloadInfo></eb:PayloadInfo><eb:PayloadInfo>", SPH_EBMS_0009, S},
        {"second UserMessage", "</eb:UserMessage>",
         "</eb:UserMessage><eb:UserMessage></eb:UserMessage>", SPH_EBMS_0009, S},
        {"foreign in Messaging", "</eb:UserMessage>",
         "</eb:UserMessage><x:Y xmlns:x=\"urn:x\"></x:Y>", SPH_EBMS_0009, S},
        {"not understood", "mustUnderstand=\"true\"", "mustUnderstand=\"false\"", SPH_EBMS_0009,
         "soap.messaging"},
        {"SOAP 1.1", "http://www.w3.org/2003/05/soap-envelope",
         "http://schemas.xmlsoap.org/soap/envelope/", SPH_EBMS_0009, "soap.envelope"},
        {"message fragment", "<wsse:Security",
         "<mf:MessageFragment "
         "xmlns:mf=\"http://docs.oasis-open.org/ebxml-msg/ns/v3.0/mf/2010/04/\" "
         "env:mustUnderstand=\"true\"></mf:MessageFragment><wsse:Security",
         SPH_EBMS_0008, "soap.must-understand"},
        {"wsu:Timestamp", "<ds:Signature ",
         "<u:Timestamp "
         "xmlns:u=\"http://docs.oasis-open.org/wss/2004/01/"
         "oasis-200401-wss-wssecurity-utility-1.0.xsd\"></u:Timestamp><ds:Signature ",
         0, NULL},
        {"mustUnderstand 1", "mustUnderstand=\"true\"", "mustUnderstand=\"1\"", 0, NULL},
        {"mpc", "<eb:UserMessage>", "<eb:UserMessage mpc=\"urn:saphan:mpc:1\">", 0, NULL},
        {"agreement", "<eb:CollaborationInfo>",
         "<eb:CollaborationInfo><eb:AgreementRef pmode=\"p\" type=\"t\">a</eb:AgreementRef>", 0,
         NULL},
    };
    RUN(rows);
}

#define PROP "<eb:Property name=\"urn:saphan:ledger:checkpoint\">Y2hlY2twb2ludA==</eb:Property>"
#define P(name, value) "<eb:Property name=\"" name "\">" value "</eb:Property>"

static void header_properties_keep_their_rules(void **state)
{
    (void)state;
    static char value[1200], name[400], many[2000];
    static const struct row rows[] = {
        {"no name", "<eb:Property name=\"urn:saphan:ledger:checkpoint\">", "<eb:Property>",
         SPH_EBMS_0009, V},
        {"empty value", ">Y2hlY2twb2ludA==<", "><", SPH_EBMS_0009, V},
        {"name twice", PROP, PROP PROP, SPH_EBMS_0009, V},
        {"none", PROP, "", SPH_EBMS_0009, S},
        {"type", "<eb:Property name=\"urn", "<eb:Property type=\"string\" name=\"urn", 0, NULL},
        {"four corners", PROP, PROP P("originalSender", "a") P("finalRecipient", "b"), 0, NULL},
    };
    RUN(rows);
    for (size_t extra = 0; extra < 2; extra++) {
        (void)snprintf(value, sizeof(value), ">%.*s<", 0, "");
        memset(value + 1, 'v', 1024 + extra);
        strcpy(value + 1 + 1024 + extra, "<");
        strcpy(name, "name=\"");
        memset(name + 6, 'n', 255 + extra);
        strcpy(name + 6 + 255 + extra, "\"");
        many[0] = 0;
        for (size_t i = 0; i < 16 + extra; i++)
            (void)snprintf(many + strlen(many), sizeof(many) - strlen(many),
                           "<eb:Property name=\"p%zu\">x</eb:Property>", i);
        const struct row limits[] = {
            {"value limit", ">Y2hlY2twb2ludA==<", value, SPH_EBMS_0009, extra == 0 ? NULL : V},
            {"name limit", "name=\"urn:saphan:ledger:checkpoint\"", name, SPH_EBMS_0009,
             extra == 0 ? NULL : V},
            {"count limit", PROP, many, SPH_EBMS_0009, extra == 0 ? NULL : V},
        };
        RUN(limits);
    }
}

/** 1,024 characters, not octets: Lao is three octets a character. */
static void header_limits_count_characters(void **state)
{
    (void)state;
    static char value[4000] = ">";
    for (size_t i = 0; i < 1024; i++)
        strcat(value, "\xE0\xBA\x81");
    strcat(value, "<");
    const struct row row = {"Lao", ">Y2hlY2twb2ludA==<", value, 0, NULL};
    run(&row, 1);
}

#define MIME P("MimeType", "application/xml")
#define ZIP P("CompressionType", "application/gzip")

static void header_part_properties_keep_their_rules(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"compressed without MimeType", MIME ZIP, ZIP, SPH_EBMS_0303, "header.compression"},
        {"other compression", ZIP, P("CompressionType", "application/zip"), SPH_EBMS_0303,
         "header.compression"},
        {"two MimeTypes", MIME, MIME MIME, SPH_EBMS_0009, V},
        {"CharacterSet", MIME, MIME P("CharacterSet", "utf-8"), 0, NULL},
        {"other property", MIME, MIME P("x", "y"), 0, NULL},
        {"part twice", "<eb:PayloadInfo>",
         "<eb:PayloadInfo><eb:PartInfo href=\"cid:a@b\"></eb:PartInfo><eb:PartInfo "
         "href=\"cid:a%40b\"></eb:PartInfo>",
         SPH_EBMS_0003, "header.part-repeated"},
        {"no href", "<eb:PayloadInfo>", "<eb:PayloadInfo><eb:PartInfo></eb:PartInfo>",
         SPH_EBMS_0011, "header.href"},
    };
    RUN(rows);
}

static void header_xml_outside_the_rules_is_refused(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"X-01 DOCTYPE", "<env:Envelope", "<!DOCTYPE x><env:Envelope", SPH_EBMS_0009, "soap.xml"},
        {"X-07 comment", ">there.example<", ">there<!---->.example<", SPH_EBMS_0009, "soap.xml"},
        {"X-07 CDATA", ">there.example<", "><![CDATA[there.example]]><", SPH_EBMS_0009, "soap.xml"},
        {"X-12 PI", "<env:Header>", "<?x y?><env:Header>", SPH_EBMS_0009, "soap.xml"},
        {"X-03 prefix", "<env:Header>", "<env:Header><x:a></x:a>", SPH_EBMS_0009, "soap.xml"},
        {"X-05 encoding", "<env:Envelope",
         "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><env:Envelope", SPH_EBMS_0009, "soap.xml"},
        {"X-11 NCName", "<env:Header>", "<env:Header Id=\"1 2\">", SPH_EBMS_0009,
         "soap.duplicate-id"},
        {"declaration", "<env:Envelope", "<?xml version=\"1.0\" encoding=\"UTF-8\"?><env:Envelope",
         0, NULL},
        {"BOM", "<env:Envelope", "\xEF\xBB\xBF<env:Envelope", 0, NULL},
        {"empty", "<env:Envelope", "", SPH_EBMS_0009, "soap.xml"},
    };
    RUN(rows);
}

/** Root part of 256 KiB: white space after the document fills it exactly. */
static void header_root_part_keeps_its_limit(void **state)
{
    (void)state;
    for (size_t extra = 0; extra < 2; extra++) {
        struct kit_msg msg;
        sph_err err = {0};
        sph_as4_fault fault = {0};
        uint8_t *at = NULL;
        kit_message(kit(), &(struct kit_wish){0}, &msg);
        const size_t n = 262144 - msg.root.len + extra;
        kit_good(sph_buf_grow(&msg.root, n, &at, &err), &err);
        memset(at, ' ', n);
        if (extra == 1)
            kit_expect("root limit", &msg, SPH_EBMS_0009, "soap.root-limit");
        else if (!kit_judge(&msg, &fault))
            fail_msg("root of 256 KiB refused: %s", fault.detail);
        kit_msg_clear(&msg);
    }
}

static void header_every_truncation_of_the_root_is_refused(void **state)
{
    (void)state;
    struct kit_msg msg;
    sph_err err = {0};
    kit_message(kit(), &(struct kit_wish){0}, &msg);
    for (size_t n = 0; n < msg.root.len; n += 7) {
        sph_as4_in *in = NULL;
        sph_as4_fault fault = {0};
        assert_int_equal(sph_as4_open_root(sph_slice_sub(sph_buf_peek(&msg.root), 0, n),
                                           sph_limits_default(), &in, &fault, &err)
                             .code,
                         SPH_EREFUSED);
        assert_null(in);
    }
    kit_msg_clear(&msg);
}

int test_header(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_message_id_that_is_not_left_at_right_is_refused),
        cmocka_unit_test(header_ids_keep_their_limit),
        cmocka_unit_test(header_timestamp_needs_a_zone_and_a_real_date),
        cmocka_unit_test(header_elements_out_of_schema_are_refused),
        cmocka_unit_test(header_properties_keep_their_rules),
        cmocka_unit_test(header_limits_count_characters),
        cmocka_unit_test(header_part_properties_keep_their_rules),
        cmocka_unit_test(header_xml_outside_the_rules_is_refused),
        cmocka_unit_test(header_root_part_keeps_its_limit),
        cmocka_unit_test(header_every_truncation_of_the_root_is_refused),
    };
    return cmocka_run_group_tests_name("header", tests, kit_start, kit_stop);
}
