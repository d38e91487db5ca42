/** One walk over rows for every view of a node; for the files node/exchange/query*.c only. */
#pragma once

#include "exchange/node.h"

struct sph_query_walk {
    const char *sql;
    void (*bind)(sph_stmt *stmt, const void *ask); /* NULL: nothing to bind */
    const void *ask;
    /** Called for each row; a failure ends the walk, *is_done = true ends it well. */
    sph_rc (*row)(sph_stmt *stmt, void *to, bool *is_done, sph_err *err);
    void *to;
};
/** Take a reader of the node, run the statement, hand over its rows, give both back.
 *  rows    how many rows there were until the end; may be NULL
 *  errors  of the database, and of walk->row */
SPH_MUST sph_rc sph_query_walk(sph_node *node, const struct sph_query_walk *walk, size_t *rows,
                               sph_err *err);
/** The bind of a statement with one text: ask is that text. */
void sph_query_bind_text(sph_stmt *stmt, const void *ask);
