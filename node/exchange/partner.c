#include "exchange/partner.h"

#include <pthread.h>
#include <string.h>

#include "exchange/partner_impl.h"

#define PARTNERS_MAX 4096u
#define ADMITTED_MAX 64u
#define BUSY_MAX 64u /* parties at work at once: no more than hands */
#define ADMITTED_FOR_MS 60000

/** A certificate that passed the path check a short while ago. */
struct admitted {
    sph_hash sha256;
    sph_hash card; /* the card it was checked against */
    int64_t until_ms;
};

struct sph_partners {
    char own[SPH_PARTY_ROOM];    /* this node, the other half of every P-Mode */
    pthread_mutex_t reload_lock; /* taken before lock, and never inside it */
    pthread_mutex_t lock;
    sph_partner *row[PARTNERS_MAX]; /* sorted by party */
    size_t count;
    struct busy {
        char party[SPH_PARTY_ROOM];
        unsigned count; /* 0: the place is free */
    } busy[BUSY_MAX];
    struct admitted admitted[ADMITTED_MAX];
    size_t next_admitted;
};

sph_rc sph_partners_new(const char *own, sph_partners **out, sph_err *err)
{
    sph_partners *partners = sph_mem_new(1, sizeof(*partners));
    if (!partners)
        return sph_fail(err, SPH_ENOMEM, "partner directory");
    if (sph_str_copy(partners->own, sizeof(partners->own), sph_slice_str(own), err).code !=
            SPH_OK ||
        pthread_mutex_init(&partners->lock, NULL) != 0 ||
        pthread_mutex_init(&partners->reload_lock, NULL) != 0) {
        sph_mem_free(partners);
        return sph_fail(err, SPH_ENOMEM, "partner lock");
    }
    *out = partners;
    return sph_ok();
}

void sph_partner_unref(sph_partner **partner)
{
    if (!partner || !*partner)
        return;
    if (__atomic_sub_fetch(&(*partner)->references, 1, __ATOMIC_ACQ_REL) == 0) {
        sph_card_clear(&(*partner)->card);
        sph_pmode_clear(&(*partner)->pmode);
        sph_mem_free(*partner);
    }
    *partner = NULL;
}

void sph_partner_free(sph_partner **partner)
{
    sph_partner_unref(partner);
}

void sph_partners_free(sph_partners **partners)
{
    if (!partners || !*partners)
        return;
    for (size_t i = 0; i < (*partners)->count; i++)
        sph_partner_unref(&(*partners)->row[i]);
    pthread_mutex_destroy(&(*partners)->lock);
    pthread_mutex_destroy(&(*partners)->reload_lock);
    sph_mem_free(*partners);
    *partners = NULL;
}

/** Position of the party, or where it belongs; *is_there says which. Called with the lock held. */
static size_t find(const sph_partners *partners, const char *party, bool *is_there)
{
    size_t low = 0, high = partners->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(partners->row[middle]->card.party, party);
        if (order == 0) {
            *is_there = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *is_there = false;
    return low;
}

sph_partner *sph_partners_get(sph_partners *partners, const char *party)
{
    bool is_there = false;
    sph_partner *partner = NULL;
    pthread_mutex_lock(&partners->lock);
    const size_t at = find(partners, party, &is_there);
    if (is_there) {
        partner = partners->row[at];
        __atomic_add_fetch(&partner->references, 1, __ATOMIC_RELAXED);
    }
    pthread_mutex_unlock(&partners->lock);
    return partner;
}

/** With the lock held. *old: the replaced record, to be released after unlocking. */
static sph_rc put_locked(sph_partners *partners, sph_partner **partner, sph_partner **old,
                         sph_err *err)
{
    bool is_there = false;
    const size_t at = find(partners, (*partner)->card.party, &is_there);
    if (is_there) {
        *old = partners->row[at];
        partners->row[at] = sph_move(*partner);
        return sph_ok();
    }
    if (partners->count == PARTNERS_MAX)
        return sph_fail(err, SPH_ELIMIT, "%u partners, the most a node holds", PARTNERS_MAX);
    for (size_t i = partners->count; i > at; i--)
        partners->row[i] = partners->row[i - 1];
    partners->row[at] = sph_move(*partner);
    partners->count++;
    return sph_ok();
}

sph_rc sph_partners_put(sph_partners *partners, sph_partner **partner, sph_err *err)
{
    sph_partner *old = NULL;
    pthread_mutex_lock(&partners->lock);
    const sph_rc rc = put_locked(partners, partner, &old, err);
    pthread_mutex_unlock(&partners->lock);
    sph_partner_unref(&old);
    return rc;
}

sph_rc sph_partners_each(sph_partners *partners,
                         sph_rc (*each)(void *arg, const sph_partner *partner, sph_err *err),
                         void *arg, sph_err *err)
{
    sph_rc rc = sph_ok();
    pthread_mutex_lock(&partners->lock);
    for (size_t i = 0; i < partners->count && rc.code == SPH_OK; i++)
        rc = each(arg, partners->row[i], err);
    pthread_mutex_unlock(&partners->lock);
    return rc;
}

static sph_rc load_row(sph_partners *partners, sph_stmt *stmt, const struct sph_schemas *schemas,
                       const struct sph_limits *limits, const char *mode, int64_t now_ms,
                       sph_err *err)
{
    SPH_AUTO_PTR(sph_partner) *partner = sph_mem_new(1, sizeof(*partner));
    if (!partner)
        return sph_fail(err, SPH_ENOMEM, "a partner record");
    partner->references = 1;
    SPH_TRY(sph_partner_read(stmt, partners->own, schemas, limits, mode, now_ms, partner, err), err,
            "reading a partner");
    return sph_partners_put(partners, &partner, err);
}

sph_rc sph_partners_load(sph_partners *partners, sph_db *reader, const struct sph_schemas *schemas,
                         const struct sph_limits *limits, const char *mode, int64_t now_ms,
                         sph_err *err)
{
    sph_stmt *stmt = NULL;
    bool row = false;
    SPH_TRY(sph_stmt_get(reader, "SELECT " SPH_PARTNER_COLUMNS " FROM partner ORDER BY party",
                         &stmt, err),
            err, "partners");
    SPH_TRY(sph_stmt_step(stmt, &row, err), err, "partners");
    while (row) {
        const sph_rc rc = load_row(partners, stmt, schemas, limits, mode, now_ms, err);
        if (rc.code != SPH_OK) {
            sph_stmt_end(stmt);
            return rc;
        }
        SPH_TRY(sph_stmt_step(stmt, &row, err), err, "partners");
    }
    return sph_ok();
}

static sph_rc reload_row(sph_partners *partners, sph_db *reader, const struct sph_schemas *schemas,
                         const struct sph_limits *limits, const char *mode, int64_t now_ms,
                         const char *party, sph_err *err)
{
    sph_stmt *stmt = NULL;
    bool row = false;
    SPH_TRY(sph_stmt_get(reader, "SELECT " SPH_PARTNER_COLUMNS " FROM partner WHERE party = ?",
                         &stmt, err),
            err, "partner");
    sph_stmt_text(stmt, 1, party);
    SPH_TRY(sph_stmt_step(stmt, &row, err), err, "partner");
    const sph_rc rc = row ? load_row(partners, stmt, schemas, limits, mode, now_ms, err)
                          : sph_fail(err, SPH_ENOTFOUND, "no partner of that name");
    sph_stmt_end(stmt);
    return rc;
}

sph_rc sph_partners_reload(sph_partners *partners, sph_db_pool *readers,
                           const struct sph_schemas *schemas, const struct sph_limits *limits,
                           const char *mode, int64_t now_ms, const char *party, sph_err *err)
{
    sph_db *reader = NULL;
    pthread_mutex_lock(&partners->reload_lock);
    sph_rc rc = sph_db_pool_get(readers, &reader, err);
    if (rc.code == SPH_OK) {
        rc = reload_row(partners, reader, schemas, limits, mode, now_ms, party, err);
        sph_db_pool_put(readers, reader);
    }
    pthread_mutex_unlock(&partners->reload_lock);
    return rc;
}

static struct busy *busy_of(sph_partners *partners, const char *party)
{
    struct busy *free_place = NULL;
    for (size_t i = 0; i < BUSY_MAX; i++) {
        struct busy *place = &partners->busy[i];
        if (place->count > 0 && strcmp(place->party, party) == 0)
            return place;
        if (place->count == 0)
            free_place = place;
    }
    return free_place;
}

bool sph_partners_enter(sph_partners *partners, const char *party, unsigned most)
{
    pthread_mutex_lock(&partners->lock);
    struct busy *place = busy_of(partners, party);
    const bool is_in =
        place && place->count < most &&
        sph_str_copy(place->party, sizeof(place->party), sph_slice_str(party), NULL).code == SPH_OK;
    if (is_in)
        place->count++;
    pthread_mutex_unlock(&partners->lock);
    return is_in;
}

void sph_partners_leave(sph_partners *partners, const char *party)
{
    pthread_mutex_lock(&partners->lock);
    struct busy *place = busy_of(partners, party);
    if (place && place->count > 0)
        place->count--;
    pthread_mutex_unlock(&partners->lock);
}

/** With the lock held: was this certificate checked against this card lately? */
static bool is_remembered(const sph_partners *partners, const sph_hash *sha256,
                          const sph_hash *card, int64_t now_ms)
{
    for (size_t i = 0; i < ADMITTED_MAX; i++) {
        const struct admitted *entry = &partners->admitted[i];
        if (entry->until_ms > now_ms && entry->until_ms <= now_ms + ADMITTED_FOR_MS &&
            memcmp(entry->sha256.at, sha256->at, sizeof(sha256->at)) == 0 &&
            memcmp(entry->card.at, card->at, sizeof(card->at)) == 0)
            return true;
    }
    return false;
}

static void remember(sph_partners *partners, const sph_hash *sha256, const sph_hash *card,
                     int64_t now_ms)
{
    pthread_mutex_lock(&partners->lock);
    partners->admitted[partners->next_admitted++ % ADMITTED_MAX] =
        (struct admitted){*sha256, *card, now_ms + ADMITTED_FOR_MS};
    pthread_mutex_unlock(&partners->lock);
}

/** Is this TLS leaf one of this active partner? Remembered for a minute. */
static bool is_admitted(sph_partners *partners, const sph_partner *partner, const sph_cert *leaf,
                        int64_t now_ms)
{
    const sph_hash sha256 = sph_cert_sha256(leaf);
    pthread_mutex_lock(&partners->lock);
    const bool is_known = is_remembered(partners, &sha256, &partner->card_sha256, now_ms);
    pthread_mutex_unlock(&partners->lock);
    if (is_known)
        return true;
    if (sph_partner_check_tls(partner, leaf, now_ms, NULL).code != SPH_OK)
        return false;
    remember(partners, &sha256, &partner->card_sha256, now_ms);
    return true;
}

/** The next active foreign partner at or after *at; NULL when there is none. *at moves behind it.
 */
static sph_partner *next_foreign(sph_partners *partners, size_t *at)
{
    sph_partner *found = NULL;
    pthread_mutex_lock(&partners->lock);
    while (*at < partners->count && !found) {
        sph_partner *partner = partners->row[(*at)++];
        if (partner->pmode.is_foreign && partner->state == SPH_PARTNER_ACTIVE)
            found = partner;
    }
    if (found)
        __atomic_add_fetch(&found->references, 1, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&partners->lock);
    return found;
}

/** A foreign leaf names nobody: whose pin or CA it fits decides. speaks: the TLS identity is shared
 * and the message tells which of its users speaks; NULL: the first. */
static bool admit_foreign(sph_partners *partners, const sph_cert *leaf, int64_t now_ms,
                          sph_partner_speaks *speaks, const char *name, char party[SPH_PARTY_ROOM])
{
    size_t at = 0;
    bool is_found = false;
    for (sph_partner *partner = next_foreign(partners, &at); partner && !is_found;) {
        is_found =
            (!speaks || speaks(partner, name)) && is_admitted(partners, partner, leaf, now_ms) &&
            sph_str_copy(party, SPH_PARTY_ROOM, sph_slice_str(partner->card.party), NULL).code ==
                SPH_OK;
        sph_partner_unref(&partner);
        if (!is_found)
            partner = next_foreign(partners, &at);
    }
    return is_found;
}

bool sph_partners_admit(sph_partners *partners, const sph_cert *leaf, int64_t now_ms,
                        char party[SPH_PARTY_ROOM])
{
    if (!leaf)
        return false;
    if (sph_cert_party(leaf, party, NULL).code != SPH_OK)
        return admit_foreign(partners, leaf, now_ms, NULL, NULL, party);
    SPH_AUTO_PTR(sph_partner) *partner = sph_partners_get(partners, party);
    if (partner && !partner->pmode.is_foreign)
        return partner->state == SPH_PARTNER_ACTIVE && is_admitted(partners, partner, leaf, now_ms);
    return admit_foreign(partners, leaf, now_ms, NULL, NULL, party);
}

bool sph_partners_admit_from(sph_partners *partners, const sph_cert *leaf, int64_t now_ms,
                             sph_partner_speaks *speaks, const char *name,
                             char party[SPH_PARTY_ROOM])
{
    return leaf && admit_foreign(partners, leaf, now_ms, speaks, name, party);
}
