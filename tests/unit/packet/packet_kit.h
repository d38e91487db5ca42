/** A small federation for packet tests: parties with roots and signing keys, drafts, and a document
 * that can be changed and signed again. All names are invented. */
#pragma once

#include <stdlib.h>

#include "base/codec.h"
#include "base/limits.h"
#include "crypto/digest.h"
#include "packet/packet.h"
#include "support/test_assert.h"

#define KIT_NOW 1795519800000 /* 2026-11-24T11:30:00Z */
#define KIT_DAY 86400000

struct kit_party {
    const char *name, *kind, *country;
    sph_key *root_key, *key;
    sph_cert *root, *leaf;
};

struct kit {
    struct sph_schemas schemas;
    struct kit_party lawyer, ngo, ministry;
    unsigned serial;
};

static inline void kit_party_make(struct kit_party *party, const char *name, const char *kind,
                                  const char *country)
{
    sph_err err = {0};
    *party = (struct kit_party){.name = name, .kind = kind, .country = country};
    assert_ok(sph_key_generate(SPH_KEY_P256, &party->root_key, &err), &err);
    assert_ok(sph_key_generate(SPH_KEY_ED25519, &party->key, &err), &err);
    assert_ok(sph_cert_issue_root(party->root_key, name, sph_random_real(), KIT_NOW - KIT_DAY, 3650,
                                  &party->root, &err),
              &err);
    assert_ok(sph_cert_issue_leaf(party->root_key, party->root, name,
                                  sph_key_peek_public(party->key), SPH_USE_SIGN, sph_random_real(),
                                  KIT_NOW - KIT_DAY, 365, &party->leaf, &err),
              &err);
}

static inline void kit_party_clear(struct kit_party *party)
{
    sph_key_free(&party->root_key);
    sph_key_free(&party->key);
    sph_cert_free(&party->root);
    sph_cert_free(&party->leaf);
}

static inline int kit_setup(void **state)
{
    sph_err err = {0};
    struct kit *kit = calloc(1, sizeof(*kit));
    assert_non_null(kit);
    sph_xml_start();
    assert_ok(sph_crypto_start(&err), &err);
    assert_ok(sph_schemas_load(&kit->schemas, &err), &err);
    kit_party_make(&kit->lawyer, "la.legalaid.example", "legal-aid", "LA");
    kit_party_make(&kit->ngo, "th.ngo.example", "ngo", "TH");
    kit_party_make(&kit->ministry, "la.ministry.example", "social-ministry", "LA");
    *state = kit;
    return 0;
}

static inline int kit_teardown(void **state)
{
    struct kit *kit = *state;
    sph_schemas_clear(&kit->schemas);
    kit_party_clear(&kit->lawyer);
    kit_party_clear(&kit->ngo);
    kit_party_clear(&kit->ministry);
    free(kit);
    return 0;
}

static inline struct sph_packet_context
kit_context(const struct kit *kit, const struct kit_party *from, const struct kit_party *to)
{
    return (struct sph_packet_context){.schemas = &kit->schemas,
                                       .limits = sph_limits_default(),
                                       .now_ms = KIT_NOW,
                                       .mode = "training",
                                       .self = to->name,
                                       .self_kind = to->kind,
                                       .self_country = to->country,
                                       .issuer_kind = from->kind,
                                       .issuer_country = from->country,
                                       .issuer_root = from->root,
                                       .is_sending = true};
}

static inline struct sph_packet_new kit_values(struct kit *kit, const struct kit_party *from)
{
    static const uint8_t nonce[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    struct sph_packet_new values = {.nonce = {nonce, sizeof(nonce)},
                                    .party = from->name,
                                    .mode = "training",
                                    .now_ms = KIT_NOW};
    sph_err err = {0};
    assert_ok(sph_str_format(values.packet_id, sizeof(values.packet_id), &err,
                             "urn:uuid:2f1c7a52-5d0e-4b7e-9c1a-%012x", ++kit->serial),
              &err);
    return values;
}

static inline struct sph_packet_signer kit_signer(const struct kit_party *from)
{
    return (struct sph_packet_signer){from->key, from->leaf, from->root};
}

/* Build from JSON text; the result code of the builder. */
static inline sph_rc kit_try_build(struct kit *kit, const struct kit_party *from, const char *json,
                                   sph_slice document, sph_findings *findings, sph_buf *out)
{
    sph_err err = {0};
    sph_json *draft = NULL;
    const struct sph_packet_new values = kit_values(kit, from);
    const struct sph_packet_signer signer = kit_signer(from);
    assert_ok(sph_json_parse(sph_slice_str(json), 1 << 20, &draft, &err), &err);
    const sph_rc rc = sph_packet_build(draft, &values, document, &signer, findings, out, &err);
    sph_json_free(&draft);
    return rc;
}

static inline void kit_print(const sph_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        SPH_AUTO(sph_buf) text = sph_buf_init(4096);
        if (sph_finding_text(&findings->at[i], SPH_LANG_EN, &text, NULL).code == SPH_OK)
            print_message("    %s [%s]\n", sph_buf_text(&text), findings->at[i].key);
    }
}

static inline void kit_build(struct kit *kit, const struct kit_party *from, const char *json,
                             sph_slice document, sph_buf *out)
{
    sph_findings findings = {0};
    const sph_rc rc = kit_try_build(kit, from, json, document, &findings, out);
    if (rc.code != SPH_OK)
        kit_print(&findings);
    assert_int_equal(rc.code, SPH_OK);
}

/* A finding that refuses, of this rule? */
static inline bool kit_has_rule(const sph_findings *findings, const char *rule)
{
    for (size_t i = 0; i < findings->count; i++)
        if (!findings->at[i].is_note && strcmp(findings->at[i].rule, rule) == 0)
            return true;
    return false;
}

/* Check octets; rule NULL: must pass, else must be refused with that rule. */
static inline void kit_expect(const struct kit *kit, const struct sph_packet_context *context,
                              sph_slice octets, const char *rule)
{
    sph_err err = {0};
    sph_findings findings = {0};
    sph_packet *packet = NULL;
    (void)kit;
    const sph_rc rc = sph_packet_check(octets, context, &findings, &packet, &err);
    const bool is_right = rule ? rc.code != SPH_OK && !packet && kit_has_rule(&findings, rule)
                               : rc.code == SPH_OK && packet;
    if (!is_right) {
        print_message("expected %s, got code %d:\n", rule ? rule : "no refusal", (int)rc.code);
        for (unsigned i = 0; i < err.depth && rc.code != SPH_OK; i++)
            print_message("    %s: %s\n", err.frame[i].where, err.frame[i].what);
        kit_print(&findings);
    }
    sph_packet_free(&packet);
    assert_true(is_right);
}

#define KIT_REQUEST                                                                                                                                                   \
    "{\"type\":\"assistance-request\",\"header\":{\"audience\":[\"th.ngo.example\"],"                                                                                 \
    "\"threadId\":\"urn:uuid:7b0d9a34-1c55-4f0e-8a72-3f9c2d1e6b70\"},\"body\":{"                                                                                      \
    "\"question\":{\"lo\":\"ຜູ້ເສຍຫາຍທີ່ກັບຄືນ ສປປ ລາວ ແລ້ວ "                                                 \
    "ສາມາດຮຽກຮ້ອງຄ່າຊົດເຊີຍ ໃນປະເທດໄທ ໄດ້ແນວໃດ?\","                                     \
    "\"th\":{\"text\":\"ผู้เสียหายที่เดินทางกลับ สปป.ลาว แล้ว "                                   \
    "จะเรียกร้องค่าสินไหมทดแทนในประเทศไทยได้อย่างไร\",\"src\":\"human\"," \
    "\"translatorRole\":\"interpreter\"},\"en\":{\"text\":\"How can a victim who has returned to "                                                                    \
    "Lao PDR claim compensation in Thailand?\",\"src\":\"machine\"}},"                                                                                                \
    "\"topic\":[\"compensation\",\"wage-claim\"],\"location\":\"TH-43\",\"capacity\":"                                                                                \
    "\"legal-aid\",\"wanted\":[\"procedure\",\"contact-point\"],\"replyBy\":\"2026-12-20\"}}"

#define KIT_RESPONSE                                                                                                                                           \
    "{\"type\":\"assistance-response\",\"header\":{\"audience\":\"la.legalaid.example\","                                                                      \
    "\"threadId\":\"urn:uuid:7b0d9a34-1c55-4f0e-8a72-3f9c2d1e6b70\",\"inReplyTo\":"                                                                            \
    "\"urn:uuid:2f1c7a52-5d0e-4b7e-9c1a-0d6f3b8e4a11\",\"seq\":2},\"body\":{\"action\":"                                                                       \
    "\"answer\",\"text\":{\"th\":\"ยื่นคำร้องผ่านสำนักงานคดีแรงงาน "                             \
    "(ข้อมูลสมมติ)\",\"lo\":\"ຍື່ນຄຳຮ້ອງຜ່ານຫ້ອງການ (ຂໍ້ມູນສົມມຸດ)\"," \
    "\"en\":{\"text\":\"File the claim "                                                                                                                       \
    "through the labour case office (invented).\",\"src\":\"machine\"}},"                                                                                      \
    "\"linked\":[\"urn:uuid:9a6e0f1d-82c4-4e3b-b7d5-5c1f0a2b3c44\"],\"nextStep\":{\"en\":\"Wait "                                                              \
    "for the form.\",\"due\":\"2026-12-24\"}}}"

#define KIT_RESOURCE                                                                                                                                              \
    "{\"type\":\"resource\",\"body\":{\"subtype\":\"legal-aid-service\",\"name\":{\"th\":"                                                                        \
    "\"คลินิกกฎหมายตัวอย่าง\",\"lo\":\"ຄລີນິກກົດໝາຍຕົວຢ່າງ\",\"en\":\"Example Law " \
    "Clinic\"},\"provider\":\"th.ngo.example\","                                                                                                                  \
    "\"description\":{\"th\":\"ให้คำปรึกษากฎหมายโดยไม่มีค่าใช้จ่าย "                        \
    "(ข้อมูลสมมติ)\",\"lo\":{\"text\":\"ໃຫ້ຄຳປຶກສາກົດໝາຍ ໂດຍບໍ່ເສຍຄ່າ "             \
    "(ຂໍ້ມູນສົມມຸດ)\",\"src\":\"machine\"},\"en\":\"Free legal advice (invented).\"},"                                                    \
    "\"service\":[\"Legal\",\"x-compensation\"],\"eligibility\":{\"status\":\"presumed\","                                                                        \
    "\"menAccepted\":true,\"nationality\":[\"LA\"]},\"coverage\":[\"TH-10\",\"TH-43\"],"                                                                          \
    "\"serviceLanguage\":[\"tha\",\"lao\"],\"hours\":{\"zone\":\"Asia/Bangkok\",\"day\":["                                                                        \
    "{\"name\":\"MO\",\"from\":\"09:00\",\"to\":\"16:00\"}]},\"cost\":\"free\",\"contact\":[{"                                                                    \
    "\"kind\":\"phone\",\"value\":\"+66000000000\",\"reachableFrom\":[\"TH\",\"LA\"]},{\"kind\":"                                                                 \
    "\"email\",\"value\":\"clinic@ngo.example\",\"reachableFrom\":\"abroad\"}],"                                                                                  \
    "\"referralMethod\":\"referral-packet\",\"lastVerified\":\"2026-10-01\",\"verifiedBy\":"                                                                      \
    "\"th.ngo.example\",\"reverifyBy\":\"2026-12-30\",\"licence\":\"CC-BY-4.0\"}}"

#define KIT_CASE                                                                                                                      \
    "{\"type\":\"case-law\",\"body\":{\"court\":\"th-criminal\",\"level\":\"first-instance\","                                        \
    "\"caseNumber\":[{\"value\":\"อ.101/2562\",\"kind\":\"black\"},{\"value\":\"อ.202/2562\","                                    \
    "\"kind\":\"red\"}],\"decisionDate\":\"2019-05-02\",\"finality\":\"final\",\"outcome\":"                                          \
    "[\"convicted\",\"compensation-ordered\"],\"act\":[\"recruit\"],\"means\":[\"deception\"],"                                       \
    "\"exploitation\":[\"ForcedLabour\"],\"control\":[\"DebtBondage\"],\"sector\":[\"A\"],"                                           \
    "\"place\":[\"TH-10\"],\"route\":{\"stop\":[\"LA-VT\",\"TH-10\"]},\"victims\":[{\"count\":3,"                                     \
    "\"sex\":\"Masculine\",\"ageBand\":\"18-24\",\"nationality\":\"LA\"}],\"defendants\":[{"                                          \
    "\"count\":1,\"nationality\":\"TH\",\"initials\":\"A. B.\",\"sentenceFromMonths\":48,"                                            \
    "\"sentenceToMonths\":60,\"charge\":[\"trafficking in persons\"]}],\"compensation\":{"                                            \
    "\"currency\":\"THB\",\"amount\":250000,\"state\":\"ordered\"},\"provision\":[{"                                                  \
    "\"instrument\":"                                                                                                                 \
    "\"th-atp-2551\",\"article\":\"6\"}],\"citedCase\":[\"/akn/th/judgment/th-supreme/2017/9\"],"                                     \
    "\"holding\":{\"th\":\"ศาลสั่งให้จ่ายค่าสินไหมทดแทน (สมมติ)\"," \
    "\"lo\":\"ສານສັ່ງໃຫ້ຈ່າຍຄ່າຊົດເຊີຍ "                                              \
    "(ສົມມຸດ)\",\"en\":\"Compensation ordered "                                                                           \
    "(invented).\"},\"summary\":{\"th\":\"คดีตัวอย่าง\","                                                       \
    "\"lo\":\"ຄະດີຕົວຢ່າງ\",\"en\":\"An invented "                                                              \
    "case.\"},"                                                                                                                       \
    "\"anonymisation\":{\"method\":\"initials\",\"byRole\":\"publisher\",\"secondRole\":"                                             \
    "\"approver\",\"date\":\"2026-11-20\"}}}"

#define KIT_NOTICE                                                                                 \
    "{\"type\":\"notice\",\"header\":{\"audience\":\"la.legalaid.example\"},\"body\":{\"kind\":"   \
    "\"delivered\",\"target\":{\"value\":\"urn:uuid:2f1c7a52-5d0e-4b7e-9c1a-0d6f3b8e4a11\","       \
    "\"sha256\":\"l0Lbcx5PL3ufMMpq1bqrKmXNzYMFmjrmK6NE1bMtbio=\"}}}"
