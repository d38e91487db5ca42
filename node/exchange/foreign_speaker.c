#include <string.h>

#include "exchange/foreign.h"

static bool is_from(const sph_partner *partner, const char *party_id)
{
    return strcmp(partner->pmode.partner_id, party_id) == 0;
}

static bool pulls(const sph_partner *partner, const char *mpc)
{
    return partner->pmode.channel_out[0] && strcmp(partner->pmode.channel_out, mpc) == 0;
}

static bool is_party(const sph_partner *partner, const char *party)
{
    return strcmp(partner->card.party, party) == 0;
}

static sph_rc select_addressee(sph_db *reader, const char *message_id, char out[SPH_PARTY_ROOM],
                               sph_err *err)
{
    sph_stmt *stmt = NULL;
    bool row = false;
    SPH_TRY(sph_stmt_get(reader, "SELECT partner FROM outbox WHERE message_id=?", &stmt, err), err,
            "addressee");
    sph_stmt_text(stmt, 1, message_id);
    SPH_TRY(sph_stmt_step(stmt, &row, err), err, "addressee");
    const sph_rc rc =
        row ? sph_str_copy(out, SPH_PARTY_ROOM, sph_slice_str(sph_col_text(stmt, 0)), err)
            : sph_fail(err, SPH_ENOTFOUND, "no such message was sent");
    sph_stmt_end(stmt);
    return rc;
}

/** A signal names nobody: it speaks for whom our message went to. */
static bool find_addressee(sph_node *node, const char *message_id, char out[SPH_PARTY_ROOM])
{
    sph_db *reader = NULL;
    if (!message_id || sph_db_pool_get(sph_node_readers(node), &reader, NULL).code != SPH_OK)
        return false;
    const sph_rc rc = select_addressee(reader, message_id, out, NULL);
    sph_db_pool_put(sph_node_readers(node), reader);
    return rc.code == SPH_OK;
}

/** What tells the speaker; NULL: nothing does. room: for a name that is looked up. */
static sph_partner_speaks *tell(const struct sph_arrival *arrival, char room[SPH_PARTY_ROOM],
                                const char **name)
{
    const sph_as4_user *user = sph_as4_in_user(arrival->in);
    if (user) {
        *name = user->from;
        return is_from;
    }
    if (sph_as4_in_kind(arrival->in) == SPH_AS4_PULL) {
        *name = sph_as4_in_pull_mpc(arrival->in);
        return *name ? pulls : NULL;
    }
    *name = room;
    return find_addressee(arrival->node, sph_as4_in_ref_to(arrival->in), room) ? is_party : NULL;
}

void sph_foreign_speaker(struct sph_arrival *arrival, const sph_cert *client)
{
    char party[SPH_PARTY_ROOM], room[SPH_PARTY_ROOM];
    const char *name = NULL;
    if (!arrival->partner->pmode.is_foreign)
        return;
    sph_partner_speaks *speaks = tell(arrival, room, &name);
    if (!speaks || speaks(arrival->partner, name) ||
        !sph_partners_admit_from(sph_node_partners(arrival->node), client,
                                 sph_node_now_ms(arrival->node), speaks, name, party))
        return;
    sph_partner *speaker = sph_partners_get(sph_node_partners(arrival->node), party);
    if (!speaker)
        return;
    sph_partner_unref(&arrival->partner);
    arrival->partner = speaker;
    arrival->suite = speaker->pmode.suite;
}
