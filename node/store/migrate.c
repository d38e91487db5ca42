#include "store/db_impl.h"
#include "store/tables_exchange.h"
#include "store/tables_ledger.h"

static sph_rc run_all(sph_db *db, const char *const *statements, sph_err *err)
{
    for (; *statements; statements++)
        SPH_TRY(sph_db_exec(db, *statements, err), err, "%.60s", *statements);
    return sph_ok();
}

static sph_rc make_node(sph_db *db, sph_err *err)
{
    for (size_t i = 0; i < sph_tables_ledger_count; i++)
        SPH_TRY(sph_db_exec(db, sph_tables_ledger[i].sql, err), err, "%s",
                sph_tables_ledger[i].name);
    return run_all(db, sph_tables_exchange, err);
}

static sph_rc make_secrets(sph_db *db, sph_err *err)
{
    return run_all(db, sph_tables_secrets, err);
}

/* user_version is the last thing that changes, in the same transaction: a crash leaves the old
 * schema. */
static sph_rc upgrade(sph_db *db, sph_rc (*make)(sph_db *, sph_err *), sph_err *err)
{
    SPH_TRY(make(db, err), err, "making the tables");
    SPH_TRY(sph_db_exec(db, "PRAGMA user_version=1", err), err, "schema version");
    SPH_TRY(sph_db_commit(db, err), err, "keeping the new schema");
    return sph_ok();
}

static sph_rc migrate(const char *path, sph_rc (*make)(sph_db *, sph_err *), int *from,
                      sph_err *err)
{
    __attribute__((cleanup(sph_db_close))) sph_db *db = NULL;
    int version = 0;
    SPH_TRY(sph_db_connect(path, SPH_DB_MAINTENANCE, true, &db, err), err,
            "opening for maintenance");
    SPH_TRY(sph_db_begin(db, err), err, "maintenance");
    SPH_TRY(sph_db_version(db, &version, err), err, "schema version");
    if (version > SPH_DB_VERSION)
        return sph_fail(err, SPH_EUNSUPPORTED, "schema version %d, this program knows %d", version,
                        SPH_DB_VERSION);
    if (version == 0)
        SPH_TRY(upgrade(db, make, err), err, "schema version 1");
    if (from)
        *from = version;
    return sph_ok();
}

sph_rc sph_db_migrate_node(const char *path, int *from, sph_err *err)
{
    return migrate(path, make_node, from, err);
}

sph_rc sph_db_migrate_secrets(const char *path, int *from, sph_err *err)
{
    return migrate(path, make_secrets, from, err);
}
