/* What a hub and the two ends of a relay refuse (as4.md 12.6, security.md S-22, B-04). */
#include "as4/gzip.h"
#include "exchange/reload.h"
#include "packet/notice.h"
#include "packet/relay.h"
#include "relay_kit.h"

#define ROOM ((size_t)5 * 1024 * 1024)

/** Rows as an evil or broken node could have them. */
struct statement {
    const char *sql;
    sph_slice blob;
};

static sph_rc apply_statement(void *arg, sph_db *db, sph_err *err)
{
    const struct statement *statement = arg;
    sph_stmt *stmt = NULL;
    SPH_TRY(sph_stmt_get(db, statement->sql, &stmt, err), err, "statement");
    if (statement->blob.at)
        sph_stmt_blob(stmt, 1, statement->blob);
    return sph_stmt_run(stmt, NULL, err);
}

static void run_sql(struct pair_side *side, const char *sql, sph_slice blob)
{
    sph_err err = {0};
    struct statement statement = {sql, blob};
    sph_job job = {.apply = apply_statement, .arg = &statement};
    assert_ok(sph_journal_commit(sph_node_journal(side->node), &job, NULL, &err), &err);
}

static void set_part(struct pair_side *side, const sph_buf *sealed)
{
    sph_hash unused;
    uint64_t len = 0;
    sph_slice_source source;
    sph_err err = {0};
    SPH_AUTO(sph_buf) gzip = sph_buf_init(ROOM);
    const sph_reader reader = sph_reader_of_slice(&source, sph_buf_peek(sealed));
    const sph_writer writer = sph_writer_of_buf(&gzip);
    assert_ok(sph_gzip_store(&reader, &writer, &unused, &len, &err), &err);
    run_sql(side, "UPDATE relay_part SET part=?", sph_buf_peek(&gzip));
}

/** A setting of saphan.ini changes, and the node reads it. */
static void set_config(struct pair_side *side, void (*change)(struct sph_config *config))
{
    sph_err err = {0};
    struct sph_config config = *sph_node_config(side->node);
    struct sph_reload reload;
    change(&config);
    assert_ok(sph_config_store(test_env_get(side->world)->files, &config, true, &err), &err);
    assert_ok(sph_node_reload(side->node, &reload, &err), &err);
}

static void assert_failed(struct pair_side *side, const char *code, const char *detail)
{
    const struct pair_count out = pair_outbox(side);
    assert_string_equal(out.state, "failed");
    assert_string_equal(out.code, code);
    assert_non_null(strstr(out.detail, detail));
}

/* ------------------------------------------------------------------ at the hub */

static void relay_s22_sender_is_not_who_pushed(void **state)
{
    struct relay *relay = *state;
    relay_ask(&relay->a, &relay->c);
    run_sql(&relay->a, "UPDATE relay_part SET original_sender='th.branch.example'",
            (sph_slice){NULL, 0});
    pair_deliver(&relay->a);
    assert_failed(&relay->a, "EBMS:0003", "originalSender");
    assert_int_equal(pair_leaves(&relay->hub, SPH_EVENT_REJECTED), 1);
    assert_int_equal(pair_leaves(&relay->hub, SPH_EVENT_SUBMITTED), 0);
    assert_int_equal(pair_inbox(&relay->hub).rows, 0);
}

static void relay_recipient_unknown_or_paused_is_refused_in_the_same_words(void **state)
{
    struct relay *relay = *state;
    sph_err err = {0};
    relay_ask(&relay->a, &relay->c);
    run_sql(&relay->a, "UPDATE relay_part SET final_recipient='th.nobody.example'",
            (sph_slice){NULL, 0});
    pair_deliver(&relay->a);
    assert_failed(&relay->a, "EBMS:0003", "finalRecipient cannot be reached through this hub");
    assert_ok(sph_partner_set_state(relay->hub.node, relay->c.party, SPH_PARTNER_PAUSED, "operator",
                                    &err),
              &err);
    relay_ask(&relay->a, &relay->c);
    pair_deliver(&relay->a);
    assert_failed(&relay->a, "EBMS:0003", "finalRecipient cannot be reached through this hub");
}

static void no_relay(struct sph_config *config)
{
    assert_ok(sph_str_copy(config->relay, sizeof(config->relay), SPH_LIT("no"), NULL), NULL);
}

static void relay_that_is_not_offered_is_refused(void **state)
{
    struct relay *relay = *state;
    relay_ask(&relay->a, &relay->c);
    set_config(&relay->hub, no_relay);
    pair_deliver(&relay->a);
    assert_failed(&relay->a, "EBMS:0010", "relays for nobody");
    assert_int_equal(pair_inbox(&relay->hub).rows, 0);
}

static void relay_part_of_another_form_is_refused(void **state)
{
    struct relay *relay = *state;
    SPH_AUTO(sph_buf) plain = sph_buf_init(ROOM);
    for (unsigned i = 0; i < 100; i++)
        assert_ok(sph_buf_add_text(&plain, "plain ", NULL), NULL);
    relay_ask(&relay->a, &relay->c);
    set_part(&relay->a, &plain);
    pair_deliver(&relay->a);
    assert_failed(&relay->a, "EBMS:0003", "SRX1");
}

static void relay_too_much_of_one_sender_has_to_wait(void **state)
{
    struct relay *relay = *state;
    relay_ask(&relay->a, &relay->c);
    run_sql(&relay->hub,
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<256)"
            " INSERT INTO relay_part SELECT 'm'||i, 'la.office.example', 'la.office.example',"
            " 'th.branch.example', '', 1, x'00' FROM n",
            (sph_slice){NULL, 0});
    pair_deliver(&relay->a);
    assert_string_equal(pair_outbox(&relay->a).state, "wait-retry");
    assert_string_equal(pair_outbox(&relay->a).code, "EBMS:0202");
    assert_int_equal(pair_inbox(&relay->hub).rows, 0);
    run_sql(&relay->hub, "UPDATE relay_part SET len=67108864 WHERE message_id='m1'",
            (sph_slice){NULL, 0});
    run_sql(&relay->hub, "DELETE FROM relay_part WHERE message_id<>'m1'", (sph_slice){NULL, 0});
    relay_advance(relay, 60000);
    pair_deliver(&relay->a);
    assert_string_equal(pair_outbox(&relay->a).code, "EBMS:0202");
    run_sql(&relay->hub, "DELETE FROM relay_part", (sph_slice){NULL, 0});
    relay_advance(relay, 600000);
    pair_deliver(&relay->a);
    assert_string_equal(pair_outbox(&relay->a).state, "handed-to-hub");
}

/** Who never fetches does not shut out the others. */
static void relay_one_recipient_fills_a_quarter_of_a_senders_room(void **state)
{
    struct relay *relay = *state;
    relay_ask(&relay->a, &relay->c);
    run_sql(&relay->hub,
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<64)"
            " INSERT INTO relay_part SELECT 'm'||i, 'la.office.example', 'la.office.example',"
            " 'th.branch.example', '', 1, x'00' FROM n",
            (sph_slice){NULL, 0});
    pair_deliver(&relay->a);
    assert_string_equal(pair_outbox(&relay->a).code, "EBMS:0202");
    run_sql(&relay->hub, "UPDATE relay_part SET final_recipient='th.other.example'",
            (sph_slice){NULL, 0});
    relay_advance(relay, 60000);
    pair_deliver(&relay->a);
    assert_string_equal(pair_outbox(&relay->a).state, "handed-to-hub");
}

/* ------------------------------------------------------------------ at the recipient */

/** What A queued, at the hub, before C comes for it. */
static struct pair_asked hand_to_hub(struct relay *relay)
{
    const struct pair_asked asked = relay_ask(&relay->a, &relay->c);
    assert_int_equal(pair_deliver(&relay->a), 1);
    return asked;
}

static void fetch_and_refuse(struct relay *relay, const char *code, const char *detail)
{
    assert_int_equal(pair_deliver(&relay->hub), 1);
    relay_pull(&relay->c);
    assert_failed(&relay->hub, code, detail);
    assert_int_equal(pair_inbox(&relay->c).rows, 0);
    assert_int_equal(pair_leaves(&relay->c, SPH_EVENT_REJECTED), 1);
    /* Its sender never hears "delivered". */
    assert_string_equal(pair_outbox(&relay->a).state, "handed-to-hub");
}

static void read_part(struct pair_side *side, sph_buf *sealed)
{
    sph_err err = {0};
    sph_db *reader = NULL;
    sph_stmt *stmt = NULL;
    sph_slice_source source;
    bool row = false;
    SPH_AUTO(sph_buf) gzip = sph_buf_init(ROOM);
    assert_ok(sph_db_pool_get(sph_node_readers(side->node), &reader, &err), &err);
    assert_ok(sph_stmt_get(reader, "SELECT part FROM relay_part", &stmt, &err), &err);
    assert_ok(sph_stmt_step(stmt, &row, &err), &err);
    assert_true(row);
    assert_ok(sph_buf_add(&gzip, sph_col_blob(stmt, 0), &err), &err);
    sph_stmt_end(stmt);
    sph_db_pool_put(sph_node_readers(side->node), reader);
    const sph_reader from = sph_reader_of_slice(&source, sph_buf_peek(&gzip));
    const sph_writer to = sph_writer_of_buf(sealed);
    assert_ok(sph_gunzip(&from, &to, ROOM, sph_node_limits(side->node), NULL, &err), &err);
}

static void relay_hub_that_changes_the_part_is_caught(void **state)
{
    struct relay *relay = *state;
    SPH_AUTO(sph_buf) sealed = sph_buf_init(ROOM);
    hand_to_hub(relay);
    read_part(&relay->hub, &sealed);
    sealed.at[sealed.len - 40] ^= 1;
    set_part(&relay->hub, &sealed);
    fetch_and_refuse(relay, "EBMS:0102", "");
}

static void relay_hub_that_changes_the_ends_is_caught(void **state)
{
    struct relay *relay = *state;
    hand_to_hub(relay);
    run_sql(&relay->hub, "UPDATE relay_part SET original_sender='la.other.example'",
            (sph_slice){NULL, 0});
    fetch_and_refuse(relay, "EBMS:0004", "PK-ISSUER");
}

/** Sealed by `from` between the given ends. */
static void seal(struct pair_side *from, const struct pair_side *to, const char *sender,
                 sph_slice gzip, sph_buf *out)
{
    sph_err err = {0};
    const struct sph_key_slot *slot = &sph_node_keys(to->node)->slot[SPH_SLOT_ENC_X25519];
    const struct sph_srx_ends ends = {sender, to->party};
    assert_ok(sph_srx_seal(sph_cert_peek_key(slot->leaf), &ends, gzip, sph_node_limits(from->node),
                           test_env_get(from->world)->random, out, &err),
              &err);
}

static void relay_part_for_another_key_is_refused(void **state)
{
    struct relay *relay = *state;
    SPH_AUTO(sph_buf) sealed = sph_buf_init(ROOM);
    relay_ask(&relay->a, &relay->c);
    seal(&relay->a, &relay->hub, relay->a.party, SPH_LIT("for the hub"), &sealed);
    set_part(&relay->a, &sealed);
    assert_int_equal(pair_deliver(&relay->a), 1);
    fetch_and_refuse(relay, "EBMS:0102", "");
}

static void relay_b04_packet_of_another_issuer_is_refused(void **state)
{
    struct relay *relay = *state;
    sph_err err = {0};
    SPH_AUTO(sph_buf) sealed = sph_buf_init(ROOM);
    SPH_AUTO(sph_buf) gzip = sph_buf_init(ROOM);
    relay->hub.other = &relay->c;
    const struct pair_asked other = pair_ask(&relay->hub); /* signed by the hub, for C */
    run_sql(&relay->hub, "DELETE FROM outbox", (sph_slice){NULL, 0});
    assert_ok(sph_content_load_gzip(relay->hub.node, other.packet_id, &gzip, &err), &err);
    relay_ask(&relay->a, &relay->c);
    seal(&relay->a, &relay->c, relay->a.party, sph_buf_peek(&gzip), &sealed);
    set_part(&relay->a, &sealed);
    assert_int_equal(pair_deliver(&relay->a), 1);
    fetch_and_refuse(relay, "EBMS:0004", "PK-");
}

static void other_hub(struct sph_config *config)
{
    assert_ok(sph_str_copy(config->via, sizeof(config->via), SPH_LIT("la.other.example"), NULL),
              NULL);
}

static void relay_by_a_partner_that_is_not_the_hub_is_refused(void **state)
{
    struct relay *relay = *state;
    hand_to_hub(relay);
    set_config(&relay->c, other_hub);
    fetch_and_refuse(relay, "EBMS:0010", "not the hub");
}

static void relay_author_that_is_paused_has_to_wait(void **state)
{
    struct relay *relay = *state;
    sph_err err = {0};
    hand_to_hub(relay);
    assert_ok(
        sph_partner_set_state(relay->c.node, relay->a.party, SPH_PARTNER_PAUSED, "operator", &err),
        &err);
    assert_int_equal(pair_deliver(&relay->hub), 1);
    assert_int_equal(relay_pull(&relay->c), SPH_PULL_MESSAGE);
    assert_int_equal(pair_inbox(&relay->c).rows, 0);
    assert_string_equal(pair_outbox(&relay->hub).code, "EBMS:0202");
    assert_string_not_equal(pair_outbox(&relay->hub).state, "failed");
    assert_ok(
        sph_partner_set_state(relay->c.node, relay->a.party, SPH_PARTNER_ACTIVE, "operator", &err),
        &err);
    relay_advance(relay, 3600000);
    (void)pair_deliver(&relay->hub); /* offered again */
    assert_int_equal(relay_pull(&relay->c), SPH_PULL_MESSAGE);
    assert_int_equal(pair_inbox(&relay->c).rows, 1);
}

/** Handed over again by the hub, in a message of its own: taken, not delivered twice, and no second
 * notice. */
static void relay_hub_that_replays_delivers_once(void **state)
{
    struct relay *relay = *state;
    SPH_AUTO(sph_buf) sealed = sph_buf_init(ROOM);
    hand_to_hub(relay);
    pair_deliver(&relay->hub);
    read_part(&relay->hub, &sealed);
    assert_int_equal(relay_pull(&relay->c), SPH_PULL_MESSAGE);
    relay_back(relay);
    relay_ask(&relay->a, &relay->c); /* its row at the hub gets the old part */
    pair_deliver(&relay->a);
    set_part(&relay->hub, &sealed);
    pair_deliver(&relay->hub);
    assert_int_equal(relay_pull(&relay->c), SPH_PULL_MESSAGE);
    assert_int_equal(pair_outbox(&relay->c).rows, 1); /* the first notice */
    struct sph_counts counts;
    sph_err err = {0};
    assert_ok(sph_query_counts(relay->c.node, &counts, &err), &err);
    assert_int_equal(counts.unread, 1);
    assert_string_equal(pair_outbox(&relay->a).state,
                        "handed-to-hub"); /* the second is not there */
}

/* ------------------------------------------------------------------ notices */

/** A notice as its signer could make it. */
static void send_notice(struct pair_side *from, struct pair_side *to, const char *packet_id,
                        const sph_hash *sha256)
{
    sph_err err = {0};
    const char *party = to->party;
    SPH_AUTO_PTR(sph_json) *draft = NULL;
    const struct sph_notice_delivered about = {
        .to = to->party, .packet_id = packet_id, .sha256 = *sha256};
    const struct sph_submit what = {.to = &party, .to_count = 1};
    sph_findings *findings = sph_mem_new(1, sizeof(*findings));
    struct sph_submitted *done = sph_mem_new(1, sizeof(*done));
    assert_ok(sph_notice_delivered_draft(&about, &draft, &err), &err);
    struct sph_submit order = what;
    order.draft = draft;
    assert_ok(sph_submit(from->node, &order, done, findings, &err), &err);
    sph_mem_free(findings);
    sph_mem_free(done);
}

static sph_hash digest_of(struct pair_side *side, const char *packet_id)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) octets = sph_buf_init(ROOM);
    assert_ok(sph_content_load(side->node, packet_id, &octets, &err), &err);
    return sph_sha256_of(sph_buf_peek(&octets));
}

/** It comes to A through the hub, and A refuses it. */
static void notice_is_refused(struct relay *relay)
{
    assert_int_equal(pair_deliver(&relay->hub), 1);
    relay_pull(&relay->a);
    assert_failed(&relay->hub, "EBMS:0004", "PK-NOTICE");
    assert_string_equal(pair_outbox(&relay->a).state, "handed-to-hub");
    assert_int_equal(pair_inbox(&relay->a).rows, 0);
}

static void relay_notice_of_what_was_never_sent_is_refused(void **state)
{
    struct relay *relay = *state;
    const struct pair_asked asked = hand_to_hub(relay);
    const sph_hash sha256 = digest_of(&relay->a, asked.packet_id);
    run_sql(&relay->hub, "DELETE FROM outbox", (sph_slice){NULL, 0});
    send_notice(&relay->c, &relay->a, "urn:uuid:11111111-1111-4111-8111-111111111111", &sha256);
    pair_deliver(&relay->c);
    notice_is_refused(relay);
}

static void relay_notice_of_another_digest_is_refused(void **state)
{
    struct relay *relay = *state;
    const struct pair_asked asked = hand_to_hub(relay);
    sph_hash sha256 = digest_of(&relay->a, asked.packet_id);
    sha256.at[31] ^= 1;
    run_sql(&relay->hub, "DELETE FROM outbox", (sph_slice){NULL, 0});
    send_notice(&relay->c, &relay->a, asked.packet_id, &sha256);
    pair_deliver(&relay->c);
    notice_is_refused(relay);
}

/** The hub knows both ends; its own word for it does not count. */
static void relay_notice_signed_by_the_hub_is_refused(void **state)
{
    struct relay *relay = *state;
    const struct pair_asked asked = hand_to_hub(relay);
    const sph_hash sha256 = digest_of(&relay->a, asked.packet_id);
    run_sql(&relay->hub, "DELETE FROM outbox", (sph_slice){NULL, 0});
    send_notice(&relay->hub, &relay->a, asked.packet_id, &sha256);
    notice_is_refused(relay);
}

/* ------------------------------------------------------------------ at the sender */

static void assert_not_sent(struct relay *relay, const struct sph_submit *what, const char *key)
{
    sph_err err = {0};
    const int64_t rows = pair_outbox(&relay->a).rows;
    sph_findings *findings = sph_mem_new(1, sizeof(*findings));
    struct sph_submitted *done = sph_mem_new(1, sizeof(*done));
    assert_int_equal(sph_submit(relay->a.node, what, done, findings, &err).code, SPH_EREFUSED);
    assert_true(findings->count > 0);
    assert_string_equal(findings->at[0].key, key);
    assert_int_equal(pair_outbox(&relay->a).rows, rows);
    sph_mem_free(findings);
    sph_mem_free(done);
}

static void relay_no_way_or_attachments_are_refused_before_anything_is_made(void **state)
{
    struct relay *relay = *state;
    sph_err err = {0};
    const char *to = relay->c.party;
    SPH_AUTO_PTR(sph_json) *draft = NULL;
    const struct sph_submit_attachment file = {.media_type = "text/plain", .title = "x", .len = 1};
    assert_ok(sph_json_parse(sph_slice_str(pair_question), 65536, &draft, &err), &err);
    struct sph_submit what = {.draft = draft, .to = &to, .to_count = 1};
    what.attachments = &file;
    what.attachment_count = 1;
    assert_not_sent(relay, &what, "relay.attachments");
    what.attachment_count = 0;
    assert_ok(sph_partner_set_state(relay->a.node, HUB, SPH_PARTNER_PAUSED, "operator", &err),
              &err);
    assert_not_sent(relay, &what, "relay.no-way");
    char message_id[128];
    assert_int_equal(sph_ping_queue(relay->a.node, relay->c.party, message_id, &err).code,
                     SPH_EREFUSED);
}

int test_relay_bad(void);
int test_relay_bad(void)
{
    const struct CMUnitTest tests[] = {
        RELAY_TEST(relay_s22_sender_is_not_who_pushed),
        RELAY_TEST(relay_recipient_unknown_or_paused_is_refused_in_the_same_words),
        RELAY_TEST(relay_that_is_not_offered_is_refused),
        RELAY_TEST(relay_part_of_another_form_is_refused),
        RELAY_TEST(relay_too_much_of_one_sender_has_to_wait),
        RELAY_TEST(relay_one_recipient_fills_a_quarter_of_a_senders_room),
        RELAY_TEST(relay_hub_that_changes_the_part_is_caught),
        RELAY_TEST(relay_hub_that_changes_the_ends_is_caught),
        RELAY_TEST(relay_part_for_another_key_is_refused),
        RELAY_TEST(relay_b04_packet_of_another_issuer_is_refused),
        RELAY_TEST(relay_by_a_partner_that_is_not_the_hub_is_refused),
        RELAY_TEST(relay_author_that_is_paused_has_to_wait),
        RELAY_TEST(relay_hub_that_replays_delivers_once),
        RELAY_TEST(relay_notice_of_what_was_never_sent_is_refused),
        RELAY_TEST(relay_notice_of_another_digest_is_refused),
        RELAY_TEST(relay_notice_signed_by_the_hub_is_refused),
        RELAY_TEST(relay_no_way_or_attachments_are_refused_before_anything_is_made),
    };
    sph_err err = {0};
    sph_xml_start();
    if (sph_crypto_start(&err).code != SPH_OK)
        return 1;
    return cmocka_run_group_tests_name("relay_bad", tests, NULL, NULL);
}
