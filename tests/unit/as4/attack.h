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

static inline void run(const struct attack *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct kit_msg msg;
        const bool is_ping = rows[i].parts == PING;
        kit_message(kit(),
                    &(struct kit_wish){.parts = is_ping ? 0 : rows[i].parts, .is_ping = is_ping},
                    &msg);
        rows[i].change(&msg);
        if (rows[i].sign != KEPT)
            kit_resign(&msg,
                       rows[i].sign == BY_SENDER ? kit()->there.sign_key : kit()->other.sign_key);
        kit_expect(rows[i].id, &msg, rows[i].code, rows[i].rule);
        kit_msg_clear(&msg);
    }
}
#define RUN(rows) run(rows, sizeof(rows) / sizeof(rows[0]))

#define MESSAGING "<eb:Messaging", "</eb:Messaging>"
#define SIGNATURE "<ds:Signature ", "</ds:Signature>"
