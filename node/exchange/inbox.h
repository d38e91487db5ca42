/** The walk in (architecture.md): POST /as4 from a partner, from the spooled body to the receipt.
 */
#pragma once

#include "as4/receive.h"
#include "exchange/node.h"
#include "net/http_types.h"

/** Both: `ctx` is the sph_node. Head-time decision: partner, media type, size, free space. */
SPH_MUST sph_rc sph_inbox_accept(void *ctx, const sph_request *request, sph_response *response,
                                 sph_err *err);
/** The whole message. Runs on a hand; blocks on the journal. */
void sph_inbox_handle(void *ctx, const sph_request *request, sph_response *response);

/** A stored message as found again: for duplicates and for recovery. */
typedef struct sph_inbox_row {
    int64_t id, received_index, duplicate_ms;
    char partner[SPH_PARTY_ROOM], message_id[256], conversation_id[256];
    enum sph_suite suite;
    sph_as4_refs refs;
    sph_buf receipt; /* empty until T4 */
    sph_buf root;
    const sph_as4_in *in; /* the verified message whose SOAP octets `root` is, while it is at hand;
                             NULL: the receipt is made from root */
} sph_inbox_row;
void sph_inbox_row_clear(sph_inbox_row *row);
/** SPH_ENOTFOUND when this partner never sent that id. */
SPH_MUST sph_rc sph_inbox_find(sph_node *node, const char *party, const char *message_id,
                               sph_inbox_row *out, sph_err *err);
/** T4 from the stored row: build the receipt with the RECEIVED leaf's proof, commit it. Idempotent:
 * a row that has one answers it. */
SPH_MUST sph_rc sph_inbox_acknowledge(sph_node *node, sph_inbox_row *row, sph_err *err);
/** Finish every message that has a RECEIVED leaf and no receipt (ledger.md 6), at the start and in
 * each round of the upkeep. A message that cannot be finished is logged and left for the next time.
 *  before_ms   only what was received before; INT64_MAX: all, when nothing else works on them
 *  done, left  how many have their receipt now, and how many still lack it */
SPH_MUST sph_rc sph_inbox_recover(sph_node *node, int64_t before_ms, unsigned *done, unsigned *left,
                                  sph_err *err);
/** A message that lacks its receipt longer than this is trouble, not work in progress. */
#define SPH_RECEIPT_LATE_MS INT64_C(60000)
/** Count repeats: one DUPLICATE leaf per message and hour. */
SPH_MUST sph_rc sph_inbox_duplicate(sph_node *node, const sph_inbox_row *row, unsigned times,
                                    sph_err *err);
