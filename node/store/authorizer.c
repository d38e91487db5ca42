#include "store/db_impl.h"
#include "store/tables_exchange.h"

/* The allow-list of ledger.md 8. It guards against bugs and injection, not against root: only heads
 * held elsewhere do that. */

static const char *const functions[] = {
    "max",
    "min",
    "coalesce",
    "ifnull",
    "iif",
    "nullif",
    "length",
    "count",
    "sum",
    "total",
    "abs",
    "substr",
    "instr",
    "lower",
    "upper",
    "hex",
    "typeof",
    "like",
    "glob",
    "unlikely",
    "likely",
    "changes",
    "last_insert_rowid",
    "zeroblob",
    NULL,
};
static const char *const append_only[] = {"leaf", "tile", "checkpoint", "cosig", NULL};
static const char *const secrets[] = {"secret", "pseudonym", NULL};

static bool is_in(const char *name, const char *const *list)
{
    for (; name && *list; list++)
        if (sph_slice_equal_nocase(sph_slice_str(name), sph_slice_str(*list)))
            return true;
    return false;
}

static bool is_name(const char *name, const char *other)
{
    const char *const list[] = {other, NULL};
    return is_in(name, list);
}

/* May `action` (SQLITE_INSERT, _UPDATE, _DELETE) change rows of this table of node.db? */
static bool writer_may(int action, const char *table)
{
    if (is_in(table, sph_tables_exchange_names))
        return true;
    if (is_in(table, append_only))
        return action == SQLITE_INSERT;
    if (is_name(table, "peer_head"))
        return action != SQLITE_DELETE;
    if (is_name(table, "head_pending"))
        return action != SQLITE_UPDATE;
    return false;
}

static bool may_change(enum sph_db_role role, int action, const char *table)
{
    if (role == SPH_DB_WRITER)
        return writer_may(action, table);
    return role == SPH_DB_SECRETS && is_in(table, secrets);
}

static int decide(void *arg, int action, const char *first, const char *second, const char *schema,
                  const char *trigger)
{
    const sph_db *db = arg;
    (void)schema;
    (void)trigger;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_FUNCTION:
        return is_in(second, functions) ? SQLITE_OK : SQLITE_DENY;
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE:
        return may_change(db->role, action, first) ? SQLITE_OK : SQLITE_DENY;
    default:
        return SQLITE_DENY;
    }
}

sph_rc sph_db_authorize(sph_db *db, sph_err *err)
{
    if (db->role == SPH_DB_MAINTENANCE)
        return sph_ok();
    const int code = sqlite3_set_authorizer(db->at, decide, db);
    return code == SQLITE_OK ? sph_ok() : sph_db_error(db->at, code, "allow-list", err);
}
