#include <string.h>

#include "exchange/query.h"
#include "exchange/query_walk.h"

#define LIMIT_MOST 10000u

static bool matches(const struct sph_ledger_filter *filter, const sph_leaf *leaf)
{
    const char *name = sph_event_name(leaf->event);
    if (filter->from_ms && (int64_t)leaf->unix_ms < filter->from_ms)
        return false;
    if (filter->to_ms && (int64_t)leaf->unix_ms > filter->to_ms)
        return false;
    if (filter->partner && strcmp(filter->partner, leaf->peer) != 0)
        return false;
    return !filter->event || (name && strcmp(filter->event, name) == 0);
}

struct ledger_reader {
    const struct sph_ledger_filter *filter;
    unsigned left;
    sph_leaf_each *each;
    void *arg;
};

static void bind_ledger(sph_stmt *stmt, const void *ask)
{
    const struct sph_ledger_filter *filter = ask;
    sph_stmt_int(stmt, 1,
                 filter->before_index >= INT64_MAX ? INT64_MAX : (int64_t)filter->before_index);
}

static sph_rc read_leaf(sph_stmt *stmt, void *to, bool *is_done, sph_err *err)
{
    struct ledger_reader *reader = to;
    sph_leaf leaf;
    const sph_slice body = sph_col_blob(stmt, 0);
    SPH_TRY(sph_leaf_decode(body, &leaf, err), err, "a leaf of the own ledger");
    if (!matches(reader->filter, &leaf))
        return sph_ok();
    *is_done = --reader->left == 0;
    const sph_hash leaf_hash = sph_tree_leaf_hash(body);
    return reader->each(reader->arg, &leaf, &leaf_hash, err);
}

sph_rc sph_query_ledger(sph_node *node, const struct sph_ledger_filter *filter, sph_leaf_each *each,
                        void *arg, sph_err *err)
{
    const bool is_open = filter->limit == 0 || filter->limit > LIMIT_MOST;
    struct ledger_reader reader = {filter, is_open ? LIMIT_MOST : filter->limit, each, arg};
    const struct sph_query_walk walk = {"SELECT body FROM leaf WHERE idx<? ORDER BY idx DESC",
                                        bind_ledger, filter, read_leaf, &reader};
    return sph_query_walk(node, &walk, NULL, err);
}
