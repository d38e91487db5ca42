/** Messages that wait while keys change (as4.md 11). A retry sends identical bytes. Only when the
 * partner's encryption key was revoked or removed (a foreign product's: from its P-Mode) or has
 * expired, or our signing certificate has, is the encryption made anew: what was signed stays,
 * octet for octet, and so do all attempts' hashes. */
#pragma once

#include "exchange/outbox.h"

/** Make the message anew if it must be: a further leaf SENT with the new envelope hash (none when
 * nothing has left yet), new bytes in `row`, the attempt before in outbox_attempt. *is_renewed
 * tells it. SPH_ENOTFOUND when the partner has no usable key now; SPH_ECONFLICT when another thread
 * was faster; as sph_wire_rebuild. The row's state does not change. */
SPH_MUST sph_rc sph_renew(sph_node *node, sph_out_row *row, const sph_partner *partner,
                          bool *is_renewed, sph_err *err);
/** The SENT leaf of the attempt with that envelope: the row's own, or an earlier one.
 * SPH_ENOTFOUND.
 */
SPH_MUST sph_rc sph_renew_find(sph_node *node, const sph_out_row *row, const sph_hash *envelope,
                               int64_t *sent_index, sph_err *err);
/** The receipt was for that attempt: from now on it is the row's own (journal thread). */
SPH_MUST sph_rc sph_renew_choose(sph_db *db, const sph_out_row *row, int64_t sent_index,
                                 sph_err *err);
