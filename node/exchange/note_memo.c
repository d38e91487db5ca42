#include "exchange/note_memo.h"

#include <pthread.h>

#define REMEMBERED 32u
#define NOTE_MOST                                                                                  \
    768u /* one signature line; a note with many cosignatures is verified each time                \
          */

struct known {
    sph_vkey log;
    uint8_t note[NOTE_MOST];
    size_t len; /* 0: empty */
    sph_checkpoint head;
};

struct sph_note_memo {
    pthread_mutex_t lock;
    struct known known[REMEMBERED];
    size_t next; /* the oldest, replaced first */
};

sph_rc sph_note_memo_new(sph_note_memo **out, sph_err *err)
{
    sph_note_memo *memo = sph_mem_new(1, sizeof(*memo));
    if (!memo)
        return sph_fail(err, SPH_ENOMEM, "memory of checkpoints");
    pthread_mutex_init(&memo->lock, NULL);
    *out = memo;
    return sph_ok();
}

void sph_note_memo_free(sph_note_memo **memo)
{
    if (!memo || !*memo)
        return;
    pthread_mutex_destroy(&(*memo)->lock);
    sph_mem_free(*memo);
    *memo = NULL;
}

static bool is_same_key(const sph_vkey *a, const sph_vkey *b)
{
    return a->type == b->type && sph_slice_is(sph_slice_str(a->name), b->name) &&
           sph_slice_equal(sph_slice_of(a->id, sizeof(a->id)),
                           sph_slice_of(b->id, sizeof(b->id))) &&
           sph_slice_equal(sph_slice_of(a->key, sizeof(a->key)),
                           sph_slice_of(b->key, sizeof(b->key)));
}

static bool look_up(sph_note_memo *memo, sph_slice note, const sph_vkey *log, sph_checkpoint *out)
{
    bool is_found = false;
    pthread_mutex_lock(&memo->lock);
    for (size_t i = 0; i < REMEMBERED && !is_found; i++) {
        const struct known *known = &memo->known[i];
        is_found = known->len > 0 && sph_slice_equal(sph_slice_of(known->note, known->len), note) &&
                   is_same_key(&known->log, log);
        if (is_found)
            *out = known->head;
    }
    pthread_mutex_unlock(&memo->lock);
    return is_found;
}

static void remember(sph_note_memo *memo, sph_slice note, const sph_vkey *log,
                     const sph_checkpoint *head)
{
    if (note.len == 0 || note.len > NOTE_MOST)
        return;
    pthread_mutex_lock(&memo->lock);
    struct known *known = &memo->known[memo->next];
    known->len = 0;
    if (sph_bytes_copy(known->note, sizeof(known->note), note, NULL).code == SPH_OK) {
        known->len = note.len;
        known->log = *log;
        known->head = *head;
        memo->next = (memo->next + 1) % REMEMBERED;
    }
    pthread_mutex_unlock(&memo->lock);
}

sph_rc sph_note_memo_verify(sph_note_memo *memo, sph_slice note, const sph_vkey *log,
                            sph_checkpoint *out, sph_err *err)
{
    sph_checkpoint head;
    if (look_up(memo, note, log, out))
        return sph_ok();
    SPH_TRY(sph_checkpoint_verify(note, log, &head, err), err, "checkpoint");
    remember(memo, note, log, &head);
    *out = head;
    return sph_ok();
}
