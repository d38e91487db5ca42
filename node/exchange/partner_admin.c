#include "exchange/partner_admin.h"

#include <string.h>

static sph_rc read_card(sph_node *node, sph_slice octets, sph_card *card, sph_packet **packet,
                        sph_findings *findings, sph_err *err)
{
    return sph_card_check(octets, sph_node_schemas(node), sph_node_limits(node),
                          sph_node_config(node)->mode, sph_node_now_ms(node), findings, card,
                          packet, err);
}

static sph_rc copy_preview(const sph_card *card, struct sph_card_preview *out, sph_err *err)
{
    SPH_TRY(sph_str_copy(out->party, sizeof(out->party), sph_slice_str(card->party), err), err,
            "card");
    SPH_TRY(sph_str_copy(out->kind, sizeof(out->kind), sph_slice_str(card->kind), err), err,
            "card");
    SPH_TRY(sph_str_copy(out->country, sizeof(out->country), sph_slice_str(card->country), err),
            err, "card");
    SPH_TRY(sph_str_copy(out->mode, sizeof(out->mode), sph_slice_str(card->mode), err), err,
            "card");
    SPH_TRY(sph_str_copy(out->url, sizeof(out->url), sph_slice_str(card->url), err), err, "card");
    for (size_t i = 0; i < SPH_LANG_COUNT; i++)
        SPH_TRY(sph_str_copy(out->name[i], sizeof(out->name[i]), sph_slice_str(card->name[i]), err),
                err, "card");
    out->valid_until_ms = card->valid_until_ms;
    out->serial = card->serial;
    sph_safety_number(sph_cert_peek_der(card->root), out->safety);
    return sph_ok();
}

static bool is_same_root(const sph_cert *a, const sph_cert *b)
{
    return sph_slice_equal(sph_cert_peek_der(a), sph_cert_peek_der(b));
}

sph_rc sph_partner_preview(sph_node *node, sph_slice card, struct sph_card_preview *out,
                           sph_findings *findings, sph_err *err)
{
    sph_card read = {0};
    struct sph_card_preview preview = {.is_known = false};
    SPH_AUTO_PTR(sph_packet) *packet = NULL;
    SPH_TRY(read_card(node, card, &read, &packet, findings, err), err, "card");
    sph_rc rc = copy_preview(&read, &preview, err);
    SPH_AUTO_PTR(sph_partner) *known = sph_partners_get(sph_node_partners(node), read.party);
    preview.is_known = known && known->state != SPH_PARTNER_REMOVED;
    preview.is_same_root = known && is_same_root(known->card.root, read.root);
    sph_card_clear(&read);
    SPH_TRY(rc, err, "card");
    *out = preview;
    return sph_ok();
}

/** Digits only: people type the six groups with or without spaces. */
static bool is_same_number(const char *typed, const char *shown)
{
    while (*typed || *shown) {
        while (*typed == ' ' || *typed == '-')
            typed++;
        while (*shown == ' ')
            shown++;
        if (*typed != *shown)
            return false;
        if (*typed == '\0')
            return true;
        typed++;
        shown++;
    }
    return true;
}

struct addition {
    const sph_card *card;
    sph_slice octets;
    int64_t now_ms;
};

static sph_rc apply_addition(void *arg, sph_db *db, sph_err *err)
{
    const struct addition *addition = arg;
    sph_stmt *stmt = NULL;
    SPH_TRY(sph_stmt_get(db,
                         "INSERT INTO partner(party, kind, country, state, serial, root, card, "
                         "added_ms, changed_ms)"
                         " VALUES(?1,?2,?3,'active',?4,?5,?6,?7,?7) ON CONFLICT(party) DO UPDATE "
                         "SET kind=?2, country=?3,"
                         " state='active', serial=?4, root=?5, card=?6, changed_ms=?7",
                         &stmt, err),
            err, "partner row");
    sph_stmt_text(stmt, 1, addition->card->party);
    sph_stmt_text(stmt, 2, addition->card->kind);
    sph_stmt_text(stmt, 3, addition->card->country);
    sph_stmt_int(stmt, 4, addition->card->serial);
    sph_stmt_blob(stmt, 5, sph_cert_peek_der(addition->card->root));
    sph_stmt_blob(stmt, 6, addition->octets);
    sph_stmt_int(stmt, 7, addition->now_ms);
    return sph_stmt_run(stmt, NULL, err);
}

static sph_rc commit_addition(sph_node *node, const sph_card *card, sph_slice octets,
                              const char *user, sph_err *err)
{
    sph_leaf leaf;
    struct addition addition = {card, octets, sph_node_now_ms(node)};
    const sph_hash root = sph_cert_sha256(card->root);
    SPH_TRY(sph_node_leaf(node, SPH_EVENT_PARTNER_ADDED, user, &leaf, err), err,
            "PARTNER_ADDED leaf");
    SPH_TRY(sph_str_copy(leaf.peer, sizeof(leaf.peer), sph_slice_str(card->party), err), err,
            "leaf");
    SPH_TRY(sph_leaf_ext(&leaf, SPH_EXT_KEY_SHA256, sph_slice_hash(&root), err), err, "leaf");
    sph_job job = {.apply = apply_addition, .arg = &addition, .leaves = &leaf, .leaf_count = 1};
    return sph_journal_commit(sph_node_journal(node), &job, NULL, err);
}

static sph_rc check_ceremony(sph_node *node, const sph_card *card, const char *safety, sph_err *err)
{
    char number[SPH_SAFETY_TEXT];
    SPH_AUTO_PTR(sph_partner) *known = sph_partners_get(sph_node_partners(node), card->party);
    if (strcmp(card->party, sph_node_party(node)) == 0)
        return sph_fail(err, SPH_EARG, "this is the node's own card");
    if (known && known->state != SPH_PARTNER_REMOVED && !is_same_root(known->card.root, card->root))
        return sph_fail(err, SPH_EEXISTS,
                        "a partner of that name has another root; remove it first");
    if (known && is_same_root(known->card.root, card->root) && card->serial < known->card.serial)
        return sph_fail(err, SPH_EREFUSED, "the card is older than the one known (serial %u)",
                        known->card.serial);
    sph_safety_number(sph_cert_peek_der(card->root), number);
    if (!safety || !is_same_number(safety, number))
        return sph_fail(err, SPH_EPROOF, "the safety number is another one");
    return sph_ok();
}

sph_rc sph_partner_add(sph_node *node, sph_slice octets, const char *safety, const char *user,
                       sph_findings *findings, sph_err *err)
{
    sph_card card = {0};
    SPH_AUTO_PTR(sph_packet) *packet = NULL;
    SPH_TRY(read_card(node, octets, &card, &packet, findings, err), err, "card");
    sph_rc rc = check_ceremony(node, &card, safety, err);
    if (rc.code == SPH_OK)
        rc = commit_addition(node, &card, octets, user, err);
    if (rc.code == SPH_OK)
        rc = sph_node_reload_partner(node, card.party, err);
    sph_card_clear(&card);
    if (rc.code == SPH_OK)
        sph_node_wake(node);
    return rc;
}

struct state_change {
    const char *party, *state;
};

/** changed_ms stays: it is the time at which the card was accepted and is judged when it is read,
 * and a partner whose card has run out must still be paused and removed. */
static sph_rc apply_state(void *arg, sph_db *db, sph_err *err)
{
    const struct state_change *change = arg;
    sph_stmt *stmt = NULL;
    SPH_TRY(sph_stmt_get(db, "UPDATE partner SET state=? WHERE party=?", &stmt, err), err,
            "partner row");
    sph_stmt_text(stmt, 1, change->state);
    sph_stmt_text(stmt, 2, change->party);
    return sph_stmt_run(stmt, NULL, err);
}

static sph_rc replace_record(sph_node *node, const char *party, sph_err *err)
{
    const sph_rc rc = sph_node_reload_partner(node, party, err);
    const sph_transport *transport = sph_node_transport(node);
    if (transport)
        transport->forget(transport->ctx, party);
    return rc;
}

sph_rc sph_partner_set_state(sph_node *node, const char *party, enum sph_partner_state state,
                             const char *user, sph_err *err)
{
    sph_leaf leaf;
    struct state_change change = {party, sph_partner_state_name(state)};
    SPH_AUTO_PTR(sph_partner) *known = sph_partners_get(sph_node_partners(node), party);
    if (!known || (known->state == SPH_PARTNER_REMOVED && state != SPH_PARTNER_REMOVED))
        return sph_fail(err, SPH_ENOTFOUND, "no partner of that name");
    const uint16_t event =
        state == SPH_PARTNER_ACTIVE ? SPH_EVENT_PARTNER_ADDED : SPH_EVENT_PARTNER_SUSPENDED;
    SPH_TRY(sph_node_leaf(node, event, user, &leaf, err), err, "leaf");
    SPH_TRY(sph_str_copy(leaf.peer, sizeof(leaf.peer), sph_slice_str(party), err), err, "leaf");
    sph_job job = {.apply = apply_state, .arg = &change, .leaves = &leaf, .leaf_count = 1};
    SPH_TRY(sph_journal_commit(sph_node_journal(node), &job, NULL, err), err, "state");
    return replace_record(node, party, err);
}
