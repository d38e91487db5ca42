/** This node's own card: built from configuration and keys, kept as HOME/card.xml, sent to partners
 * when it changes. */
#pragma once

#include "exchange/node.h"

/** Build and store a card with the next serial. */
SPH_MUST sph_rc sph_own_card_renew(sph_node *node, sph_err *err);
/** The current card's octets, appended; built first when there is none. */
SPH_MUST sph_rc sph_own_card(sph_node *node, sph_buf *out, sph_err *err);
/** Queue the current card to every active partner. *count of them. */
SPH_MUST sph_rc sph_own_card_distribute(sph_node *node, unsigned *count, sph_err *err);
