/** Attacks on a good message as rows: what each test of signature wrapping and downgrading runs. */
#pragma once

#include "kit.h"

/* security.md 2.5. Every row: take a good message, attack it, expect the code and the rule by name.
 * Where the attacker may own a key the message is signed anew; where not, the signature stays the
 * one of the good message. */

static inline const struct kit *kit(void)
{
    return kit_of(SPH_SUITE_EDELIVERY_2_0_ED25519);
}

#define PING SIZE_MAX /* a message without parts */

enum sign { KEPT, BY_SENDER, BY_OTHER };

struct attack {
    const char *id;
    void (*change)(struct kit_msg *msg);
    enum sign sign;
    enum sph_ebms code;
    const char *rule;
    size_t parts;
};

static inline void run_one(const struct kit *at, const struct attack *row)
{
    struct kit_msg msg;
    const bool is_ping = row->parts == PING;
    kit_message(at, &(struct kit_wish){.parts = is_ping ? 0 : row->parts, .is_ping = is_ping},
                &msg);
    row->change(&msg);
    if (row->sign != KEPT)
        kit_resign(&msg, row->sign == BY_SENDER ? at->there.sign_key : at->other.sign_key);
    kit_expect(row->id, &msg, row->code, row->rule);
    kit_msg_clear(&msg);
}

/** Against the suites from first to last. */
static inline void run(const struct attack *rows, size_t count, enum sph_suite first,
                       enum sph_suite last)
{
    for (unsigned suite = first; suite <= (unsigned)last; suite++)
        for (size_t i = 0; i < count; i++)
            run_one(kit_of((enum sph_suite)suite), &rows[i]);
}
#define RUN(rows)                                                                                  \
    run(rows, sizeof(rows) / sizeof(rows[0]), (enum sph_suite)0,                                   \
        (enum sph_suite)(SPH_SUITE_COUNT - 1))
#define RUN_ED25519(rows)                                                                          \
    run(rows, sizeof(rows) / sizeof(rows[0]), SPH_SUITE_EDELIVERY_2_0_ED25519,                     \
        SPH_SUITE_EDELIVERY_2_0_ED25519)

#define MESSAGING "<eb:Messaging", "</eb:Messaging>"
#define SIGNATURE "<ds:Signature ", "</ds:Signature>"
