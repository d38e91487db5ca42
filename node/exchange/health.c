#include "exchange/health.h"

#include <string.h>

#include "exchange/health_impl.h"

#define MINUTE_MS 60000
#define FRESH_FOR_MS                                                                               \
    (60LL * MINUTE_MS)                  /* so long a fresh clock beats an old message's Timestamp  \
                                         */
#define SAVE_CLOCK_MS (2LL * MINUTE_MS) /* a clock that moved by this is saved again */
#define SAVE_FAILURE_MS                                                                            \
    (60LL * MINUTE_MS) /* the same failure again: its time is saved this often */

struct sph_health_row *sph_health_row_of(sph_health *health, const char *party)
{
    struct sph_health_row **at = &health->first;
    while (*at && strcmp((*at)->party, party) < 0)
        at = &(*at)->next;
    if (*at && strcmp((*at)->party, party) == 0)
        return *at;
    struct sph_health_row *row = sph_mem_new(1, sizeof(*row));
    if (!row)
        return NULL;
    if (sph_str_copy(row->party, sizeof(row->party), sph_slice_str(party), NULL).code != SPH_OK) {
        sph_mem_free(row);
        return NULL;
    }
    row->next = *at;
    *at = row;
    return row;
}

sph_rc sph_health_open(sph_node *node, sph_health **out, sph_err *err)
{
    sph_health *health = sph_mem_new(1, sizeof(*health));
    if (!health)
        return sph_fail(err, SPH_ENOMEM, "health");
    pthread_mutex_init(&health->lock, NULL);
    const sph_rc rc = sph_health_load(node, health, err);
    if (rc.code != SPH_OK)
        sph_health_free(&health);
    else
        *out = health;
    return rc;
}

void sph_health_free(sph_health **health)
{
    if (!health || !*health)
        return;
    while ((*health)->first) {
        struct sph_health_row *row = (*health)->first;
        (*health)->first = row->next;
        sph_mem_free(row);
    }
    pthread_mutex_destroy(&(*health)->lock);
    sph_mem_free(*health);
    *health = NULL;
}

/* With the lock held: does what is known differ from what is saved by more than a moment? */
static bool is_worth_saving(const struct sph_health_row *row)
{
    const struct sph_health_saved *now = &row->now;
    const struct sph_health_saved *saved = &row->saved;
    const int64_t moved_ms = now->clock_ms - saved->clock_ms;
    if (now->has_clock &&
        (!saved->has_clock || moved_ms > SAVE_CLOCK_MS || moved_ms < -SAVE_CLOCK_MS))
        return true;
    return strcmp(now->failure_code, saved->failure_code) != 0 ||
           now->failure_ms - saved->failure_ms > SAVE_FAILURE_MS;
}

/* Outside the lock, by one thread a partner. What cannot be saved now is tried at the next change.
 */
static void save_if_changed(sph_node *node, const char *party)
{
    sph_health *health = sph_node_health(node);
    struct sph_health_saved what;
    pthread_mutex_lock(&health->lock);
    struct sph_health_row *row = sph_health_row_of(health, party);
    const bool saves = row && !row->is_saving && is_worth_saving(row);
    if (saves) {
        row->is_saving = true;
        what = row->now;
    }
    pthread_mutex_unlock(&health->lock);
    if (!saves)
        return;
    const sph_rc rc = sph_health_save(node, party, &what, NULL);
    pthread_mutex_lock(&health->lock);
    row->is_saving = false;
    if (rc.code == SPH_OK)
        row->saved = what;
    pthread_mutex_unlock(&health->lock);
}

/* A message that waited tells a moment too early, never one too late: so of several the largest
 * difference is nearest to the truth. */
static bool is_better(const struct sph_health_row *row, int64_t off_ms, bool is_fresh,
                      int64_t now_ms)
{
    const int64_t age_ms = now_ms - row->now.clock_at_ms;
    if (is_fresh || !row->now.has_clock || age_ms > FRESH_FOR_MS || age_ms < 0)
        return true;
    return !row->is_clock_fresh && off_ms > row->now.clock_ms;
}

static bool note_clock(struct sph_health_row *row, int64_t off_ms, bool is_fresh, int64_t now_ms)
{
    if (!is_better(row, off_ms, is_fresh, now_ms))
        return false;
    const bool was_wrong = row->is_clock_wrong;
    row->now.has_clock = true;
    row->now.clock_ms = off_ms;
    row->now.clock_at_ms = now_ms;
    row->is_clock_fresh = is_fresh;
    row->is_clock_wrong = off_ms > SPH_CLOCK_OFF_MS || off_ms < -SPH_CLOCK_OFF_MS;
    return row->is_clock_wrong && !was_wrong;
}

void sph_health_clock(sph_node *node, const char *party, int64_t their_ms, bool is_fresh)
{
    sph_health *health = sph_node_health(node);
    const int64_t now_ms = sph_node_now_ms(node);
    pthread_mutex_lock(&health->lock);
    struct sph_health_row *row = sph_health_row_of(health, party);
    const bool turns_wrong = row && note_clock(row, their_ms - now_ms, is_fresh, now_ms);
    const bool saves = row && is_worth_saving(row);
    pthread_mutex_unlock(&health->lock);
    if (turns_wrong)
        SPH_LOG(sph_node_env(node)->log, SPH_LOG_WARN, "partner_clock_differs",
                SPH_LF(SPH_F_PARTNER, party), SPH_LN(SPH_F_MS, their_ms - now_ms));
    if (saves)
        save_if_changed(node, party);
}

/* Codes come from the partner's signals too: only the form of an ebMS code and our own words pass.
 */
static bool is_plain_code(const char *code)
{
    const sph_slice text = sph_slice_str(code);
    if (text.len == 0 || text.len >= SPH_HEALTH_CODE)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t c = text.at[i];
        const bool is_small = (c >= 'a' && c <= 'z') || c == '-' || c == '_';
        const bool is_ebms = text.len == 9 && sph_slice_starts(text, SPH_LIT("EBMS:")) &&
                             (i < 5 || (c >= '0' && c <= '9'));
        if (!is_small && !is_ebms)
            return false;
    }
    return true;
}

static void count_code(struct sph_health_tally *tally, const char *code)
{
    size_t i = 0;
    while (i + 1 < SPH_HEALTH_CODES && tally[i].count > 0 && strcmp(tally[i].code, code) != 0)
        i++;
    const bool is_last = i + 1 == SPH_HEALTH_CODES;
    if (tally[i].count++ == 0 &&
        sph_str_copy(tally[i].code, SPH_HEALTH_CODE, sph_slice_str(is_last ? "other" : code), NULL)
                .code != SPH_OK)
        tally[i].code[0] = '\0';
}

void sph_health_failed(sph_node *node, const char *party, const char *code)
{
    sph_health *health = sph_node_health(node);
    const char *plain = is_plain_code(code) ? code : "other";
    bool saves = false;
    pthread_mutex_lock(&health->lock);
    struct sph_health_row *row = sph_health_row_of(health, party);
    if (row) {
        count_code(row->failed, plain);
        row->now.failure_ms = sph_node_now_ms(node);
        saves =
            sph_str_copy(row->now.failure_code, SPH_HEALTH_CODE, sph_slice_str(plain), NULL).code ==
                SPH_OK &&
            is_worth_saving(row);
    }
    pthread_mutex_unlock(&health->lock);
    if (saves)
        save_if_changed(node, party);
}

/* Adds to one of the counts. */
static void count(sph_node *node, const char *party, size_t member, uint64_t by)
{
    sph_health *health = sph_node_health(node);
    pthread_mutex_lock(&health->lock);
    struct sph_health_row *row = sph_health_row_of(health, party);
    if (row)
        *(uint64_t *)((uint8_t *)&row->counts + member) += by;
    pthread_mutex_unlock(&health->lock);
}

void sph_health_delivered(sph_node *node, const char *party)
{
    count(node, party, offsetof(struct sph_health_counts, delivered), 1);
}

void sph_health_received(sph_node *node, const char *party, uint64_t octets)
{
    sph_health *health = sph_node_health(node);
    pthread_mutex_lock(&health->lock);
    struct sph_health_row *row = sph_health_row_of(health, party);
    if (row) {
        row->counts.received++;
        row->counts.received_bytes += octets;
    }
    pthread_mutex_unlock(&health->lock);
}

void sph_health_repeated(sph_node *node, const char *party)
{
    count(node, party, offsetof(struct sph_health_counts, duplicates), 1);
}

/* The place of a reason: its own, else that whose last leaf is longest ago. */
static struct sph_health_note *note_of(struct sph_health_row *row, uint16_t reason)
{
    struct sph_health_note *oldest = &row->note[0];
    for (size_t i = 0; i < SPH_HEALTH_NOTES; i++) {
        struct sph_health_note *note = &row->note[i];
        if (note->minute > 0 && note->reason == reason)
            return note;
        if (note->minute < oldest->minute)
            oldest = note;
    }
    return oldest;
}

static bool may_note(struct sph_health_row *row, uint16_t reason, int64_t minute)
{
    struct sph_health_note *note = note_of(row, reason);
    if (note->reason == reason && note->minute == minute) {
        row->counts.leaves_left_out++;
        return false;
    }
    *note = (struct sph_health_note){reason, minute};
    return true;
}

bool sph_health_refused(sph_node *node, const char *party, const char *code, uint16_t reason)
{
    sph_health *health = sph_node_health(node);
    bool may = true;
    pthread_mutex_lock(&health->lock);
    struct sph_health_row *row = sph_health_row_of(health, party);
    if (row) {
        count_code(row->refused, is_plain_code(code) ? code : "other");
        may = may_note(row, reason, sph_node_now_ms(node) / MINUTE_MS);
    }
    pthread_mutex_unlock(&health->lock);
    return may;
}

sph_rc sph_health_codes(sph_node *node, bool is_refused,
                        sph_rc (*each)(void *arg, const char *party, const char *code,
                                       uint64_t count, sph_err *err),
                        void *arg, sph_err *err)
{
    sph_health *health = sph_node_health(node);
    sph_rc rc = sph_ok();
    pthread_mutex_lock(&health->lock);
    for (const struct sph_health_row *row = health->first; row; row = row->next) {
        const struct sph_health_tally *tally = is_refused ? row->refused : row->failed;
        for (size_t i = 0; i < SPH_HEALTH_CODES && tally[i].count > 0 && rc.code == SPH_OK; i++)
            rc = each(arg, row->party, tally[i].code, tally[i].count, err);
    }
    pthread_mutex_unlock(&health->lock);
    return rc;
}

sph_rc sph_health_failure_key(const char *code, char out[64], sph_err *err)
{
    char key[64];
    SPH_TRY(sph_str_format(key, sizeof(key), err, "failure.%.32s", code), err, "failure");
    for (char *at = key; *at; at++) {
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
        if (*at == ':' || *at == '_')
            *at = '-';
    }
    return sph_str_copy(out, 64, sph_slice_str(sph_text_has(key) ? key : "failure.other"), err);
}
