/** The exchange's tables in node.db: partners, packets, outbox, inbox. Rows only; their meaning is
 * node/exchange's. */
#pragma once

/** States of messages that are not done (exchange/outbox.h), for statements that use the index of
 * due messages: it is used only for the same words. */
#define SPH_OUTBOX_OPEN                                                                            \
    "('submitted','sending','wait-retry','ready','pulled-waiting','ready-again','handed-to-hub')"
/** Statements that make the tables of schema version 1, NULL-ended. */
extern const char *const sph_tables_exchange[];
/** Tables on which the writer may UPDATE and DELETE, NULL-ended. */
extern const char *const sph_tables_exchange_names[];
