#include "net/wire.h"

#include "net/tls_session.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

struct sph_wire {
    int fd;
    SSL *ssl; /* NULL: plain */
    sph_tls_peer peer;
};

sph_rc sph_wire_new(int fd, sph_tls_server *tls, sph_wire **out, sph_err *err)
{
    SPH_AUTO_PTR(sph_wire) *wire = sph_mem_new(1, sizeof(*wire));
    if (!wire) {
        close(fd);
        return sph_fail(err, SPH_ENOMEM, "connection");
    }
    wire->fd = fd;
    if (tls) {
        SPH_TRY(sph_tls_server_session(tls, &wire->peer, &wire->ssl, err), err, "connection");
        if (SSL_set_fd(wire->ssl, fd) != 1)
            return sph_fail(err, SPH_ENOMEM, "TLS socket");
    }
    *out = sph_move(wire);
    return sph_ok();
}

void sph_wire_free(sph_wire **wire)
{
    if (!wire || !*wire)
        return;
    SSL_free((*wire)->ssl);
    sph_tls_peer_clear(&(*wire)->peer);
    close((*wire)->fd);
    sph_mem_free(*wire);
    *wire = NULL;
}

static enum sph_wire_result of_errno(enum sph_wire_result wanted)
{
    return errno == EAGAIN || errno == EINTR ? wanted : SPH_WIRE_FAILED;
}

static enum sph_wire_result of_ssl(const SSL *ssl, int result)
{
    switch (SSL_get_error(ssl, result)) {
    case SSL_ERROR_NONE:
        return SPH_WIRE_DONE;
    case SSL_ERROR_WANT_READ:
        return SPH_WIRE_WANT_READ;
    case SSL_ERROR_WANT_WRITE:
        return SPH_WIRE_WANT_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        return SPH_WIRE_CLOSED;
    default:
        return SPH_WIRE_FAILED;
    }
}

enum sph_wire_result sph_wire_handshake(sph_wire *wire)
{
    if (!wire->ssl)
        return SPH_WIRE_DONE;
    ERR_clear_error();
    return of_ssl(wire->ssl, SSL_do_handshake(wire->ssl));
}

enum sph_wire_result sph_wire_read(sph_wire *wire, uint8_t *at, size_t room, size_t *got)
{
    *got = 0;
    if (wire->ssl) {
        ERR_clear_error();
        return of_ssl(wire->ssl, SSL_read_ex(wire->ssl, at, room, got));
    }
    const ssize_t n = recv(wire->fd, at, room, 0);
    if (n < 0)
        return of_errno(SPH_WIRE_WANT_READ);
    *got = (size_t)n;
    return n == 0 ? SPH_WIRE_CLOSED : SPH_WIRE_DONE;
}

enum sph_wire_result sph_wire_write(sph_wire *wire, sph_slice bytes, size_t *sent)
{
    *sent = 0;
    if (wire->ssl) {
        ERR_clear_error();
        return of_ssl(wire->ssl, SSL_write_ex(wire->ssl, bytes.at, bytes.len, sent));
    }
    const ssize_t n = send(wire->fd, bytes.at, bytes.len, MSG_NOSIGNAL);
    if (n < 0)
        return of_errno(SPH_WIRE_WANT_WRITE);
    *sent = (size_t)n;
    return SPH_WIRE_DONE;
}

bool sph_wire_has_pending(const sph_wire *wire)
{
    return wire->ssl && SSL_has_pending(wire->ssl) == 1;
}

void sph_wire_shut(sph_wire *wire)
{
    if (wire->ssl) {
        ERR_clear_error();
        (void)SSL_shutdown(wire->ssl); /* best effort: the FIN below ends the side in any case */
    }
    (void)shutdown(wire->fd, SHUT_WR);
}

enum sph_wire_result sph_wire_drain(sph_wire *wire)
{
    uint8_t scrap[16384];
    const ssize_t n = recv(wire->fd, scrap, sizeof(scrap), 0);
    if (n < 0)
        return of_errno(SPH_WIRE_WANT_READ);
    return n == 0 ? SPH_WIRE_CLOSED : SPH_WIRE_DONE;
}

const sph_cert *sph_wire_peek_client(const sph_wire *wire)
{
    return wire->peer.count > 0 ? wire->peer.chain[0] : NULL;
}

const char *sph_wire_peek_party(const sph_wire *wire)
{
    return wire->peer.party;
}

enum sph_standing sph_wire_standing(const sph_wire *wire)
{
    return wire->ssl ? sph_tls_peer_standing(&wire->peer) : SPH_STANDING_PARTNER;
}
