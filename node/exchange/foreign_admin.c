#include "exchange/foreign_admin.h"

#include <string.h>

#include "crypto/digest.h"
#include "exchange/foreign_certs.h"

static sph_rc select_pmode(sph_db *reader, const char *party, sph_json **out, sph_err *err)
{
    sph_stmt *stmt = NULL;
    bool row = false;
    SPH_TRY(sph_stmt_get(reader,
                         "SELECT pmode FROM partner WHERE party = ? AND pmode <> '' AND"
                         " state <> 'removed'",
                         &stmt, err),
            err, "P-Mode");
    sph_stmt_text(stmt, 1, party);
    SPH_TRY(sph_stmt_step(stmt, &row, err), err, "P-Mode");
    const sph_rc rc =
        row ? sph_json_parse(sph_slice_str(sph_col_text(stmt, 0)), SPH_PMODE_JSON, out, err)
            : sph_fail(err, SPH_ENOTFOUND, "no foreign partner of that name");
    sph_stmt_end(stmt);
    return rc;
}

sph_rc sph_foreign_partner_pmode(sph_node *node, const char *party, sph_json **out, sph_err *err)
{
    sph_db *reader = NULL;
    SPH_TRY(sph_db_pool_get(sph_node_readers(node), &reader, err), err, "reader");
    const sph_rc rc = select_pmode(reader, party, out, err);
    sph_db_pool_put(sph_node_readers(node), reader);
    return rc;
}

static sph_rc refuse(struct sph_foreign_problem *problem, enum sph_code code, const char *key,
                     const char *value, sph_err *err)
{
    problem->key = key;
    const size_t room = sizeof(problem->value) - 1;
    SPH_TRY(sph_str_copy(problem->value, sizeof(problem->value),
                         sph_slice_sub(sph_slice_str(value), 0, room), err),
            err, "value");
    return sph_fail(err, code, "%s %s", key, value);
}

static sph_rc default_pmode(const sph_node *node, const char *party, sph_json **out, sph_err *err)
{
    sph_pmode pmode;
    SPH_AUTO_PTR(sph_json) *json = sph_json_object();
    SPH_TRY(sph_pmode_foreign(sph_node_party(node), party, &pmode, err), err, "defaults");
    SPH_TRY(sph_json_set(json, "schema", sph_json_text(SPH_PMODE_SCHEMA), err), err, "schema");
    SPH_TRY(sph_pmode_print(&pmode, json, err), err, "defaults");
    *out = sph_move(json);
    return sph_ok();
}

/** The stored P-Mode or the defaults, with what was given laid over it. */
static sph_rc lay_over(sph_node *node, const struct sph_foreign_given *given, sph_json **out,
                       sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *json = NULL;
    const sph_rc rc = sph_foreign_partner_pmode(node, given->party, &json, err);
    if (rc.code == SPH_ENOTFOUND) {
        sph_err_clear(err);
        SPH_TRY(default_pmode(node, given->party, &json, err), err, "defaults");
    } else {
        SPH_TRY(rc, err, "stored P-Mode");
    }
    const sph_json *changes = given->pmode;
    for (const char *key = changes ? sph_json_next_key(changes, NULL) : NULL; key;
         key = sph_json_next_key(changes, key))
        if (strcmp(key, "schema") != 0 && strcmp(key, "certificates") != 0)
            SPH_TRY(sph_json_set(json, key, sph_json_dup(sph_json_get(changes, key)), err), err,
                    "%s", key);
    *out = sph_move(json);
    return sph_ok();
}

static sph_rc change_certs(sph_node *node, const struct sph_foreign_given *given, sph_json *pmode,
                           struct sph_foreign_certs *certs, struct sph_foreign_problem *problem,
                           sph_err *err)
{
    enum sph_suite suite;
    sph_json *list = NULL;
    const int64_t now_ms = sph_node_now_ms(node);
    const char *name = sph_json_get_text(pmode, "suite");
    if (!name || sph_suite_of(sph_slice_str(name), &suite, err).code != SPH_OK)
        return refuse(problem, SPH_EREFUSED, "problem.foreign-value", "suite", err);
    SPH_TRY(sph_foreign_certs_read(sph_json_get(pmode, "certificates"), certs, err), err,
            "known certificates");
    certs->given = given;
    for (size_t i = 0; i < given->cert_count; i++)
        SPH_TRY(sph_foreign_certs_add(certs, &given->certs[i], suite, now_ms, problem, err), err,
                "certificate %zu", i + 1);
    SPH_TRY(sph_foreign_certs_print(certs, suite, now_ms, &list, err), err, "certificates");
    return sph_json_set(pmode, "certificates", list, err);
}

/** One message must lead to one partner: two with the same PartyId would be a guess. */
struct look {
    const char *party;
    const sph_pmode *pmode;
    bool is_taken, is_channel_taken;
};

/** A channel, or one below it: as the pull is judged (as4.md 12.3). */
static bool is_within(const char *mpc, const char *channel)
{
    const size_t len = sph_slice_str(channel).len;
    return len > 0 && strncmp(mpc, channel, len) == 0 && (mpc[len] == '\0' || mpc[len] == '/');
}

static sph_rc look_at(void *arg, const sph_partner *partner, sph_err *err)
{
    struct look *look = arg;
    const char *channel = look->pmode->channel_out;
    (void)err;
    if (partner->state == SPH_PARTNER_REMOVED || strcmp(partner->card.party, look->party) == 0)
        return sph_ok();
    if (strcmp(partner->pmode.partner_id, look->pmode->partner_id) == 0 &&
        strcmp(partner->pmode.partner_type, look->pmode->partner_type) == 0)
        look->is_taken = true;
    if (is_within(channel, partner->card.pull_mpc) || is_within(partner->card.pull_mpc, channel))
        look->is_channel_taken = true;
    return sph_ok();
}

static sph_rc check_names(sph_node *node, const struct sph_foreign_given *given,
                          const sph_pmode *pmode, struct sph_foreign_problem *problem, sph_err *err)
{
    struct look look = {.party = given->party, .pmode = pmode};
    SPH_AUTO_PTR(sph_partner) *known = sph_partners_get(sph_node_partners(node), given->party);
    if (known && known->state != SPH_PARTNER_REMOVED && !known->pmode.is_foreign)
        return refuse(problem, SPH_EEXISTS, "problem.foreign-is-saphan", given->party, err);
    SPH_TRY(sph_partners_each(sph_node_partners(node), look_at, &look, err), err, "partners");
    if (look.is_taken)
        return refuse(problem, SPH_EEXISTS, "problem.foreign-id-taken", pmode->partner_id, err);
    if (look.is_channel_taken)
        return refuse(problem, SPH_EEXISTS, "problem.foreign-channel-taken", pmode->channel_out,
                      err);
    return sph_ok();
}

/** What the P-Mode still lacks, in words of its own; the rest is a wrong value. */
static sph_rc explain(const sph_err *why, struct sph_foreign_problem *problem, sph_err *err)
{
    const char *what = why->depth > 0 ? why->frame[0].what : "";
    const char *key = "problem.foreign-value";
    if (strncmp(what, "certificates: none", 18) == 0)
        key = "problem.foreign-missing";
    else if (strncmp(what, "address:", 8) == 0)
        key = "problem.foreign-address";
    /* The outermost frame but one names the member. */
    for (unsigned i = 1; i < why->depth; i++)
        if (strcmp(key, "problem.foreign-value") == 0)
            what = why->frame[i].what;
    return refuse(problem, SPH_EREFUSED, key, what, err);
}

struct addition {
    const char *party, *country, *text;
    int64_t now_ms;
};

static sph_rc apply_addition(void *arg, sph_db *db, sph_err *err)
{
    const struct addition *addition = arg;
    sph_stmt *stmt = NULL;
    SPH_TRY(
        sph_stmt_get(db,
                     "INSERT INTO partner(party, kind, country, state, serial, root, card, pmode, "
                     "added_ms, changed_ms)"
                     " VALUES(?1,'" SPH_PARTNER_FOREIGN "',?2,'active',0,x'',x'',?3,?4,?4)"
                     " ON CONFLICT(party) DO UPDATE SET kind='" SPH_PARTNER_FOREIGN "', country=?2,"
                     " state='active', serial=0, root=x'', card=x'', pmode=?3, changed_ms=?4",
                     &stmt, err),
        err, "partner row");
    sph_stmt_text(stmt, 1, addition->party);
    sph_stmt_text(stmt, 2, addition->country);
    sph_stmt_text(stmt, 3, addition->text);
    sph_stmt_int(stmt, 4, addition->now_ms);
    return sph_stmt_run(stmt, NULL, err);
}

static sph_rc commit(sph_node *node, const struct sph_foreign_given *given, const sph_pmode *pmode,
                     const sph_buf *text, sph_err *err)
{
    sph_leaf leaf;
    const sph_hash digest = sph_sha256_of(sph_buf_peek(text));
    struct addition addition = {given->party, pmode->country, sph_buf_text(text),
                                sph_node_now_ms(node)};
    SPH_TRY(sph_node_leaf(node, SPH_EVENT_PARTNER_ADDED, given->user, &leaf, err), err, "leaf");
    SPH_TRY(sph_str_copy(leaf.peer, sizeof(leaf.peer), sph_slice_str(given->party), err), err,
            "leaf");
    SPH_TRY(sph_leaf_ext(&leaf, SPH_EXT_KEY_SHA256, sph_slice_hash(&digest), err), err, "leaf");
    sph_job job = {.apply = apply_addition, .arg = &addition, .leaves = &leaf, .leaf_count = 1};
    SPH_TRY(sph_journal_commit(sph_node_journal(node), &job, NULL, err), err, "partner");
    SPH_TRY(sph_node_reload_partner(node, given->party, err), err, "partner");
    const sph_transport *transport = sph_node_transport(node);
    if (transport)
        transport->forget(transport->ctx, given->party);
    sph_node_wake(node);
    return sph_ok();
}

static sph_rc check_and_commit(sph_node *node, const struct sph_foreign_given *given,
                               const sph_json *json, sph_pmode *pmode,
                               struct sph_foreign_problem *problem, sph_err *err)
{
    sph_err why = {0};
    SPH_AUTO(sph_buf) text = sph_buf_init(SPH_PMODE_JSON);
    const sph_rc rc = sph_pmode_parse(json, pmode, &why);
    if (rc.code == SPH_EPARSE)
        return explain(&why, problem, err);
    SPH_TRY(rc, err, "P-Mode");
    SPH_TRY(check_names(node, given, pmode, problem, err), err, "names");
    if (given->is_dry_run)
        return sph_ok();
    SPH_TRY(sph_json_print(json, false, &text, err), err, "P-Mode");
    return commit(node, given, pmode, &text, err);
}

sph_rc sph_foreign_partner_add(sph_node *node, const struct sph_foreign_given *given,
                               struct sph_foreign_problem *problem, sph_err *err)
{
    struct sph_foreign_certs certs = {.count = 0};
    SPH_AUTO(sph_pmode) pmode = {.is_foreign = true};
    SPH_AUTO_PTR(sph_json) *json = NULL;
    *problem = (struct sph_foreign_problem){.key = NULL};
    if (!sph_party_valid(sph_slice_str(given->party)) ||
        strcmp(given->party, sph_node_party(node)) == 0)
        return refuse(problem, SPH_EREFUSED, "problem.foreign-party", given->party, err);
    SPH_TRY(lay_over(node, given, &json, err), err, "P-Mode");
    sph_rc rc = change_certs(node, given, json, &certs, problem, err);
    sph_foreign_certs_clear(&certs);
    SPH_TRY(rc, err, "certificates");
    return check_and_commit(node, given, json, &pmode, problem, err);
}
