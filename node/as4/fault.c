#include "as4/fault.h"

#include <stdarg.h>

static const struct {
    uint16_t reason;
    enum sph_ebms code;
    const char *rule, *text;
} rules[SPH_AS4_RULE_COUNT] = {
#define RULE_ROW(name, reason, code, rule, text)                                                   \
    [SPH_AS4_##name] = {reason, SPH_EBMS_##code, rule, text},
    SPH_AS4_RULES(RULE_ROW)
#undef RULE_ROW
};

/** D12 and as4.md 10: these two say the same whatever happened. */
static const char *fixed_text(enum sph_ebms code)
{
    if (code == SPH_EBMS_0101)
        return "The sender could not be authenticated.";
    return code == SPH_EBMS_0102 ? "The message could not be decrypted." : NULL;
}

static void fill(enum sph_as4_rule rule, const char *more, sph_as4_fault *fault)
{
    fault->code = rules[rule].code;
    fault->reason = rules[rule].reason;
    fault->rule = rules[rule].rule;
    const char *fixed = fixed_text(fault->code);
    const sph_rc rc =
        fixed != NULL
            ? sph_str_copy(fault->detail, sizeof(fault->detail), sph_slice_str(fixed), NULL)
            : sph_str_format(fault->detail, sizeof(fault->detail), NULL, "%s: %s%s%s",
                             rules[rule].rule, rules[rule].text, more[0] != 0 ? ": " : "", more);
    if (rc.code != SPH_OK) /* the texts of the table and 96 octets fit: a test walks the table */
        fault->detail[0] = 0;
}

sph_rc sph_as4_refuse_by(enum sph_as4_rule rule, sph_as4_fault *fault, sph_err *err,
                         const char *format, ...)
{
    char more[96] = "";
    if (format != NULL) {
        va_list args;
        va_start(args, format);
        sph_str_cut(more, sizeof(more), format, args);
        va_end(args);
    }
    fill(rule, more, fault);
    return sph_fail(err, SPH_EREFUSED, "%s %.64s", rules[rule].rule, more);
}

sph_rc sph_as4_blame(sph_rc rc, enum sph_as4_rule rule, sph_as4_fault *fault, sph_err *err)
{
    if (rc.code == SPH_OK || rc.code == SPH_ENOMEM || rc.code == SPH_EIO)
        return rc;
    fill(rule, "", fault);
    sph_err_add(err, __func__, "%s", rules[rule].rule);
    return (sph_rc){SPH_EREFUSED};
}

const char *sph_as4_reason_rule(uint16_t reason)
{
    for (size_t i = 0; i < SPH_AS4_RULE_COUNT; i++)
        if (rules[i].reason == reason)
            return rules[i].rule;
    return NULL;
}
