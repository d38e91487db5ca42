/** The ledger's tables in node.db and the tables of secrets.db (ledger.md 8), with their guards. */
#pragma once

#include <stddef.h>

/** One object of the schema: its text is compared with what the file holds at every open. */
struct sph_table_row {
    const char *name; /* as in sqlite_schema */
    const char *sql;  /* the statement that makes it */
};
/** Ledger tables and triggers, in the order they are made. */
extern const struct sph_table_row sph_tables_ledger[];
extern const size_t sph_tables_ledger_count;
/** Statements that make secrets.db, NULL-ended. */
extern const char *const sph_tables_secrets[];
