#include "kit.h"

int test_signals(void);

/* Signals bundled in one Messaging (as4.md 12.3), warnings, and RefToMessageId of user messages. */

#define PULL_ID "11111111-2222-4333-8444-555555555555@here.example"
#define RECEIPT_ID "66666666-7777-4888-8999-aaaaaaaaaaaa@here.example"
#define MPC "urn:saphan:mpc:invented"

static const struct kit *kit(void)
{
    return kit_of(SPH_SUITE_EDELIVERY_2_0_ED25519);
}

static sph_as4_signer signer_of(const struct kit *k)
{
    return (sph_as4_signer){k->here.sign_key, k->here.sign, k->here.root, SPH_TOKEN_BST_X509};
}

/** A pull request of `here` with its receipt for `msg`. */
static void bundle(const struct kit *k, const struct kit_msg *msg, struct kit_msg *out)
{
    sph_err err = {0};
    SPH_AUTO_PTR(sph_as4_in) *in = kit_open(msg);
    const sph_as4_signer signer = signer_of(k);
    *out = (struct kit_msg){.kit = k, .root = sph_buf_init(1u << 20)};
    kit_good(sph_as4_build_pull_with_receipt(MPC, PULL_ID, in, RECEIPT_ID, KIT_NOW_MS,
                                             (sph_slice){0}, k->suite, &signer, kit_random(),
                                             &out->root, &err),
             &err);
}

/** Open; verify against `here` when it opens. */
static sph_as4_in *see(const struct kit_msg *msg, sph_as4_fault *fault)
{
    sph_err err = {0};
    SPH_AUTO_PTR(sph_as4_in) *in = NULL;
    const sph_as4_source source = {.bytes = sph_buf_peek(&msg->root)};
    const sph_as4_trust trust = {.party = "here.example",
                                 .root = msg->kit->here.root,
                                 .at_ms = KIT_NOW_MS,
                                 .suite = msg->kit->suite};
    sph_rc rc = sph_as4_open("application/soap+xml;charset=UTF-8", &source, sph_limits_default(),
                             &in, fault, &err);
    if (rc.code == SPH_OK)
        rc = sph_as4_verify(in, &trust, fault, &err);
    return rc.code == SPH_OK ? sph_move(in) : NULL;
}

static void signals_pull_request_brings_the_receipt_of_the_last_message(void **state)
{
    (void)state;
    for (unsigned suite = 0; suite < SPH_SUITE_COUNT; suite++) {
        const struct kit *k = kit_of((enum sph_suite)suite);
        struct kit_msg msg, both;
        sph_err err = {0};
        sph_as4_fault fault = {0};
        kit_message(k, &(struct kit_wish){.parts = 3}, &msg);
        bundle(k, &msg, &both);
        SPH_AUTO_PTR(sph_as4_in) *in = see(&both, &fault);
        if (in == NULL)
            fail_msg("refused: %s %s", fault.rule, fault.detail);
        assert_int_equal(sph_as4_in_kind(in), SPH_AS4_PULL);
        assert_string_equal(sph_as4_in_message_id(in), PULL_ID);
        assert_null(sph_as4_in_ref_to(in));
        assert_string_equal(sph_as4_in_pull_mpc(in), MPC);
        assert_true(sph_as4_in_has(in, SPH_AS4_RECEIPT));
        assert_false(sph_as4_in_has(in, SPH_AS4_ERROR));
        assert_false(sph_as4_in_has(in, SPH_AS4_USER));
        assert_string_equal(sph_as4_in_id_of(in, SPH_AS4_RECEIPT), RECEIPT_ID);
        assert_string_equal(sph_as4_in_ref_of(in, SPH_AS4_RECEIPT), KIT_MESSAGE_ID);
        assert_null(sph_as4_in_id_of(in, SPH_AS4_ERROR));
        assert_null(sph_as4_in_ref_of(in, SPH_AS4_ERROR));
        kit_good(sph_as4_receipt_check(in, &msg.refs, &err), &err);
        kit_msg_clear(&both);
        kit_msg_clear(&msg);
    }
}

static void expect_schema(const char *id, struct kit_msg *both)
{
    sph_as4_fault fault = {0};
    kit_resign(both, kit()->here.sign_key);
    SPH_AUTO_PTR(sph_as4_in) *in = see(both, &fault);
    if (in != NULL || strcmp(fault.rule, "header.schema") != 0)
        fail_msg("%s: %s", id, in != NULL ? "accepted" : fault.rule);
}

#define RECEIPT_OPEN                                                                               \
    "<eb:SignalMessage><eb:MessageInfo><eb:Timestamp>2026-11-18T11:06:40.000Z</eb:Timestamp>"      \
    "<eb:MessageId>6"
#define INFO                                                                                       \
    "<eb:MessageInfo><eb:Timestamp>2026-11-18T11:06:40.000Z</eb:Timestamp>"                        \
    "<eb:MessageId>e@here.example</eb:MessageId><eb:RefToMessageId>" KIT_MESSAGE_ID                \
    "</eb:RefToMessageId></eb:MessageInfo>"
#define ERROR_SIGNAL                                                                               \
    "<eb:SignalMessage>" INFO                                                                      \
    "<eb:Error errorCode=\"EBMS:0303\" severity=\"failure\"></eb:Error></eb:SignalMessage>"

/** One of each kind, and not a receipt and an error without a pull request: they could only
 * contradict each other. */
static void signals_bundle_of_another_form_is_refused(void **state)
{
    (void)state;
    struct kit_msg msg, both;
    kit_message(kit(), &(struct kit_wish){0}, &msg);
    bundle(kit(), &msg, &both);
    char *receipt = kit_copy(&both, RECEIPT_OPEN, "</eb:SignalMessage>");
    kit_insert_before(&both, "</eb:Messaging>", receipt);
    expect_schema("two receipts", &both);
    kit_msg_clear(&both);
    bundle(kit(), &msg, &both);
    char *pull = kit_copy(&both, "<eb:SignalMessage>", "</eb:SignalMessage>");
    kit_insert_before(&both, "</eb:Messaging>", pull);
    expect_schema("two pull requests", &both);
    kit_msg_clear(&both);
    bundle(kit(), &msg, &both);
    kit_replace(&both, pull, ERROR_SIGNAL);
    expect_schema("a receipt and an error", &both);
    kit_msg_clear(&both);
    bundle(kit(), &msg, &both);
    kit_insert_before(&both, "</eb:Messaging>", "<eb:UserMessage></eb:UserMessage>");
    expect_schema("a user message behind", &both);
    kit_msg_clear(&both);
    bundle(kit(), &msg, &both);
    kit_insert_before(&both, "<eb:Receipt>", "<eb:PullRequest mpc=\"urn:x\"></eb:PullRequest>");
    expect_schema("two kinds in one signal", &both);
    kit_msg_clear(&both);
    sph_str_free(&receipt);
    sph_str_free(&pull);
    kit_msg_clear(&msg);
}

/** A refusal of the last message may come with the next pull request. */
static void signals_pull_request_brings_an_error_too(void **state)
{
    (void)state;
    struct kit_msg msg, both;
    sph_as4_fault fault = {0};
    struct sph_as4_error_seen seen[16];
    kit_message(kit(), &(struct kit_wish){0}, &msg);
    bundle(kit(), &msg, &both);
    char *receipt = kit_copy(&both, RECEIPT_OPEN, "</eb:SignalMessage>");
    kit_replace(&both, receipt, ERROR_SIGNAL);
    kit_resign(&both, kit()->here.sign_key);
    SPH_AUTO_PTR(sph_as4_in) *in = see(&both, &fault);
    assert_non_null(in);
    assert_int_equal(sph_as4_in_kind(in), SPH_AS4_PULL);
    assert_int_equal(sph_as4_errors(in, seen), 1);
    assert_string_equal(seen[0].code, "EBMS:0303");
    assert_string_equal(sph_as4_in_ref_of(in, SPH_AS4_ERROR), KIT_MESSAGE_ID);
    assert_false(sph_as4_in_has(in, SPH_AS4_RECEIPT));
    sph_str_free(&receipt);
    kit_msg_clear(&both);
    kit_msg_clear(&msg);
}

/** The receipt beside a pull request proves no more than one alone: its set must be the sent one.
 */
static void signals_bundled_receipt_for_another_message_proves_nothing(void **state)
{
    (void)state;
    sph_err err = {0};
    sph_as4_fault fault = {0};
    struct kit_msg msg, other, both;
    kit_message(kit(), &(struct kit_wish){0}, &msg);
    kit_message(kit(), &(struct kit_wish){0}, &other);
    bundle(kit(), &msg, &both);
    SPH_AUTO_PTR(sph_as4_in) *in = see(&both, &fault);
    assert_non_null(in);
    assert_int_equal(sph_as4_receipt_check(in, &other.refs, &err).code, SPH_EPROOF);
    kit_msg_clear(&both);
    kit_msg_clear(&other);
    kit_msg_clear(&msg);
}

static void signals_pull_request_changed_after_signing_is_refused(void **state)
{
    (void)state;
    sph_as4_fault fault = {0};
    struct kit_msg msg, both;
    kit_message(kit(), &(struct kit_wish){0}, &msg);
    bundle(kit(), &msg, &both);
    kit_replace(&both, MPC, "urn:saphan:mpc:another");
    assert_null(see(&both, &fault));
    assert_string_equal(fault.rule, "dsig.digest");
    kit_msg_clear(&both);
    kit_msg_clear(&msg);
}

/** as4.md 10: 0006 is a warning: nothing was queued, nothing failed. */
static void signals_empty_channel_is_a_warning(void **state)
{
    (void)state;
    sph_err err = {0};
    sph_as4_fault fault = {0};
    struct sph_as4_error_seen seen[16];
    struct kit_msg msg = {.kit = kit(), .root = sph_buf_init(1u << 20)};
    const sph_as4_signer signer = signer_of(kit());
    const struct sph_as4_error_info info = {SPH_EBMS_0006, PULL_ID, "the channel is empty"};
    kit_good(sph_as4_build_error(&info, RECEIPT_ID, KIT_NOW_MS, kit()->suite, &signer, kit_random(),
                                 &msg.root, &err),
             &err);
    SPH_AUTO_PTR(sph_as4_in) *in = see(&msg, &fault);
    assert_non_null(in);
    assert_int_equal(sph_as4_errors(in, seen), 1);
    assert_string_equal(seen[0].code, "EBMS:0006");
    assert_false(seen[0].is_failure);
    assert_false(sph_as4_error_is_final(&seen[0]));
    assert_string_equal(sph_as4_in_ref_to(in), PULL_ID);
    kit_msg_clear(&msg);
}

/** Two-way: the answer names the request it answers; properties come through. */
static void signals_user_message_names_what_it_answers(void **state)
{
    (void)state;
    sph_as4_fault fault = {0};
    struct kit_msg msg;
    kit_message(kit(), &(struct kit_wish){0}, &msg);
    kit_insert_after(&msg, "</eb:MessageId>",
                     "<eb:RefToMessageId>request@here.example</eb:RefToMessageId>");
    kit_insert_before(&msg, "</eb:MessageProperties>",
                      "<eb:Property name=\"originalSender\" type=\"urn:t\">urn:x:a</eb:Property>"
                      "<eb:Property name=\"finalRecipient\" type=\"urn:t\">urn:x:b</eb:Property>");
    kit_resign(&msg, kit()->there.sign_key);
    if (!kit_judge(&msg, &fault))
        fail_msg("refused: %s", fault.detail);
    SPH_AUTO_PTR(sph_as4_in) *in = kit_open(&msg);
    sph_err err = {0};
    struct sph_as4_corners corners;
    assert_string_equal(sph_as4_in_user(in)->ref_to, "request@here.example");
    assert_string_equal(sph_as4_in_ref_of(in, SPH_AS4_USER), "request@here.example");
    kit_good(sph_as4_user_corners(sph_as4_in_user(in), &corners, &err), &err);
    assert_string_equal(corners.recipient, "urn:x:b");
    assert_null(corners.tracking);
    kit_msg_clear(&msg);
}

int test_signals(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals_pull_request_brings_the_receipt_of_the_last_message),
        cmocka_unit_test(signals_bundle_of_another_form_is_refused),
        cmocka_unit_test(signals_pull_request_brings_an_error_too),
        cmocka_unit_test(signals_bundled_receipt_for_another_message_proves_nothing),
        cmocka_unit_test(signals_pull_request_changed_after_signing_is_refused),
        cmocka_unit_test(signals_empty_channel_is_a_warning),
        cmocka_unit_test(signals_user_message_names_what_it_answers),
    };
    return cmocka_run_group_tests_name("signals", tests, kit_start, kit_stop);
}
