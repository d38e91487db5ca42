/* libcurl cannot close the kept connections of one partner. It asks us for its sockets, though: so
 * we know whose each is, and ending the connection under it makes libcurl drop it. */
#include "net/post_job.h"

#include <sys/socket.h>
#include <unistd.h>

struct entry {
    int fd;
    uint64_t epoch;
    char party[SPH_PARTY_ROOM];
    struct entry *next;
};

struct sph_kept {
    struct entry *first;
};

sph_rc sph_kept_new(sph_kept **out, sph_err *err)
{
    *out = sph_mem_new(1, sizeof(**out));
    return *out ? sph_ok() : sph_fail(err, SPH_ENOMEM, "kept connections");
}

void sph_kept_free(sph_kept **kept)
{
    if (!kept || !*kept)
        return;
    while ((*kept)->first) {
        struct entry *entry = (*kept)->first;
        (*kept)->first = entry->next;
        sph_mem_free(entry);
    }
    sph_mem_free(*kept);
    *kept = NULL;
}

int sph_kept_open(sph_kept *kept, const char *party, uint64_t epoch, int family, int type,
                  int protocol)
{
    struct entry *entry = sph_mem_new(1, sizeof(*entry));
    if (!entry)
        return -1;
    entry->fd = socket(family, type | SOCK_CLOEXEC, protocol);
    entry->epoch = epoch;
    const sph_rc named =
        sph_str_copy(entry->party, sizeof(entry->party), sph_slice_str(party), NULL);
    if (entry->fd < 0 || named.code != SPH_OK) {
        if (entry->fd >= 0)
            close(entry->fd);
        sph_mem_free(entry);
        return -1;
    }
    entry->next = kept->first;
    kept->first = entry;
    return entry->fd;
}

void sph_kept_close(sph_kept *kept, int fd)
{
    for (struct entry **at = &kept->first; *at; at = &(*at)->next) {
        struct entry *entry = *at;
        if (entry->fd != fd)
            continue;
        *at = entry->next;
        sph_mem_free(entry);
        break;
    }
    close(fd);
}

void sph_kept_end(const sph_kept *kept, const char *party, uint64_t epoch)
{
    for (const struct entry *entry = kept->first; entry; entry = entry->next)
        if (entry->epoch <= epoch && sph_slice_is(sph_slice_str(entry->party), party))
            (void)shutdown(entry->fd, SHUT_RDWR); /* fails only when it is not connected: as good */
}
