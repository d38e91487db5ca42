#include "net/serve.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 512

static bool set_option(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

static bool bind_and_listen(int fd, const struct addrinfo *at)
{
    return set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) &&
           set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1) &&
           (at->ai_family != AF_INET6 || set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0)) &&
           bind(fd, at->ai_addr, at->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0;
}

static unsigned port_of(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } name = {.v6 = {0}};
    socklen_t len = sizeof(name);
    if (getsockname(fd, &name.any, &len) != 0)
        return 0;
    return ntohs(name.any.sa_family == AF_INET6 ? name.v6.sin6_port : name.v4.sin_port);
}

static sph_rc open_tcp(const struct addrinfo *at, unsigned *bound, int *out, sph_err *err)
{
    const int fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return sph_fail(err, SPH_EIO, "socket: errno %d", errno);
    if (!bind_and_listen(fd, at)) {
        const int reason = errno;
        close(fd);
        return sph_fail(err, SPH_EIO, "cannot listen: errno %d", reason);
    }
    *bound = port_of(fd);
    *out = fd;
    return sph_ok();
}

sph_rc sph_listen_tcp(const char *address, unsigned port, unsigned *bound, int *fd, sph_err *err)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                                   .ai_socktype = SOCK_STREAM};
    char service[8];
    struct addrinfo *found = NULL;
    SPH_TRY(sph_str_format(service, sizeof(service), err, "%u", port), err, "port");
    if (port > 65535 || getaddrinfo(address, service, &hints, &found) != 0)
        return sph_fail(err, SPH_EARG, "not an IP address and port");
    const sph_rc opened = open_tcp(found, bound, fd, err);
    freeaddrinfo(found);
    return opened;
}

static bool somebody_listens(const struct sockaddr_un *name)
{
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return true; /* not knowing, nothing is removed */
    const int connected = connect(fd, (const struct sockaddr *)name, sizeof(*name));
    const bool is_stale = connected != 0 && errno == ECONNREFUSED;
    close(fd);
    return !is_stale;
}

static sph_rc remove_stale(const struct sockaddr_un *name, sph_err *err)
{
    struct stat seen;
    if (lstat(name->sun_path, &seen) != 0)
        return errno == ENOENT ? sph_ok()
                               : sph_fail(err, SPH_EIO, "control socket: errno %d", errno);
    if (!S_ISSOCK(seen.st_mode))
        return sph_fail(err, SPH_EEXISTS, "control socket: the path is another kind of file");
    if (somebody_listens(name))
        return sph_fail(err, SPH_EEXISTS, "control socket: somebody listens there already");
    if (unlink(name->sun_path) != 0)
        return sph_fail(err, SPH_EIO, "control socket: errno %d", errno);
    return sph_ok();
}

sph_rc sph_listen_unix(const char *path, int *out, sph_err *err)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    SPH_TRY(sph_str_copy(name.sun_path, sizeof(name.sun_path), sph_slice_str(path), err), err,
            "control socket path");
    SPH_TRY(remove_stale(&name, err), err, "control socket");
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return sph_fail(err, SPH_EIO, "control socket: errno %d", errno);
    /* The mode is set before bind, so that the socket never exists with another one (P-14). */
    if (fchmod(fd, S_IRUSR | S_IWUSR) != 0 ||
        bind(fd, (const struct sockaddr *)&name, sizeof(name)) != 0 || listen(fd, BACKLOG) != 0) {
        const int reason = errno;
        close(fd);
        return sph_fail(err, SPH_EIO, "control socket: errno %d", reason);
    }
    *out = fd;
    return sph_ok();
}
