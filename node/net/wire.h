/** A connected non-blocking socket of a server, plain or TLS: bytes in, bytes out. Internal to net.
 */
#pragma once

#include "net/tls.h"

typedef struct sph_wire sph_wire; /* one thread at a time */

enum sph_wire_result {
    SPH_WIRE_DONE,       /* something was moved, or the handshake is complete */
    SPH_WIRE_WANT_READ,  /* wait until the socket can be read */
    SPH_WIRE_WANT_WRITE, /* wait until it can be written */
    SPH_WIRE_CLOSED,     /* the peer has ended its side in an orderly way */
    SPH_WIRE_FAILED,     /* connection lost, or the handshake was refused */
};

/** Wrap an accepted socket. fd: closed by sph_wire_free, also when this fails. tls: NULL for none.
 *  errors  SPH_ENOMEM */
SPH_MUST sph_rc sph_wire_new(int fd, sph_tls_server *tls, sph_wire **out, sph_err *err);
/** Close at once, without farewell. */
void sph_wire_free(sph_wire **wire);
/** Go on with the handshake; done at once on a plain socket. */
enum sph_wire_result sph_wire_handshake(sph_wire *wire);
enum sph_wire_result sph_wire_read(sph_wire *wire, uint8_t *at, size_t room, size_t *got);
enum sph_wire_result sph_wire_write(sph_wire *wire, sph_slice bytes, size_t *sent);
/** Octets are decrypted already and no readiness event will announce them. */
bool sph_wire_has_pending(const sph_wire *wire);
/** Say that nothing more will be sent (close_notify and FIN). */
void sph_wire_shut(sph_wire *wire);
/** Drop what the peer still sends, undecrypted. CLOSED or FAILED: the connection can be closed. */
enum sph_wire_result sph_wire_drain(sph_wire *wire);
/** Client's leaf, NULL when there is none; borrowed, life of the wire. */
const sph_cert *sph_wire_peek_client(const sph_wire *wire);
/** The partner that the handshake found; "" when no client certificate is asked for. */
const char *sph_wire_peek_party(const sph_wire *wire);
/** Where the client stands now: asks the admit function again. Always SPH_STANDING_PARTNER without
 * client certificates. */
enum sph_standing sph_wire_standing(const sph_wire *wire);
