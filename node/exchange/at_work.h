/** Messages that are being taken in, and those answered a moment ago. What comes again meanwhile (a
 * sender that retries too eagerly, or the same message a thousand times at once) costs neither a
 * decryption nor a signature check: as4.md 11, security.md A-01. Of fixed size. */
#pragma once

#include "base/bytes.h"

typedef struct sph_at_work sph_at_work; /* any number of threads */

/** How long an answered message is recognised by its octets alone. Short: a signing certificate
 * that is revoked is looked at again after it. */
#define SPH_ANSWERED_MS INT64_C(60000)

/** A message as it claims to be, before anything of it was verified. party: of the TLS client, so
 * nobody can stand in another's way. */
struct sph_claim {
    sph_hash id;   /* of party and MessageId */
    sph_hash root; /* of the SOAP part's octets, which hold the signature and all digests */
};
struct sph_claim sph_claim_of(const char *party, const char *message_id, sph_slice root);

enum sph_admission {
    SPH_ADMIT_NEW,   /* the caller works on it, and ends that with sph_at_work_leave */
    SPH_ADMIT_BUSY,  /* another thread does */
    SPH_ADMIT_KNOWN, /* the same octets were verified and answered less than SPH_ANSWERED_MS ago */
};

/** out: owned, sph_at_work_free. SPH_ENOMEM */
SPH_MUST sph_rc sph_at_work_new(sph_at_work **out, sph_err *err);
void sph_at_work_free(sph_at_work **table);
enum sph_admission sph_at_work_enter(sph_at_work *table, const struct sph_claim *claim,
                                     int64_t now_ms);
/** is_answered: its signature was verified and its stored receipt is the answer. */
void sph_at_work_leave(sph_at_work *table, const struct sph_claim *claim, bool is_answered,
                       int64_t now_ms);
/** A known message came once more. True: the caller writes that down, and goes on with
 * sph_at_work_written until it says 0. False: the thread that is writing takes it along. */
bool sph_at_work_repeated(sph_at_work *table, const struct sph_claim *claim, unsigned *times);
/** The repeats since the last call; 0: none, and the writing is over. */
unsigned sph_at_work_written(sph_at_work *table, const struct sph_claim *claim);
