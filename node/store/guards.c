#include "store/db_impl.h"
#include "store/tables_ledger.h"

static const struct sph_table_row *expected_row(const char *name)
{
    for (size_t i = 0; name && i < sph_tables_ledger_count; i++)
        if (sph_slice_is(sph_slice_str(name), sph_tables_ledger[i].name))
            return &sph_tables_ledger[i];
    return NULL;
}

/* Looks at every object of the schema that could weaken the guards: ours must read as we wrote
 * them, and there are no other triggers and no views. */
sph_rc sph_db_check_guards(sph_db *db, sph_err *err)
{
    SPH_AUTO_PTR(sph_stmt) *stmt = NULL;
    size_t found = 0;
    bool row = false;
    SPH_TRY(sph_stmt_get(db, "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL",
                         &stmt, err),
            err, "schema");
    SPH_TRY(sph_stmt_step(stmt, &row, err), err, "schema");
    while (row) {
        const char *type = sph_col_text(stmt, 0);
        const struct sph_table_row *known = expected_row(sph_col_text(stmt, 1));
        const bool is_plain = sph_slice_is(sph_slice_str(type), "table") ||
                              sph_slice_is(sph_slice_str(type), "index");
        if (!known && !is_plain)
            return sph_fail(err, SPH_EPROOF, "a %s that does not belong here", type);
        if (known && !sph_slice_is(sph_slice_str(sph_col_text(stmt, 2)), known->sql))
            return sph_fail(err, SPH_EPROOF, "%s was changed", known->name);
        found += known ? 1 : 0;
        SPH_TRY(sph_stmt_step(stmt, &row, err), err, "schema");
    }
    if (found != sph_tables_ledger_count)
        return sph_fail(err, SPH_EPROOF, "%zu of %zu tables and guards are there", found,
                        sph_tables_ledger_count);
    return sph_ok();
}
