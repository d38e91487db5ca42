#include "exchange/query_walk.h"

void sph_query_bind_text(sph_stmt *stmt, const void *ask)
{
    sph_stmt_text(stmt, 1, ask);
}

static sph_rc step_all(sph_stmt *stmt, const struct sph_query_walk *walk, size_t *rows,
                       sph_err *err)
{
    bool is_row = false, is_done = false;
    sph_rc rc = sph_stmt_step(stmt, &is_row, err);
    while (rc.code == SPH_OK && is_row && !is_done) {
        (*rows)++;
        rc = walk->row(stmt, walk->to, &is_done, err);
        if (rc.code == SPH_OK && !is_done)
            rc = sph_stmt_step(stmt, &is_row, err);
    }
    return rc;
}

static sph_rc walk_reader(sph_db *reader, const struct sph_query_walk *walk, size_t *rows,
                          sph_err *err)
{
    sph_stmt *stmt = NULL;
    SPH_TRY(sph_stmt_get(reader, walk->sql, &stmt, err), err, "view");
    if (walk->bind)
        walk->bind(stmt, walk->ask);
    const sph_rc rc = step_all(stmt, walk, rows, err);
    sph_stmt_end(stmt);
    return rc;
}

sph_rc sph_query_walk(sph_node *node, const struct sph_query_walk *walk, size_t *rows, sph_err *err)
{
    sph_db *reader = NULL;
    size_t count = 0;
    SPH_TRY(sph_db_pool_get(sph_node_readers(node), &reader, err), err, "reader");
    const sph_rc rc = walk_reader(reader, walk, &count, err);
    sph_db_pool_put(sph_node_readers(node), reader);
    if (rows)
        *rows = count;
    return rc;
}
