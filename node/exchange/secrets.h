/** One small secret a stored packet, kept in secrets.db wrapped under the KEK epoch (ledger.md 4). Destroying a row is erasure. */
#pragma once

#include "crypto/secret.h"
#include "store/db.h"

typedef struct sph_secrets sph_secrets; /* thread-safe */
#define SPH_SECRET_ID 16 /* random record id, AAD of the wrapping */

/** kek: epoch key (taken). out: owned. */
SPH_MUST sph_rc sph_secrets_open(const char *path, const sph_random *random, sph_secret **kek, int64_t epoch,
                                 sph_secrets **out, sph_err *err);
void sph_secrets_close(sph_secrets **secrets);
/** A fresh secret that is already durable (made in batches, so that most calls cost no flush). */
SPH_MUST sph_rc sph_secrets_new(sph_secrets *secrets, uint8_t id[SPH_SECRET_ID], sph_secret **out, sph_err *err);
/** SPH_ENOTFOUND when destroyed. */
SPH_MUST sph_rc sph_secrets_get(sph_secrets *secrets, const uint8_t id[SPH_SECRET_ID], sph_secret **out, sph_err *err);
SPH_MUST sph_rc sph_secrets_destroy(sph_secrets *secrets, const uint8_t id[SPH_SECRET_ID], sph_err *err);
/** Pseudonym map: the 16-octet pseudonym of a local user, made at first use. */
SPH_MUST sph_rc sph_secrets_pseudonym(sph_secrets *secrets, const char *user, uint8_t out[16], sph_err *err);
