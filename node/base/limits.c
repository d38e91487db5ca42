#include "base/limits.h"

#include <inttypes.h>

static const struct sph_limits defaults = {
#define LIMIT_VALUE(name, value, unit, item, answer) .name = (value),
    SPH_LIMITS(LIMIT_VALUE)
#undef LIMIT_VALUE
};

const struct sph_limits *sph_limits_default(void)
{
    return &defaults;
}

struct limit_row {
    const char *name;
    uint64_t value;
    const char *unit, *item, *answer;
};

static const struct limit_row rows[] = {
#define LIMIT_ROW(name, value, unit, item, answer) {#name, (value), unit, item, answer},
    SPH_LIMITS(LIMIT_ROW)
#undef LIMIT_ROW
};

static const char introduction[] =
    "# Limits\n"
    "\n"
    "Every length, count, depth, ratio and duration that an outsider could drive has a limit. It "
    "is\n"
    "checked before the work is done, and its breach is the answer in the last column, not a crash "
    "and\n"
    "not a guess. The values are hard defaults; a P-Mode or a partner card may lower the size of "
    "a\n"
    "message, nothing raises it above the ceiling.\n"
    "\n"
    "Answers: a number is an HTTP status, `EBMS:…` an ebMS error sent back in a signed signal, "
    "`XSD` a\n"
    "packet refused by its schema, `close` an end of the connection without an answer.\n"
    "\n"
    "This table is printed from `node/base/limits.h`; a test compares the two.\n"
    "\n"
    "| name | what is limited | limit | unit | answer |\n"
    "|---|---|---:|---|---|\n";

sph_rc sph_limits_print(sph_buf *out, sph_err *err)
{
    SPH_TRY(sph_buf_add_text(out, introduction, err), err, "limits");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        SPH_TRY(sph_buf_addf(out, err, "| `%s` | %s | %" PRIu64 " | %s | %s |\n", rows[i].name,
                             rows[i].item, rows[i].value, rows[i].unit, rows[i].answer),
                err, "limits");
    return sph_ok();
}
