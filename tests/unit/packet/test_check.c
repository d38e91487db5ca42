#include "packet/signature.h"
#include "packet/xsd_findings.h"
#include "packet_kit.h"

int test_check(void);

/* A change of the written document that is signed again, so that only the rule under test can
 * refuse. */
struct change {
    const char *draft; /* which document */
    const char *from, *to;
    const char *rule;
};

static sph_slice none(void)
{
    return sph_slice_of(NULL, 0);
}

/* Replace the first `from` by `to`; the test fails when it is not there. */
static void replace(sph_slice text, const char *from, const char *to, sph_buf *out)
{
    sph_err err = {0};
    const sph_slice what = sph_slice_str(from);
    const size_t at = sph_slice_find(text, what, 0);
    if (at == SIZE_MAX)
        print_message("not in the document: %s\n", from);
    assert_true(at != SIZE_MAX);
    assert_ok(sph_buf_add(out, sph_slice_sub(text, 0, at), &err), &err);
    assert_ok(sph_buf_add_text(out, to, &err), &err);
    assert_ok(sph_buf_add(out, sph_slice_sub(text, at + what.len, text.len), &err), &err);
}

/* Cut the signature off and sign what is left. */
static void sign_again(const struct kit_party *signer, sph_slice document, sph_buf *out)
{
    sph_err err = {0};
    const struct sph_packet_signer with = kit_signer(signer);
    const size_t end = sph_slice_find(document, SPH_LIT("<ds:Signature"), 0);
    assert_true(end != SIZE_MAX);
    /* The writer needs an open Packet: write it, then the rest raw. */
    SPH_AUTO_PTR(sph_xml_writer) *w = NULL;
    const sph_slice start = SPH_LIT("<Packet xmlns=\"urn:saphan:packet:1\">");
    assert_true(sph_slice_starts(document, start));
    const size_t at = out->len;
    assert_ok(sph_xml_writer_new(sph_packet_prefixes, out, &w, &err), &err);
    sph_xml_open(w, "Packet");
    sph_xml_raw(w, sph_slice_sub(document, start.len, end - start.len));
    assert_ok(sph_signature_write(w, out, at, &with, KIT_NOW, &err), &err);
}

static const struct kit_party *author_of(const struct kit *kit, const char *draft)
{
    return strcmp(draft, KIT_REQUEST) == 0 ? &kit->lawyer : &kit->ngo;
}

static const struct kit_party *reader_of(const struct kit *kit, const char *draft)
{
    return strcmp(draft, KIT_REQUEST) == 0 ? &kit->ngo : &kit->lawyer;
}

static void expect_change(struct kit *kit, const struct change *change)
{
    SPH_AUTO(sph_buf) built = sph_buf_init(1 << 20);
    SPH_AUTO(sph_buf) changed = sph_buf_init(1 << 20);
    SPH_AUTO(sph_buf) again = sph_buf_init(1 << 20);
    const struct kit_party *author = author_of(kit, change->draft);
    const struct sph_packet_context context =
        kit_context(kit, author, reader_of(kit, change->draft));
    kit_build(kit, author, change->draft, none(), &built);
    replace(sph_buf_peek(&built), change->from, change->to, &changed);
    sign_again(author, sph_buf_peek(&changed), &again);
    if (getenv("SAPHAN_TEST_VERBOSE"))
        print_message("  %s -> %s: %s\n", change->from, change->to,
                      change->rule ? change->rule : "-");
    kit_expect(kit, &context, sph_buf_peek(&again), change->rule);
}

static void expect_changes(struct kit *kit, const struct change *changes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        expect_change(kit, &changes[i]);
}
#define CHANGES(kit, changes)                                                                      \
    expect_changes((kit), (changes), sizeof(changes) / sizeof((changes)[0]))

static void check_sample_of_each_type_passes(void **state)
{
    struct kit *kit = *state;
    static const char *const drafts[] = {KIT_REQUEST, KIT_RESPONSE, KIT_RESOURCE, KIT_CASE,
                                         KIT_NOTICE};
    for (size_t i = 0; i < sizeof(drafts) / sizeof(drafts[0]); i++) {
        SPH_AUTO(sph_buf) built = sph_buf_init(1 << 20);
        const struct kit_party *author = author_of(kit, drafts[i]);
        struct sph_packet_context context = kit_context(kit, author, reader_of(kit, drafts[i]));
        kit_build(kit, author, drafts[i], none(), &built);
        kit_expect(kit, &context, sph_buf_peek(&built), NULL);
        context.is_sending = false;
        kit_expect(kit, &context, sph_buf_peek(&built), NULL);
    }
}

static void check_header_field_missing_repeated_or_wrong_is_refused(void **state)
{
    static const struct change changes[] = {
        {KIT_REQUEST, "<packetId>urn:uuid:2f1c", "<packetId>urn:uuid:XX1c", "XSD"},
        {KIT_REQUEST, "<nonce>AQIDBAUGBwgJCgsMDQ4PEA==</nonce>", "", "XSD"},
        {KIT_REQUEST, "<nonce>AQIDBAUGBwgJCgsMDQ4PEA==", "<nonce>AQIDBAUGBwgJCgsM", "PK-01"},
        {KIT_REQUEST, "<type>assistance-request", "<type>referral", "PK-08"},
        {KIT_REQUEST, "<type>assistance-request", "<type>resource", "PK-08"},
        {KIT_REQUEST, "<schemaVersion>1.0", "<schemaVersion>2.0", "XSD"},
        {KIT_REQUEST, "<mode>training", "<mode>production", "PK-02"},
        {KIT_REQUEST, "<mode>training", "<mode>test", "XSD"},
        {KIT_REQUEST, "role=\"lawyer\"", "role=\"wizard\"", "PK-08"},
        {KIT_REQUEST, " role=\"lawyer\"", "", "XSD"},
        {KIT_REQUEST, "<audience>th.ngo.example</audience>", "", "XSD"},
        {KIT_REQUEST, "<audience>th.ngo.example", "<audience>TH.NGO", "XSD"},
        {KIT_REQUEST, "<audience>th.ngo.example", "<audience>th.other.example", "PK-06"},
        {KIT_REQUEST, "<audience>th.ngo.example", "<audience>all", "PK-FIELDS"},
        {KIT_REQUEST, "<threadId>urn:uuid:7b0d9a34-1c55-4f0e-8a72-3f9c2d1e6b70</threadId>", "",
         "PK-FIELDS"},
        {KIT_REQUEST, "<seq>1</seq>", "", "PK-FIELDS"},
        {KIT_REQUEST, "<seq>1", "<seq>0", "XSD"},
        {KIT_REQUEST, "<seq>1", "<seq>๑", "XSD"},
        {KIT_REQUEST, "<issuedAt>2026-11-24T11:30:00Z", "<issuedAt>2026-11-24T18:30:00+07:00",
         "XSD"},
        {KIT_REQUEST, "<issuedAt>2026-11-24", "<issuedAt>2569-11-24", "XSD"},
        {KIT_REQUEST, "<issuedAt>2026-11-24", "<issuedAt>2026-11-22", "SIG"},
        {KIT_REQUEST, "<issuedAt>2026-11-24T11:30:00Z", "<issuedAt>2026-11-24T11:36:00Z", "PK-07"},
        {KIT_REQUEST, "<classification>partners", "<classification>secret", "XSD"},
        {KIT_REQUEST, "<classification>partners", "<classification>sealed", "SCOPE"},
        {KIT_REQUEST, "<personalData>none", "<personalData>some", "XSD"},
        {KIT_REQUEST, "<personalData>none", "<personalData>pseudonymous", "PK-20"},
        {KIT_REQUEST, "<personalData>none", "<personalData>identifying", "PK-04"},
        {KIT_RESPONSE, "<personalData>none", "<personalData>pseudonymous", "SCOPE"},
        {KIT_REQUEST, "<purpose>legal-information", "<purpose>marketing", "PK-08"},
        {KIT_REQUEST, "\">public-task", "\">because", "PK-08"},
        {KIT_REQUEST, "instrument=\"la-th-mou\"", "instrument=\"none\"", "PK-08"},
        {KIT_REQUEST, "until=\"2029-02-21\"", "until=\"2572-02-21\"", "XSD"},
        {KIT_REQUEST, "until=\"2029-02-21\"", "until=\"๒๕๗๒-02-21\"", "XSD"},
        {KIT_REQUEST, "until=\"2029-02-21\"", "until=\"2026-11-24\"", "PK-07"},
        {KIT_REQUEST, "until=\"2029-02-21\"", "until=\"2031-02-21\"", "PK-07"},
        {KIT_REQUEST, "class=\"R1\"", "class=\"R9\"", "PK-08"},
        {KIT_REQUEST, "<language>lo</language>", "<language>fr</language>", "XSD"},
        {KIT_REQUEST, "<language>en</language></Header>",
         "<language>en</language><expires>2026-11-01</expires></Header>", "PK-07"},
        {KIT_REQUEST, "<language>en</language></Header>",
         "<language>en</language><secret>x</secret></Header>", "XSD"},
        {KIT_REQUEST, "<seq>1</seq>", "<seq>1</seq><seq>1</seq>", "XSD"},
    };
    CHANGES(*state, changes);
}

static void check_consent_rules_hold(void **state)
{
    struct kit *kit = *state;
    static const char basis[] = "<legalBasis instrument=\"palermo\">public-task</legalBasis>";
    static const char consent[] =
        "<legalBasis>consent</legalBasis><consent "
        "ref=\"urn:uuid:55aa0c1e-7d11-4b0a-8f3e-2a6b9c0d1e2f\">"
        "<answer q=\"consents\">%s</answer><answer q=\"purpose\">yes</answer><answer q=\"uses\">yes"
        "</answer><answer q=\"research\">no</answer><answer q=\"access\">yes</answer><answer "
        "q=\"storage\">yes</answer><answer q=\"withdrawal\">yes</answer><scope>legal-aid</scope>%s"
        "</consent>";
    static const struct {
        const char *answer, *more, *rule;
    } rows[] = {{"no", "", "PK-03"},
                {"yes", "<withheldFrom>police</withheldFrom>", "PK-05"},
                {"no", "<overridden>child-protection</overridden>", "PK-05"}};
    (void)kit;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sph_err err = {0};
        char to[1024];
        assert_ok(sph_str_format(to, sizeof(to), &err, consent, rows[i].answer, rows[i].more),
                  &err);
        SPH_AUTO(sph_buf) text = sph_buf_init(2048);
        assert_ok(sph_buf_addf(&text, &err,
                               "<personalData>pseudonymous</personalData><purpose>"
                               "case-law</purpose>%s",
                               to),
                  &err);
        SPH_AUTO(sph_buf) from = sph_buf_init(2048);
        assert_ok(sph_buf_addf(&from, &err,
                               "<personalData>none</personalData><purpose>case-law</purpose>%s",
                               basis),
                  &err);
        const struct change change = {KIT_CASE, sph_buf_text(&from), sph_buf_text(&text),
                                      rows[i].rule};
        expect_change(kit, &change);
    }
    static const struct change missing = {
        KIT_CASE,
        "<personalData>none</personalData><purpose>case-law</purpose><legalBasis "
        "instrument=\"palermo\">public-task</legalBasis>",
        "<personalData>pseudonymous</personalData><purpose>case-law</purpose><legalBasis>consent"
        "</legalBasis>",
        "PK-03"};
    expect_change(kit, &missing);
}

static void check_request_field_missing_repeated_or_wrong_is_refused(void **state)
{
    static const struct change changes[] = {
        {KIT_REQUEST, "<subtype>information</subtype>", "", "XSD"},
        {KIT_REQUEST, "<subtype>information", "<subtype>magic", "PK-08"},
        {KIT_REQUEST, "<subtype>information", "<subtype>case-status", "SCOPE"},
        {KIT_REQUEST, "src=\"original\"", "src=\"human\"", "PK-08"},
        {KIT_REQUEST, "src=\"human\"", "src=\"original\"", "PK-08"},
        {KIT_REQUEST, "xml:lang=\"th\"", "xml:lang=\"lo\"", "PK-08"},
        {KIT_REQUEST, "xml:lang=\"th\"", "xml:lang=\"fr\"", "PK-08"},
        {KIT_REQUEST, "src=\"original\"", "src=\"guess\"", "XSD"},
        {KIT_REQUEST, "<topic>compensation", "<topic>weather", "PK-08"},
        {KIT_REQUEST, "<location>TH-43</location>", "", "XSD"},
        {KIT_REQUEST, "<location>TH-43", "<location>TH-99", "PK-08"},
        {KIT_REQUEST, "<location>TH-43", "<location>Main Street 4", "XSD"},
        {KIT_REQUEST, "<urgency>normal", "<urgency>soon", "PK-08"},
        {KIT_REQUEST, "<urgency>normal", "<urgency>court-deadline", "PK-FIELDS"},
        {KIT_REQUEST, "<urgency>normal", "<urgency date=\"2026-12-01\">court-deadline", NULL},
        {KIT_REQUEST, "<urgency>normal", "<urgency date=\"2569-12-01\">court-deadline", "XSD"},
        {KIT_REQUEST, "<capacity>legal-aid", "<capacity>friend", "PK-08"},
        {KIT_REQUEST, "</capacity>", "</capacity><mandate>true</mandate>", "PK-20"},
        {KIT_REQUEST, "</capacity>", "</capacity><mandate>true</mandate>", "PK-05"},
        {KIT_REQUEST, "</capacity>", "</capacity><caseRef>000G4-0R40M-30E20-9185G-M</caseRef>",
         "PK-20"},
        {KIT_REQUEST, "</capacity>",
         "</capacity><person ageBand=\"18-24\" child=\"false\"></person>", "PK-20"},
        {KIT_REQUEST, "</capacity>", "</capacity><stage>trial</stage>", "PK-20"},
        {KIT_REQUEST, "<wanted>procedure</wanted><wanted>contact-point</wanted>", "", "XSD"},
        {KIT_REQUEST, "<wanted>procedure", "<wanted>everything", "PK-08"},
        {KIT_REQUEST, "<replyBy>2026-12-20", "<replyBy>2569-12-20", "XSD"},
        {KIT_REQUEST, "<replyBy>2026-12-20", "<replyBy>໒໐໒໖-12-20", "XSD"},
        {KIT_REQUEST, "<replyBy>2026-12-20</replyBy>",
         "<replyBy>2026-12-20</replyBy><replyBy>2026-12-21</replyBy>", "XSD"},
        {KIT_REQUEST, "<answerLanguage>lo", "<answerLanguage>vi", "XSD"},
        {KIT_REQUEST, "<notMLA>true", "<notMLA>false", "XSD"},
        {KIT_REQUEST, "<notMLA>true</notMLA>", "", "XSD"},
        {KIT_REQUEST, "<notMLA>true</notMLA>", "<notMLA>true</notMLA><hiv>no</hiv>", "XSD"},
        {KIT_REQUEST, "</Body>",
         "</Body><Sealed Id=\"s1\" purpose=\"identity\"><x:EncryptedData "
         "xmlns:x=\"http://www.w3.org/2001/04/xmlenc#\"></x:EncryptedData></Sealed>",
         "PK-20"},
    };
    CHANGES(*state, changes);
}

static void check_response_field_missing_repeated_or_wrong_is_refused(void **state)
{
    static const struct change changes[] = {
        {KIT_RESPONSE, "<action>answer</action>", "", "XSD"},
        {KIT_RESPONSE, "<action>answer", "<action>shrug", "PK-08"},
        {KIT_RESPONSE, "<action>answer", "<action>decline", "PK-FIELDS"},
        {KIT_RESPONSE, "<action>answer</action>",
         "<action>decline</action><reason>capacity</reason>", NULL},
        {KIT_RESPONSE, "<action>answer</action>", "<action>decline</action><reason>mood</reason>",
         "PK-08"},
        {KIT_RESPONSE, "<action>answer", "<action>transfer", "PK-FIELDS"},
        {KIT_RESPONSE, "<linked>urn:uuid:9a6e0f1d", "<linked>urn:uuid:zzzzzzzz", "XSD"},
        {KIT_RESPONSE, "<nextStep due=\"2026-12-24\">", "<nextStep due=\"2569-12-24\">", "XSD"},
        {KIT_RESPONSE, "</nextStep>", "</nextStep><satisfaction>4</satisfaction>", "PK-FIELDS"},
        {KIT_RESPONSE, "</nextStep>", "</nextStep><satisfaction>6</satisfaction>", "XSD"},
        {KIT_RESPONSE, "<inReplyTo>urn:uuid:2f1c7a52-5d0e-4b7e-9c1a-0d6f3b8e4a11</inReplyTo>", "",
         "PK-FIELDS"},
    };
    CHANGES(*state, changes);
}

static void check_resource_field_missing_repeated_or_wrong_is_refused(void **state)
{
    static const struct change changes[] = {
        {KIT_RESOURCE, "<subtype>legal-aid-service", "<subtype>casino", "PK-08"},
        {KIT_RESOURCE, "<provider>th.ngo.example</provider>", "", "XSD"},
        {KIT_RESOURCE, "<service>Legal", "<service>Massage", "PK-08"},
        {KIT_RESOURCE, "status=\"presumed\"", "status=\"maybe\"", "PK-08"},
        {KIT_RESOURCE, "menAccepted=\"true\"", "menAccepted=\"1\"", "XSD"},
        {KIT_RESOURCE, "<nationality>LA", "<nationality>XX", "PK-08"},
        {KIT_RESOURCE, "<coverage>TH-10", "<coverage>TH-1", "PK-08"},
        {KIT_RESOURCE, "<serviceLanguage>tha", "<serviceLanguage>klingon", "PK-08"},
        {KIT_RESOURCE, "zone=\"Asia/Bangkok\"", "zone=\"Europe/Paris\"", "XSD"},
        {KIT_RESOURCE, "from=\"09:00\"", "from=\"25:00\"", "XSD"},
        {KIT_RESOURCE, "name=\"MO\"", "name=\"XX\"", "PK-08"},
        {KIT_RESOURCE, "<cost>free", "<cost>cheap", "PK-08"},
        {KIT_RESOURCE, "kind=\"phone\"", "kind=\"telex\"", "PK-08"},
        {KIT_RESOURCE, "<value>+66000000000", "<value>0200000", "PK-FIELDS"},
        {KIT_RESOURCE, "<reachableFrom>TH", "<reachableFrom>MARS", "PK-08"},
        {KIT_RESOURCE, "<referralMethod>referral-packet", "<referralMethod>pigeon", "PK-08"},
        {KIT_RESOURCE, "<lastVerified>2026-10-01", "<lastVerified>2569-10-01", "XSD"},
        {KIT_RESOURCE, "<reverifyBy>2026-12-30", "<reverifyBy>2026-09-30", "PK-FIELDS"},
        {KIT_RESOURCE, "<licence>CC-BY-4.0</licence>", "", "XSD"},
        {KIT_RESOURCE, "<licence>CC-BY-4.0", "<licence>mine", "PK-08"},
        {KIT_RESOURCE, "<licence>", "<document>a1</document><licence>", "PK-FIELDS"},
        {KIT_RESOURCE, "<licence>", "<address>Main Street</address><licence>", "XSD"},
        {KIT_RESOURCE, "<issuedAt>",
         "<threadId>urn:uuid:7b0d9a34-1c55-4f0e-8a72-3f9c2d1e6b70</threadId><issuedAt>",
         "PK-FIELDS"},
    };
    CHANGES(*state, changes);
}

static void check_case_field_missing_repeated_or_wrong_is_refused(void **state)
{
    static const struct change changes[] = {
        {KIT_CASE, "form=\"reference-only\"", "form=\"akn\"", "PK-FIELDS"},
        {KIT_CASE, "<level>first-instance", "<level>moon", "PK-08"},
        {KIT_CASE, "kind=\"black\"", "kind=\"blue\"", "PK-08"},
        {KIT_CASE, "<decisionDate>2019-05-02", "<decisionDate>2562-05-02", "XSD"},
        {KIT_CASE, "<decisionDate>2019-05-02", "<decisionDate>๒๕๖๒-๐๕-๐๒", "XSD"},
        {KIT_CASE, "<finality>final", "<finality>almost", "PK-08"},
        {KIT_CASE, "<outcome>convicted", "<outcome>lost", "PK-08"},
        {KIT_CASE, "<act>recruit", "<act>blink", "PK-08"},
        {KIT_CASE, "<means>deception", "<means>magic", "PK-08"},
        {KIT_CASE, "<exploitation>ForcedLabour", "<exploitation>Fun", "PK-08"},
        {KIT_CASE, "<control>DebtBondage", "<control>Remote", "PK-08"},
        {KIT_CASE, "<sector>A", "<sector>Z", "PK-08"},
        {KIT_CASE, "<stop>LA-VT", "<stop>nowhere", "XSD"},
        {KIT_CASE, "sex=\"Masculine\"", "sex=\"m\"", "PK-08"},
        {KIT_CASE, "<victims ", "<victims name=\"Invented Person\" ", "XSD"},
        {KIT_CASE, "initials=\"A. B.\"", "initials=\"Invented Person\"", "XSD"},
        {KIT_CASE, "amount=\"250000\"", "amount=\"-1\"", "XSD"},
        {KIT_CASE, "currency=\"THB\"", "currency=\"baht\"", "XSD"},
        {KIT_CASE, "state=\"ordered\"", "state=\"lost\"", "PK-08"},
        {KIT_CASE, "<citedCase>/akn", "<citedCase>akn", "XSD"},
        {KIT_CASE, "secondRole=\"approver\"", "secondRole=\"publisher\"", "AKN-07"},
        {KIT_CASE, " date=\"2026-11-20\"", "", "XSD"},
    };
    CHANGES(*state, changes);
}

static void check_hidden_or_unordered_characters_are_refused(void **state)
{
    static const struct change changes[] = {
        {KIT_REQUEST, "How can", "How\xe2\x80\xae can", "PK-09"},    /* U+202E */
        {KIT_REQUEST, "How can", "Ho\xe2\x80\x8bw can", "PK-09"},    /* U+200B between Latin */
        {KIT_REQUEST, "How can", "How \xee\x80\x80 can", "PK-09"},   /* private use */
        {KIT_REQUEST, "How can", "How e\xcc\x81 can", "PK-09"},      /* not NFC */
        {KIT_REQUEST, "How can", "How \x7f can", "PK-09"},           /* control */
        {KIT_CASE, "อ.101/2562", "อ.101\xe2\x81\xa6/2562", "PK-09"}, /* U+2066 in a number */
    };
    CHANGES(*state, changes);
}

static void check_leaks_in_each_script_are_refused(void **state)
{
    static const struct change changes[] = {
        {KIT_REQUEST, "How can", "Write to somchai@example.org. How can", "PK-10"},
        {KIT_REQUEST, "How can", "Call 020 0000 0000. How can", "PK-10"},
        {KIT_REQUEST, "How can", "Her number is 1-2345-67890-12-1. How can", "PK-10"},
        {KIT_REQUEST, "How can", "Passport AA1234567. How can", "PK-10"},
        {KIT_REQUEST, "ผู้เสียหาย", "โทร ๐๘๑-๒๓๔-๕๖๗๘ ผู้เสียหาย", "PK-10"},
        {KIT_REQUEST, "ຜູ້ເສຍຫາຍ", "ໂທ ໐໒໐ ໕໕໕໕ ໐໐໐໐ ຜູ້ເສຍຫາຍ", "PK-10"},
        {KIT_REQUEST, "ຜູ້ເສຍຫາຍ", "໑໒໓໔\xe2\x80\x8b໕໖໗໘໙໐໑໒໑ ຜູ້ເສຍຫາຍ", "PK-10"}, /* zero width */
        {KIT_RESOURCE, "Free legal advice", "Free legal advice, call +66 81 234 5678", "PK-10"},
        {KIT_RESPONSE, "File the claim", "File the claim of A1234567", "PK-10"},
        {KIT_CASE, "<charge>trafficking", "<charge>081-234-5678 trafficking", "PK-10"},
    };
    CHANGES(*state, changes);
}

static void check_leak_finding_says_line_and_hides_value_from_receiver(void **state)
{
    struct kit *kit = *state;
    sph_err err = {0};
    SPH_AUTO(sph_buf) built = sph_buf_init(1 << 20);
    sph_findings findings = {0};
    sph_packet *packet = NULL;
    struct sph_packet_context context = kit_context(kit, &kit->lawyer, &kit->ngo);
    SPH_AUTO(sph_buf) draft = sph_buf_init(1 << 16);
    replace(SPH_LIT(KIT_REQUEST), "How can", "One\\ntwo\\nthree\\n020 0000 0000 How can", &draft);
    kit_build(kit, &kit->lawyer, sph_buf_text(&draft), none(), &built);
    assert_code(sph_packet_check(sph_buf_peek(&built), &context, &findings, &packet, &err),
                SPH_EREFUSED, &err);
    assert_int_equal(findings.count, 1);
    assert_string_equal(findings.at[0].rule, "PK-10");
    assert_int_equal(findings.at[0].line, 4);
    assert_int_equal(findings.at[0].column, 1);
    assert_string_equal(findings.at[0].name, "question");
    assert_string_equal(findings.at[0].value, "0•• •••• ••••");
    context.is_sending = false;
    findings = (sph_findings){0};
    assert_code(sph_packet_check(sph_buf_peek(&built), &context, &findings, &packet, &err),
                SPH_EREFUSED, &err);
    assert_string_equal(findings.at[0].value, "…");
}

static void check_finding_speaks_three_languages(void **state)
{
    sph_err err = {0};
    const sph_finding finding = {.rule = "XSD",
                                 .line = 12,
                                 .key = "xsd.buddhist-year",
                                 .name = "replyBy",
                                 .value = "2569-12-20"};
    static const char *const parts[] = {"line 12  XSD  «2569-12-20» in «replyBy»", "ແຖວ 12",
                                        "บรรทัด 12"};
    (void)state;
    for (int lang = 0; lang < SPH_LANG_COUNT; lang++) {
        SPH_AUTO(sph_buf) text = sph_buf_init(2048);
        assert_ok(sph_finding_text(&finding, (enum sph_lang)lang, &text, &err), &err);
        assert_true(sph_slice_starts(sph_buf_peek(&text), sph_slice_str(parts[lang])));
        assert_true(sph_slice_find(sph_buf_peek(&text), SPH_LIT("543"), 0) != SIZE_MAX);
    }
}

/* Nobody is shown a bare code: its label in the reader's language, and the code behind it. */
static void check_finding_names_codes_in_three_languages(void **state)
{
    static const struct {
        const char *key, *name, *value, *wanted[SPH_LANG_COUNT];
    } cases[] = {
        {"packet.matrix-send",
         "case-law",
         "police LA",
         {"«police, Lao PDR (LA)» send Court decision (case-law).",
          "«ຕຳຫຼວດ (police), ສປປ ລາວ (LA)» ສົ່ງ ຄຳຕັດສິນຂອງສານ (case-law).",
          "«ตำรวจ (police), สปป.ลาว (LA)» ส่ง คำพิพากษา (case-law)"}},
        {"packet.matrix-receive",
         "resource",
         "legal-aid",
         {"«legal aid office (legal-aid)» receive", "«ຫ້ອງການຊ່ວຍເຫຼືອທາງກົດໝາຍ (legal-aid)»",
          "«สำนักงานช่วยเหลือทางกฎหมาย (legal-aid)»"}},
        {"packet.mode", "mode", "training", {"(training)", "(training)", "(training)"}},
        /* Not of a list: as it is. */
        {"packet.matrix-send",
         "no-type",
         "nobody",
         {"«nobody» send no-type.", "«nobody»", "«nobody»"}},
        {"packet.code", "topic", "police", {"«police»", "«police»", "«police»"}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sph_findings findings = {0};
        sph_finding_add(&findings, "PK-06", 3, cases[i].key, cases[i].name, cases[i].value);
        for (int lang = 0; lang < SPH_LANG_COUNT; lang++) {
            sph_err err = {0};
            SPH_AUTO(sph_buf) text = sph_buf_init(4096);
            assert_ok(sph_finding_text(&findings.at[0], (enum sph_lang)lang, &text, &err), &err);
            if (sph_slice_find(sph_buf_peek(&text), sph_slice_str(cases[i].wanted[lang]), 0) ==
                SIZE_MAX)
                fail_msg("%s: %s", cases[i].wanted[lang], sph_buf_text(&text));
        }
    }
}

int test_check(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_sample_of_each_type_passes),
        cmocka_unit_test(check_header_field_missing_repeated_or_wrong_is_refused),
        cmocka_unit_test(check_consent_rules_hold),
        cmocka_unit_test(check_request_field_missing_repeated_or_wrong_is_refused),
        cmocka_unit_test(check_response_field_missing_repeated_or_wrong_is_refused),
        cmocka_unit_test(check_resource_field_missing_repeated_or_wrong_is_refused),
        cmocka_unit_test(check_case_field_missing_repeated_or_wrong_is_refused),
        cmocka_unit_test(check_hidden_or_unordered_characters_are_refused),
        cmocka_unit_test(check_leaks_in_each_script_are_refused),
        cmocka_unit_test(check_leak_finding_says_line_and_hides_value_from_receiver),
        cmocka_unit_test(check_finding_speaks_three_languages),
        cmocka_unit_test(check_finding_names_codes_in_three_languages),
    };
    return cmocka_run_group_tests_name("check", tests, kit_setup, kit_teardown);
}
