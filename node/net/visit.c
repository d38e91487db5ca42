#include "net/visit.h"

#define PAUSED_RETRY_S 600u  /* a partner that is paused asks again this much later */
#define STOPPING_RETRY_S 30u /* the node stops, likely to be started again */
#define CROWDED_RETRY_S 10u  /* too many connections of one partner */

bool sph_visit_knock(struct sph_server *server, struct sph_visit *visit)
{
    visit->is_knocking = sph_guests_knock(server->guests, visit->address);
    if (!visit->is_knocking)
        atomic_fetch_add(&server->handshakes_limited, 1);
    return visit->is_knocking;
}

static void end_knocking(struct sph_server *server, struct sph_visit *visit)
{
    if (visit->is_knocking)
        sph_guests_opened(server->guests, visit->address);
    visit->is_knocking = false;
}

bool sph_visit_enter(struct sph_server *server, struct sph_visit *visit, const char *party)
{
    end_knocking(server, visit);
    if (!party[0])
        return true;
    const enum sph_welcome welcome = sph_guests_enter(server->guests, party);
    visit->is_guest = welcome != SPH_WELCOME_NOT;
    visit->is_over = welcome == SPH_WELCOME_OVER;
    if (welcome != SPH_WELCOME)
        atomic_fetch_add(&server->connections_limited, 1);
    return visit->is_guest;
}

/* Known, but not a partner now: it may know where it stands, and nothing else. */
static void refuse_standing(sph_turn *turn, enum sph_standing standing)
{
    const char *word = sph_standing_word(standing);
    sph_turn_refuse(turn, standing == SPH_STANDING_PAUSED ? 503 : 403);
    if (standing == SPH_STANDING_PAUSED)
        turn->response.retry_after_s = PAUSED_RETRY_S;
    if (word &&
        sph_buf_addf(&turn->response.fields, NULL, "Saphan-Partner: %s\r\n", word).code != SPH_OK)
        sph_buf_clear(&turn->response.fields);
}

static void refuse_for_now(sph_turn *turn, unsigned status, unsigned retry_after_s)
{
    sph_turn_refuse(turn, status);
    turn->response.retry_after_s = retry_after_s;
}

bool sph_visit_may_ask(struct sph_server *server, const struct sph_visit *visit,
                       const sph_wire *wire, int64_t mono_ms, sph_turn *turn)
{
    const enum sph_standing standing = sph_wire_standing(wire);
    unsigned wait_s = 0;
    if (standing != SPH_STANDING_PARTNER) {
        refuse_standing(turn, standing);
        return false;
    }
    if (atomic_load(&server->phase) != SPH_PHASE_RUN) { /* stopping: finish what runs, no more */
        refuse_for_now(turn, 503, STOPPING_RETRY_S);
        return false;
    }
    if (visit->is_over) {
        refuse_for_now(turn, 429, CROWDED_RETRY_S);
        return false;
    }
    if (!visit->is_guest ||
        sph_guests_ask(server->guests, sph_wire_peek_party(wire), mono_ms, &wait_s))
        return true;
    atomic_fetch_add(&server->requests_limited, 1);
    refuse_for_now(turn, 429, wait_s);
    return false;
}

void sph_visit_end(struct sph_server *server, struct sph_visit *visit, const char *party)
{
    end_knocking(server, visit);
    if (visit->is_guest)
        sph_guests_leave(server->guests, party);
    visit->is_guest = false;
}
