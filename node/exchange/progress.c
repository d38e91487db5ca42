#include "exchange/progress.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

struct sph_transfer {
    struct sph_transfers *of;
    struct sph_transfer_view view; /* but for `done`; changed under the lock */
    _Atomic uint64_t done;
    uint64_t order; /* 0: free */
};
struct sph_transfers {
    pthread_mutex_t lock;
    uint64_t count;
    struct sph_transfer at[SPH_TRANSFERS];
};

const char *sph_transfer_kind_name(enum sph_transfer_kind kind)
{
    static const char *const names[SPH_TRANSFER_KIND_COUNT] = {"seal", "encrypt", "send",
                                                               "receive"};
    return names[kind];
}

sph_rc sph_transfers_new(sph_transfers **out, sph_err *err)
{
    sph_transfers *transfers = sph_mem_new(1, sizeof(*transfers));
    if (!transfers)
        return sph_fail(err, SPH_ENOMEM, "transfers");
    pthread_mutex_init(&transfers->lock, NULL);
    *out = transfers;
    return sph_ok();
}

void sph_transfers_free(sph_transfers **transfers)
{
    if (!transfers || !*transfers)
        return;
    pthread_mutex_destroy(&(*transfers)->lock);
    sph_mem_free(*transfers);
    *transfers = NULL;
}

static bool fill(struct sph_transfer_view *view, const struct sph_transfer_name *name)
{
    *view = (struct sph_transfer_view){
        .kind = name->kind, .total = name->total, .started_ms = name->now_ms};
    return sph_str_copy(view->party, sizeof(view->party), sph_slice_str(name->party), NULL).code ==
               SPH_OK &&
           sph_str_copy(view->message_id, sizeof(view->message_id), sph_slice_str(name->message_id),
                        NULL)
                   .code == SPH_OK;
}

static sph_transfer *free_place(sph_transfers *transfers)
{
    for (size_t i = 0; i < SPH_TRANSFERS; i++)
        if (transfers->at[i].order == 0)
            return &transfers->at[i];
    return NULL;
}

sph_transfer *sph_transfer_begin(sph_transfers *transfers, const struct sph_transfer_name *name)
{
    pthread_mutex_lock(&transfers->lock);
    sph_transfer *transfer = free_place(transfers);
    if (transfer && fill(&transfer->view, name)) {
        transfer->of = transfers;
        transfer->order = ++transfers->count;
        atomic_store(&transfer->done, 0);
    } else {
        transfer = NULL;
    }
    pthread_mutex_unlock(&transfers->lock);
    return transfer;
}

void sph_transfer_set(sph_transfer *transfer, uint64_t done)
{
    if (transfer)
        atomic_store(&transfer->done, done);
}

void sph_transfer_add(sph_transfer *transfer, uint64_t more)
{
    if (transfer)
        atomic_fetch_add(&transfer->done, more);
}

void sph_transfer_end(sph_transfer **transfer)
{
    if (!transfer || !*transfer)
        return;
    sph_transfers *of = (*transfer)->of;
    pthread_mutex_lock(&of->lock);
    (*transfer)->order = 0;
    pthread_mutex_unlock(&of->lock);
    *transfer = NULL;
}

void sph_transfer_free(sph_transfer **transfer)
{
    sph_transfer_end(transfer);
}

/** With the lock held: the one that began next after `order`; NULL when none did. */
static sph_transfer *next_after(sph_transfers *transfers, uint64_t order)
{
    sph_transfer *found = NULL;
    for (size_t i = 0; i < SPH_TRANSFERS; i++) {
        sph_transfer *one = &transfers->at[i];
        if (one->order > order && (!found || one->order < found->order))
            found = one;
    }
    return found;
}

static void copy_out(sph_transfer *transfer, struct sph_transfer_view *out)
{
    *out = transfer->view;
    out->done = atomic_load(&transfer->done);
}

size_t sph_transfers_list(sph_transfers *transfers, struct sph_transfer_view *out)
{
    size_t count = 0;
    pthread_mutex_lock(&transfers->lock);
    for (sph_transfer *at = next_after(transfers, 0); at; at = next_after(transfers, at->order))
        copy_out(at, &out[count++]);
    pthread_mutex_unlock(&transfers->lock);
    return count;
}

bool sph_transfers_find(sph_transfers *transfers, enum sph_transfer_kind kind,
                        const char *message_id, struct sph_transfer_view *out)
{
    bool is_found = false;
    pthread_mutex_lock(&transfers->lock);
    for (size_t i = 0; !is_found && i < SPH_TRANSFERS; i++) {
        sph_transfer *one = &transfers->at[i];
        is_found = one->order > 0 && one->view.kind == kind &&
                   strcmp(one->view.message_id, message_id) == 0;
        if (is_found)
            copy_out(one, out);
    }
    pthread_mutex_unlock(&transfers->lock);
    return is_found;
}

static sph_rc write_counted(void *ctx, sph_slice bytes, sph_err *err)
{
    const struct sph_counted_writer *counted = ctx;
    SPH_TRY(counted->to->write(counted->to->ctx, bytes, err), err, "counted");
    sph_transfer_add(counted->transfer, bytes.len);
    return sph_ok();
}

sph_writer sph_writer_counted(struct sph_counted_writer *state, const sph_writer *to,
                              sph_transfer *transfer)
{
    *state = (struct sph_counted_writer){to, transfer};
    return (sph_writer){state, write_counted};
}

static sph_rc read_counted(void *ctx, uint8_t *at, size_t room, size_t *got, sph_err *err)
{
    const struct sph_counted_reader *counted = ctx;
    SPH_TRY(counted->from->read(counted->from->ctx, at, room, got, err), err, "counted");
    sph_transfer_add(counted->transfer, *got);
    return sph_ok();
}

sph_reader sph_reader_counted(struct sph_counted_reader *state, const sph_reader *from,
                              sph_transfer *transfer)
{
    *state = (struct sph_counted_reader){from, transfer};
    return (sph_reader){state, read_counted};
}
