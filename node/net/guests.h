/** Who is at the door and who is in: counts of one server, so that no address and no partner takes
 * the places of all others (as4.md 14.1, security.md T-10, A-14). Internal to net; thread-safe. */
#pragma once

#include "base/limits.h"
#include "net/server.h"

typedef struct sph_guests sph_guests;

enum sph_welcome {
    SPH_WELCOME,      /* there is a place */
    SPH_WELCOME_OVER, /* one too many: a first request is answered 429, then the connection ends */
    SPH_WELCOME_NOT,  /* far too many: closed at once */
};

/** out: owned, sph_guests_free. SPH_ENOMEM */
SPH_MUST sph_rc sph_guests_new(const struct sph_guest_limits *limits, sph_guests **out,
                               sph_err *err);
void sph_guests_free(sph_guests **guests);
/** New limits for what comes from now on; who is in stays. */
void sph_guests_limit(sph_guests *guests, const struct sph_guest_limits *limits);

/** An address begins a handshake: false when it has too many unfinished ones already. */
bool sph_guests_knock(sph_guests *guests, const char *address);
/** The handshake that was counted in has ended, whichever way. */
void sph_guests_opened(sph_guests *guests, const char *address);

/** A partner's connection begins; each answer but SPH_WELCOME_NOT is undone by sph_guests_leave. */
enum sph_welcome sph_guests_enter(sph_guests *guests, const char *party);
void sph_guests_leave(sph_guests *guests, const char *party);
/** Count a request in. False: too many in this minute; *wait_s = seconds until the next one. */
bool sph_guests_ask(sph_guests *guests, const char *party, int64_t mono_ms, unsigned *wait_s);
