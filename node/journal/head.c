#include "journal/journal_impl.h"

struct sph_head {
    atomic_uint references;
    sph_edge *edge;
    sph_hash root;
    sph_buf note;
};

sph_rc sph_head_new(sph_edge **edge, sph_buf *note, sph_head **out, sph_err *err)
{
    sph_head *head = sph_mem_new(1, sizeof(*head));
    if (!head)
        return sph_fail(err, SPH_ENOMEM, "a head");
    atomic_init(&head->references, 1);
    head->edge = sph_move(*edge);
    head->root = sph_edge_root(head->edge);
    sph_buf_take(note, &head->note);
    *out = head;
    return sph_ok();
}

const sph_edge *sph_head_peek_edge(const sph_head *head)
{
    return head->edge;
}

uint64_t sph_head_size(const sph_head *head)
{
    return sph_edge_size(head->edge);
}

sph_hash sph_head_root(const sph_head *head)
{
    return head->root;
}

sph_slice sph_head_note(const sph_head *head)
{
    return sph_buf_peek(&head->note);
}

sph_head *sph_head_ref(sph_head *head)
{
    atomic_fetch_add_explicit(&head->references, 1, memory_order_relaxed);
    return head;
}

void sph_head_free(sph_head **head)
{
    if (!head || !*head)
        return;
    sph_head *gone = sph_move(*head);
    if (atomic_fetch_sub_explicit(&gone->references, 1, memory_order_acq_rel) != 1)
        return;
    sph_edge_free(&gone->edge);
    sph_buf_clear(&gone->note);
    sph_mem_free(gone);
}
