/** One small secret a stored packet, kept in secrets.db wrapped under the KEK epoch (ledger.md 4).
 * Destroying a row is erasure. */
#pragma once

#include "crypto/secret.h"
#include "store/db.h"

typedef struct sph_secrets sph_secrets; /* thread-safe */
#define SPH_SECRET_ID 16                /* random record id, AAD of the wrapping */

/** Open an existing secrets.db (sph_db_migrate_secrets makes it).
 *  kek     epoch key of 32 octets; taken in every case
 *  epoch   its number, part of the AAD
 *  out     owned, sph_secrets_close
 */
SPH_MUST sph_rc sph_secrets_open(const char *path, const sph_random *random, sph_secret **kek,
                                 int64_t epoch, sph_secrets **out, sph_err *err);
/** Destroy the secrets that were made but never given out, and close; NULL is fine. */
void sph_secrets_close(sph_secrets **secrets);
/** A fresh secret of 32 octets that is already durable (made in batches of 32, so that most calls
 * cost no flush). */
SPH_MUST sph_rc sph_secrets_new(sph_secrets *secrets, uint8_t id[SPH_SECRET_ID], sph_secret **out,
                                sph_err *err);
/** SPH_ENOTFOUND when destroyed; SPH_EPROOF when the row was changed or belongs to another epoch's
 * key. */
SPH_MUST sph_rc sph_secrets_get(sph_secrets *secrets, const uint8_t id[SPH_SECRET_ID],
                                sph_secret **out, sph_err *err);
/** Erase: the row goes, its octets are overwritten and the write-ahead log is emptied (ledger.md
 * 4). An absent row is fine, so that an erasure can be repeated. */
SPH_MUST sph_rc sph_secrets_destroy(sph_secrets *secrets, const uint8_t id[SPH_SECRET_ID],
                                    sph_err *err);
/** Pseudonym map: the 16-octet pseudonym of a local user, made at first use and durable. */
SPH_MUST sph_rc sph_secrets_pseudonym(sph_secrets *secrets, const char *user, uint8_t out[16],
                                      sph_err *err);
