/** Logging: one line of JSON an event, typed fields from a closed list, no free text, no person.
 *  Log at the place that handles an error, once. Log is not ledger: nothing legal depends on it. */
#pragma once

#include "base/bytes.h"

typedef struct sph_log sph_log; /* thread-safe */

enum sph_log_level { SPH_LOG_DEBUG, SPH_LOG_INFO, SPH_LOG_WARN, SPH_LOG_ERROR };

enum sph_log_field {
    SPH_F_MESSAGE, /* AS4 MessageId, random */
    SPH_F_PARTNER, /* party id */
    SPH_F_CODE,    /* stable code: EBMS:0101, PK-20, sph_code_name */
    SPH_F_WHERE,   /* function name of the failing frame */
    SPH_F_WHAT,    /* frame text: ids, sizes, rule numbers only */
    SPH_F_SIZE,    /* bytes */
    SPH_F_COUNT,   /* number */
    SPH_F_MS,      /* milliseconds */
    SPH_F_INDEX,   /* ledger index */
    SPH_F_ADDRESS, /* peer IP address */
    SPH_F_PORT,    /* port */
    SPH_F_STATE,   /* state name */
};

typedef struct {
    enum sph_log_field field;
    const char
        *text; /* NULL for numbers; control and quote characters are escaped; cut at 255 bytes */
    int64_t number;
} sph_log_value;

#define SPH_LF(field, text) ((sph_log_value){(field), (text), 0})
#define SPH_LN(field, number) ((sph_log_value){(field), NULL, (int64_t)(number)})

/** Write one event: `event` is a static snake_case id such as "send_failed". */
#define SPH_LOG(log, level, event, ...)                                                            \
    sph_log_event((log), (level), (event), (const sph_log_value[]){__VA_ARGS__},                   \
                  sizeof((const sph_log_value[]){__VA_ARGS__}) / sizeof(sph_log_value))
void sph_log_event(sph_log *log, enum sph_log_level level, const char *event,
                   const sph_log_value *values, size_t count);
/** Log to a descriptor (not closed by the log), from `least` on. out: owned, sph_log_free. */
SPH_MUST sph_rc sph_log_new(int fd, enum sph_log_level least, sph_log **out, sph_err *err);
void sph_log_free(sph_log **log);
