#include "exchange/receiving.h"

/** The party is that of the TLS certificate: who is no partner was turned away at the head. */
static sph_transfer *begin(sph_node *node, const sph_request *request)
{
    char party[SPH_PARTY_ROOM] = "";
    if (!request->client || sph_cert_party(request->client, party, NULL).code != SPH_OK)
        party[0] = '\0';
    const struct sph_transfer_name name = {.kind = SPH_TRANSFER_RECEIVE,
                                           .party = party,
                                           .message_id = "",
                                           .total = request->head->length,
                                           .now_ms = sph_node_now_ms(node)};
    return sph_transfer_begin(sph_node_transfers(node), &name);
}

void sph_receiving_note(void *ctx, const sph_request *request, uint64_t received, void **state)
{
    sph_transfer *transfer = *state;
    if (received == SPH_PROGRESS_OVER) {
        sph_transfer_end(&transfer);
    } else {
        if (!transfer)
            transfer = begin(ctx, request);
        sph_transfer_set(transfer, received);
    }
    *state = transfer;
}
