/** This node's own card: built from configuration and keys, kept as HOME/card.xml, sent to partners
 * when it changes. */
#pragma once

#include "exchange/node.h"

/** Build and store a card with the next serial. */
SPH_MUST sph_rc sph_own_card_renew(sph_node *node, sph_err *err);
/** The current card's octets, appended; built first when there is none. */
SPH_MUST sph_rc sph_own_card(sph_node *node, sph_buf *out, sph_err *err);
/** The same after a change of keys: partners are to get it, also when the node stops in between. */
SPH_MUST sph_rc sph_own_card_replace(sph_node *node, sph_err *err);
/** Does the stored card name other certificates, another CRL or another way to reach the node (its
 * address, channel or hub) than it uses? False when no
 * card was made yet. */
SPH_MUST sph_rc sph_own_card_is_behind(sph_node *node, bool *out, sph_err *err);
/** Queue a replaced card to every active partner, once. *count of them. */
SPH_MUST sph_rc sph_own_card_distribute(sph_node *node, unsigned *count, sph_err *err);
