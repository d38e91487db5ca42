/** The exchange's tables in node.db: partners, packets, outbox, inbox. Rows only; their meaning is
 * node/exchange's. */
#pragma once

/** Statements that make the tables of schema version 1, NULL-ended. */
extern const char *const sph_tables_exchange[];
/** Tables on which the writer may UPDATE and DELETE, NULL-ended. */
extern const char *const sph_tables_exchange_names[];
