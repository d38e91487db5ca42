#include "net/guests.h"

#include <pthread.h>
#include <string.h>

#define BUCKETS 256u
#define MINUTE_MS 60000
#define POLITE_TIMES 2u /* connections up to this multiple of the limit get their 429 */

/** One address or one party. An address lives while something of it is counted; parties are kept,
 * because nobody but known partners gets so far as to have an entry. */
struct guest {
    char name[SPH_PARTY_ROOM];
    unsigned count;
    int64_t minute; /* of which requests are counted */
    uint64_t requests;
    struct guest *next;
};

struct sph_guests {
    pthread_mutex_t lock;
    struct sph_guest_limits limits;
    struct guest *address[BUCKETS], *party[BUCKETS];
};

static struct guest **bucket_of(struct guest **table, const char *name)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (const char *at = name; *at; at++)
        hash = (hash ^ (uint8_t)*at) * 16777619u;
    return &table[hash % BUCKETS];
}

static struct guest *find(struct guest **table, const char *name)
{
    for (struct guest *guest = *bucket_of(table, name); guest; guest = guest->next)
        if (strcmp(guest->name, name) == 0)
            return guest;
    return NULL;
}

/* With the lock held; NULL when there is no memory. */
static struct guest *find_or_add(struct guest **table, const char *name)
{
    struct guest *guest = find(table, name);
    if (guest)
        return guest;
    guest = sph_mem_new(1, sizeof(*guest));
    if (!guest)
        return NULL;
    if (sph_str_copy(guest->name, sizeof(guest->name), sph_slice_str(name), NULL).code != SPH_OK) {
        sph_mem_free(guest);
        return NULL;
    }
    guest->next = *bucket_of(table, name);
    *bucket_of(table, name) = guest;
    return guest;
}

static void drop(struct guest **table, const struct guest *gone)
{
    for (struct guest **at = bucket_of(table, gone->name); *at; at = &(*at)->next) {
        struct guest *guest = *at;
        if (guest != gone)
            continue;
        *at = guest->next;
        sph_mem_free(guest);
        return;
    }
}

sph_rc sph_guests_new(const struct sph_guest_limits *limits, sph_guests **out, sph_err *err)
{
    sph_guests *guests = sph_mem_new(1, sizeof(*guests));
    if (!guests)
        return sph_fail(err, SPH_ENOMEM, "guests");
    pthread_mutex_init(&guests->lock, NULL);
    guests->limits = *limits;
    *out = guests;
    return sph_ok();
}

static void free_table(struct guest **table)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        while (table[i]) {
            struct guest *guest = table[i];
            table[i] = guest->next;
            sph_mem_free(guest);
        }
    }
}

void sph_guests_free(sph_guests **guests)
{
    if (!guests || !*guests)
        return;
    free_table((*guests)->address);
    free_table((*guests)->party);
    pthread_mutex_destroy(&(*guests)->lock);
    sph_mem_free(*guests);
    *guests = NULL;
}

void sph_guests_limit(sph_guests *guests, const struct sph_guest_limits *limits)
{
    pthread_mutex_lock(&guests->lock);
    guests->limits = *limits;
    pthread_mutex_unlock(&guests->lock);
}

bool sph_guests_knock(sph_guests *guests, const char *address)
{
    pthread_mutex_lock(&guests->lock);
    struct guest *guest = find_or_add(guests->address, address);
    const bool is_in = guest && guest->count < guests->limits.address_handshakes;
    if (is_in)
        guest->count++;
    else if (guest && guest->count == 0)
        drop(guests->address, guest);
    pthread_mutex_unlock(&guests->lock);
    return is_in;
}

void sph_guests_opened(sph_guests *guests, const char *address)
{
    pthread_mutex_lock(&guests->lock);
    struct guest *guest = find(guests->address, address);
    if (guest && --guest->count == 0)
        drop(guests->address, guest);
    pthread_mutex_unlock(&guests->lock);
}

enum sph_welcome sph_guests_enter(sph_guests *guests, const char *party)
{
    enum sph_welcome welcome = SPH_WELCOME_NOT;
    pthread_mutex_lock(&guests->lock);
    struct guest *guest = find_or_add(guests->party, party);
    const unsigned most = guests->limits.partner_connections;
    if (guest && guest->count < most)
        welcome = SPH_WELCOME;
    else if (guest && guest->count < most * POLITE_TIMES)
        welcome = SPH_WELCOME_OVER;
    if (welcome != SPH_WELCOME_NOT)
        guest->count++;
    pthread_mutex_unlock(&guests->lock);
    return welcome;
}

void sph_guests_leave(sph_guests *guests, const char *party)
{
    pthread_mutex_lock(&guests->lock);
    struct guest *guest = find(guests->party, party);
    if (guest && guest->count > 0)
        guest->count--;
    pthread_mutex_unlock(&guests->lock);
}

bool sph_guests_ask(sph_guests *guests, const char *party, int64_t mono_ms, unsigned *wait_s)
{
    pthread_mutex_lock(&guests->lock);
    struct guest *guest = find_or_add(guests->party, party);
    if (guest && guest->minute != mono_ms / MINUTE_MS) {
        guest->minute = mono_ms / MINUTE_MS;
        guest->requests = 0;
    }
    const bool is_in = guest && guest->requests < guests->limits.partner_requests;
    if (is_in)
        guest->requests++;
    pthread_mutex_unlock(&guests->lock);
    *wait_s = (unsigned)((MINUTE_MS - mono_ms % MINUTE_MS) / 1000) + 1;
    return is_in;
}
