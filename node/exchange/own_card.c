#include "exchange/own_card.h"

#include <string.h>

#include "base/codec.h"
#include "exchange/submit.h"

#define CARD_PATH "card.xml"

/** The serial in setting "card_serial", increased in the same step. */
struct serial {
    uint32_t value;
    bool is_to_send; /* setting "card_to_send": partners do not have it yet */
};

static sph_rc set_to_send(sph_db *db, const char *value, sph_err *err)
{
    sph_stmt *stmt = NULL;
    SPH_TRY(sph_stmt_get(db,
                         "INSERT INTO setting(name, value) VALUES('card_to_send',?1)"
                         " ON CONFLICT(name) DO UPDATE SET value=?1",
                         &stmt, err),
            err, "card to send");
    sph_stmt_text(stmt, 1, value);
    return sph_stmt_run(stmt, NULL, err);
}

static sph_rc apply_serial(void *arg, sph_db *db, sph_err *err)
{
    struct serial *serial = arg;
    sph_stmt *stmt = NULL;
    bool row = false;
    if (serial->is_to_send)
        SPH_TRY(set_to_send(db, "1", err), err, "card to send");
    SPH_TRY(sph_stmt_get(
                db,
                "INSERT INTO setting(name, value) VALUES('card_serial','1')"
                " ON CONFLICT(name) DO UPDATE SET value=CAST(CAST(value AS INTEGER)+1 AS TEXT)",
                &stmt, err),
            err, "card serial");
    SPH_TRY(sph_stmt_run(stmt, NULL, err), err, "card serial");
    SPH_TRY(sph_stmt_get(db, "SELECT CAST(value AS INTEGER) FROM setting WHERE name='card_serial'",
                         &stmt, err),
            err, "card serial");
    SPH_TRY(sph_stmt_step(stmt, &row, err), err, "card serial");
    serial->value = row ? (uint32_t)sph_col_int(stmt, 0) : 1;
    sph_stmt_end(stmt);
    return sph_ok();
}

static sph_rc add_cert(sph_card *card, enum sph_cert_use use, enum sph_suite suite,
                       const sph_cert *cert, sph_err *err)
{
    if (card->cert_count == SPH_CARD_CERTS)
        return sph_fail(err, SPH_ELIMIT, "certificates of a card");
    card->cert[card->cert_count].use = use;
    card->cert[card->cert_count].suite = suite;
    card->cert[card->cert_count++].cert = sph_cert_ref(cert);
    return sph_ok();
}

static sph_rc add_certs(const sph_node *node, sph_card *card, sph_err *err)
{
    const sph_keyring *ring = sph_node_keys(node);
    const struct sph_suites *suites = sph_node_suites(node);
    SPH_TRY(add_cert(card, SPH_USE_TLS, suites->at[0], ring->slot[SPH_SLOT_TLS].leaf, err), err,
            "TLS certificate");
    for (size_t i = 0; i < suites->count; i++) {
        const enum sph_suite suite = suites->at[i];
        card->suite[card->suite_count++] = suite;
        SPH_TRY(add_cert(card, SPH_USE_SIGN, suite, ring->slot[sph_slot_sign(suite)].leaf, err),
                err, "signing");
        SPH_TRY(
            add_cert(card, SPH_USE_ENCRYPT, suite, ring->slot[sph_slot_encrypt(suite)].leaf, err),
            err, "encryption");
    }
    return sph_ok();
}

static sph_rc add_ledger(const sph_node *node, sph_card *card, sph_err *err)
{
    SPH_AUTO(sph_buf) text = sph_buf_init(512);
    sph_vkey witness;
    const sph_vkey *log = sph_node_log_vkey(node);
    SPH_TRY(sph_vkey_text(log, &text, err), err, "log key");
    SPH_TRY(sph_str_copy(card->log_vkey, sizeof(card->log_vkey), sph_buf_peek(&text), err), err,
            "log key");
    SPH_TRY(sph_str_copy(card->log_origin, sizeof(card->log_origin), sph_slice_str(log->name), err),
            err, "log name");
    SPH_TRY(sph_str_format(card->witness_name, sizeof(card->witness_name), err, "%s/witness/1",
                           sph_node_party(node)),
            err, "witness name");
    SPH_TRY(sph_vkey_make(card->witness_name, SPH_VKEY_COSIGNATURE,
                          sph_key_peek_public(sph_node_keys(node)->witness), &witness, err),
            err, "witness key");
    sph_buf_clear(&text);
    SPH_TRY(sph_vkey_text(&witness, &text, err), err, "witness key");
    return sph_str_copy(card->witness_vkey, sizeof(card->witness_vkey), sph_buf_peek(&text), err);
}

static sph_rc add_identity(const sph_node *node, sph_card *card, sph_err *err)
{
    const struct sph_config *config = sph_node_config(node);
    SPH_TRY(sph_str_copy(card->party, sizeof(card->party), sph_slice_str(config->party), err), err,
            "party");
    SPH_TRY(sph_str_copy(card->kind, sizeof(card->kind), sph_slice_str(config->kind), err), err,
            "kind");
    SPH_TRY(sph_str_copy(card->country, sizeof(card->country), sph_slice_str(config->country), err),
            err, "country");
    SPH_TRY(sph_str_copy(card->mode, sizeof(card->mode), sph_slice_str(config->mode), err), err,
            "mode");
    SPH_TRY(sph_str_copy(card->url, sizeof(card->url), sph_slice_str(config->url), err), err,
            "address");
    SPH_TRY(sph_str_copy(card->pull_mpc, sizeof(card->pull_mpc),
                         sph_slice_str(config->url[0] ? "" : config->mpc), err),
            err, "channel");
    SPH_TRY(sph_str_copy(card->pull_via, sizeof(card->pull_via),
                         sph_slice_str(config->url[0] ? "" : config->via), err),
            err, "hub");
    for (size_t i = 0; i < SPH_LANG_COUNT; i++)
        SPH_TRY(
            sph_str_copy(card->name[i], sizeof(card->name[i]), sph_slice_str(config->name[i]), err),
            err, "name");
    for (size_t i = 0; i < SPH_LANG_COUNT; i++)
        SPH_TRY(sph_str_copy(card->languages[card->language_count++], 3,
                             sph_slice_str(sph_lang_code((enum sph_lang)i)), err),
                err, "language");
    for (size_t i = 0; i < SPH_PACKET_TYPE_COUNT; i++)
        card->accepts_type[i] = true;
    for (size_t i = 0; i < SPH_PACKET_TYPE_COUNT; i++)
        card->subscribes[i] =
            i == SPH_PACKET_CASE_LAW || i == SPH_PACKET_RESOURCE || i == SPH_PACKET_DIRECTORY;
    card->largest_message = config->largest;
    card->has_relay = sph_config_relays(config) || card->pull_via[0];
    return sph_ok();
}

static sph_rc fill(const sph_node *node, uint32_t serial, sph_card *card, sph_err *err)
{
    const sph_keyring *ring = sph_node_keys(node);
    card->serial = serial;
    card->root = sph_cert_ref(ring->root);
    card->valid_until_ms = sph_node_now_ms(node) +
                           (int64_t)sph_keyring_days_left(ring, sph_node_now_ms(node)) * 86400000;
    card->crl = sph_buf_init(65536);
    SPH_TRY(sph_buf_add(&card->crl, sph_buf_peek(&ring->crl), err), err, "CRL");
    SPH_TRY(add_identity(node, card, err), err, "identity");
    SPH_TRY(add_certs(node, card, err), err, "certificates");
    return add_ledger(node, card, err);
}

static sph_rc build(sph_node *node, const sph_card *card, sph_buf *octets, sph_err *err)
{
    const struct sph_env *env = sph_node_env(node);
    const sph_keyring *ring = sph_node_keys(node);
    const struct sph_key_slot *slot = &ring->slot[SPH_SLOT_SIGN_ED25519];
    const struct sph_packet_signer signer = {slot->key, slot->leaf, ring->root};
    char uuid[SPH_UUID_TEXT];
    uint8_t nonce[16];
    struct sph_packet_new values = {.party = card->party,
                                    .mode = card->mode,
                                    .now_ms = sph_node_now_ms(node),
                                    .nonce = sph_slice_of(nonce, sizeof(nonce))};
    SPH_TRY(sph_uuid_new(env->random, uuid, err), err, "packet id");
    SPH_TRY(sph_str_format(values.packet_id, sizeof(values.packet_id), err, "urn:uuid:%s", uuid),
            err, "packet id");
    SPH_TRY(env->random->fill(env->random->ctx, nonce, sizeof(nonce), err), err, "nonce");
    return sph_card_build(card, &values, &signer, octets, err);
}

static sph_rc build_and_store(sph_node *node, uint32_t serial, sph_err *err)
{
    sph_card *card = sph_mem_new(1, sizeof(*card));
    SPH_AUTO(sph_buf) octets = sph_buf_init(sph_node_limits(node)->card);
    if (!card)
        return sph_fail(err, SPH_ENOMEM, "card");
    sph_rc rc = fill(node, serial, card, err);
    if (rc.code == SPH_OK)
        rc = build(node, card, &octets, err);
    if (rc.code == SPH_OK)
        rc = sph_file_store(sph_node_env(node)->files, CARD_PATH, sph_buf_peek(&octets), true, err);
    sph_card_clear(card);
    sph_mem_free(card);
    return rc;
}

static sph_rc make(sph_node *node, bool is_to_send, sph_err *err)
{
    struct serial serial = {.is_to_send = is_to_send};
    sph_job job = {.apply = apply_serial, .arg = &serial};
    SPH_TRY(sph_journal_commit(sph_node_journal(node), &job, NULL, err), err, "card serial");
    return build_and_store(node, serial.value, err);
}

sph_rc sph_own_card_renew(sph_node *node, sph_err *err)
{
    return make(node, false, err);
}

sph_rc sph_own_card_replace(sph_node *node, sph_err *err)
{
    return make(node, true, err);
}

static bool is_in_use(const sph_keyring *ring, const sph_cert *cert)
{
    for (size_t i = 0; i < SPH_SLOT_COUNT; i++)
        if (sph_slice_equal(sph_cert_peek_der(ring->slot[i].leaf), sph_cert_peek_der(cert)))
            return true;
    return false;
}

/** How partners reach this node, or that it comes for its messages itself. */
static bool is_way_of(const struct sph_config *config, const sph_card *card)
{
    const bool has_url = config->url[0] != '\0';
    return strcmp(card->url, config->url) == 0 &&
           strcmp(card->pull_mpc, has_url ? "" : config->mpc) == 0 &&
           strcmp(card->pull_via, has_url ? "" : config->via) == 0;
}

static bool is_of(const sph_keyring *ring, const sph_card *card)
{
    for (size_t i = 0; i < card->cert_count; i++)
        if (!is_in_use(ring, card->cert[i].cert))
            return false;
    return sph_slice_equal(sph_buf_peek(&card->crl), sph_buf_peek(&ring->crl));
}

/** A card file that cannot be read is behind too: a new one is made. */
static bool is_behind(sph_node *node, sph_slice octets, sph_card *card)
{
    SPH_AUTO_PTR(sph_packet) *packet = NULL;
    if (sph_packet_reopen(octets, sph_node_limits(node), &packet, NULL).code != SPH_OK ||
        sph_card_read(packet, card, NULL).code != SPH_OK)
        return true;
    const bool is_current =
        is_of(sph_node_keys(node), card) && is_way_of(sph_node_config(node), card);
    sph_card_clear(card);
    return !is_current;
}

sph_rc sph_own_card_is_behind(sph_node *node, bool *out, sph_err *err)
{
    const sph_files *files = sph_node_env(node)->files;
    bool is_there = false;
    SPH_AUTO(sph_buf) octets = sph_buf_init(sph_node_limits(node)->card);
    *out = false;
    SPH_TRY(files->exists(files->ctx, CARD_PATH, &is_there, err), err, "card file");
    if (!is_there)
        return sph_ok();
    SPH_TRY(sph_file_load(files, CARD_PATH, &octets, err), err, "card file");
    sph_card *card = sph_mem_new(1, sizeof(*card));
    if (!card)
        return sph_fail(err, SPH_ENOMEM, "card");
    *out = is_behind(node, sph_buf_peek(&octets), card);
    sph_mem_free(card);
    return sph_ok();
}

sph_rc sph_own_card(sph_node *node, sph_buf *out, sph_err *err)
{
    bool is_there = false;
    const sph_files *files = sph_node_env(node)->files;
    SPH_TRY(files->exists(files->ctx, CARD_PATH, &is_there, err), err, "card file");
    if (!is_there)
        SPH_TRY(sph_own_card_renew(node, err), err, "making the card");
    return sph_file_load(files, CARD_PATH, out, err);
}

/** Names of the active partners, copied: a submit may not run inside the directory. */
struct parties {
    char (*name)[SPH_PARTY_ROOM]; /* NULL: only count */
    size_t count, room;
};

static sph_rc note_party(void *arg, const sph_partner *partner, sph_err *err)
{
    struct parties *parties = arg;
    if (partner->pmode.is_foreign || partner->state != SPH_PARTNER_ACTIVE)
        return sph_ok();
    if (!parties->name) {
        parties->room++;
        return sph_ok();
    }
    if (parties->count == parties->room)
        return sph_ok(); /* added in between: it was given the card of today */
    return sph_str_copy(parties->name[parties->count++], SPH_PARTY_ROOM,
                        sph_slice_str(partner->card.party), err);
}

static sph_rc list_parties(sph_node *node, struct parties *parties, sph_err *err)
{
    sph_partners *all = sph_node_partners(node);
    SPH_TRY(sph_partners_each(all, note_party, parties, err), err, "partners");
    parties->name = sph_mem_new(parties->room + 1, SPH_PARTY_ROOM);
    if (!parties->name)
        return sph_fail(err, SPH_ENOMEM, "partners");
    return sph_partners_each(all, note_party, parties, err);
}

/** The card on its way to all. */
struct giving {
    sph_node *node;
    sph_buf octets;
    char packet_id[64];
    struct sph_submitted *done;
    sph_findings *findings;
};

static sph_rc has_row(const struct giving *giving, const char *party, bool *out, sph_err *err)
{
    sph_db *reader = NULL;
    sph_stmt *stmt = NULL;
    SPH_TRY(sph_db_pool_get(sph_node_readers(giving->node), &reader, err), err, "reader");
    sph_rc rc = sph_stmt_get(reader,
                             "SELECT 1 FROM outbox WHERE packet_id = ?1 AND"
                             " CASE recipient WHEN '' THEN partner ELSE recipient END = ?2",
                             &stmt, err);
    if (rc.code == SPH_OK) {
        sph_stmt_text(stmt, 1, giving->packet_id);
        sph_stmt_text(stmt, 2, party);
        rc = sph_stmt_step(stmt, out, err);
        sph_stmt_end(stmt);
    }
    sph_db_pool_put(sph_node_readers(giving->node), reader);
    return rc;
}

static bool is_of_this_partner(enum sph_code code)
{
    return code == SPH_EREFUSED || code == SPH_EUNSUPPORTED || code == SPH_ENOTFOUND ||
           code == SPH_ELIMIT;
}

/** Queued before the node stopped: done. A partner that cannot take it keeps nobody else from it.
 */
static sph_rc give_card(struct giving *giving, const char *party, unsigned *count, sph_err *err)
{
    bool is_done = false;
    const struct sph_submit what = {
        .octets = sph_buf_peek(&giving->octets), .to = &party, .to_count = 1};
    SPH_TRY(has_row(giving, party, &is_done, err), err, "queued card");
    if (is_done)
        return sph_ok();
    *giving->findings = (sph_findings){0};
    const sph_rc rc = sph_submit(giving->node, &what, giving->done, giving->findings, err);
    *count += rc.code == SPH_OK;
    if (rc.code == SPH_OK || !is_of_this_partner(rc.code))
        return rc;
    SPH_LOG(sph_node_env(giving->node)->log, SPH_LOG_WARN, "card_not_sent",
            SPH_LF(SPH_F_PARTNER, party), SPH_LF(SPH_F_CODE, sph_code_name(rc.code)));
    sph_err_clear(err);
    return sph_ok();
}

static sph_rc open_giving(struct giving *giving, sph_err *err)
{
    SPH_AUTO_PTR(sph_packet) *packet = NULL;
    giving->done = sph_mem_new(1, sizeof(*giving->done));
    giving->findings = sph_mem_new(1, sizeof(*giving->findings));
    if (!giving->done || !giving->findings)
        return sph_fail(err, SPH_ENOMEM, "sending the card");
    SPH_TRY(sph_own_card(giving->node, &giving->octets, err), err, "card");
    SPH_TRY(sph_packet_reopen(sph_buf_peek(&giving->octets), sph_node_limits(giving->node), &packet,
                              err),
            err, "card");
    return sph_str_copy(giving->packet_id, sizeof(giving->packet_id),
                        sph_slice_str(sph_packet_header_of(packet)->packet_id), err);
}

static sph_rc queue_card(sph_node *node, const struct parties *parties, unsigned *count,
                         sph_err *err)
{
    struct giving giving = {.node = node, .octets = sph_buf_init(sph_node_limits(node)->card)};
    sph_rc rc = parties->count > 0 ? open_giving(&giving, err) : sph_ok();
    for (size_t i = 0; rc.code == SPH_OK && i < parties->count; i++)
        rc = give_card(&giving, parties->name[i], count, err);
    sph_mem_free(giving.findings);
    sph_mem_free(giving.done);
    sph_buf_clear(&giving.octets);
    return rc;
}

static sph_rc apply_sent(void *arg, sph_db *db, sph_err *err)
{
    (void)arg;
    return set_to_send(db, "0", err);
}

static sph_rc read_to_send(sph_db *reader, bool *out, sph_err *err)
{
    sph_stmt *stmt = NULL;
    SPH_TRY(sph_stmt_get(reader, "SELECT 1 FROM setting WHERE name='card_to_send' AND value='1'",
                         &stmt, err),
            err, "card to send");
    SPH_TRY(sph_stmt_step(stmt, out, err), err, "card to send");
    sph_stmt_end(stmt);
    return sph_ok();
}

sph_rc sph_own_card_distribute(sph_node *node, unsigned *count, sph_err *err)
{
    struct parties parties = {.name = NULL};
    sph_db *reader = NULL;
    bool is_to_send = false;
    sph_job job = {.apply = apply_sent};
    *count = 0;
    SPH_TRY(sph_db_pool_get(sph_node_readers(node), &reader, err), err, "reader");
    sph_rc rc = read_to_send(reader, &is_to_send, err);
    sph_db_pool_put(sph_node_readers(node), reader);
    SPH_TRY(rc, err, "card to send");
    if (!is_to_send)
        return sph_ok();
    rc = list_parties(node, &parties, err);
    if (rc.code == SPH_OK)
        rc = queue_card(node, &parties, count, err);
    sph_mem_free(parties.name);
    SPH_TRY(rc, err, "sending the card");
    return sph_journal_commit(sph_node_journal(node), &job, NULL, err);
}
