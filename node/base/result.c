#include "base/result.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const code_names[SPH_CODE_COUNT] = {
    [SPH_OK] = "ok",
    [SPH_EIO] = "io",
    [SPH_ENOMEM] = "memory",
    [SPH_ELIMIT] = "limit",
    [SPH_EPARSE] = "parse",
    [SPH_EARG] = "argument",
    [SPH_ENOTFOUND] = "not_found",
    [SPH_EEXISTS] = "exists",
    [SPH_ECONFLICT] = "conflict",
    [SPH_EREFUSED] = "refused",
    [SPH_EPROOF] = "proof",
    [SPH_EAGAIN] = "again",
    [SPH_EUNSUPPORTED] = "unsupported",
    [SPH_ECANCELLED] = "cancelled",
};

SPH_PRINTF(3, 0)
static void frame_add(sph_err *err, const char *where, const char *format, va_list args)
{
    if (err->depth >= SPH_ERR_FRAMES)
        return;
    err->frame[err->depth].where = where;
    /* A text that does not fit is cut: a shorter reason is better than none. */
    if (vsnprintf(err->frame[err->depth].what, SPH_ERR_TEXT, format, args) < 0)
        err->frame[err->depth].what[0] = '\0';
    err->depth++;
}

sph_rc sph_err_start(sph_err *err, enum sph_code code, const char *where, const char *format, ...)
{
    if (err) {
        va_list args;
        sph_err fresh = {.code = code}; /* apart, so that the old frames may be arguments */
        va_start(args, format);
        frame_add(&fresh, where, format, args);
        va_end(args);
        *err = fresh;
    }
    return (sph_rc){code};
}

void sph_err_add(sph_err *err, const char *where, const char *format, ...)
{
    va_list args;
    if (!err)
        return;
    va_start(args, format);
    frame_add(err, where, format, args);
    va_end(args);
}

void sph_err_clear(sph_err *err)
{
    if (err)
        *err = (sph_err){.code = SPH_OK};
}

const char *sph_code_name(enum sph_code code)
{
    return (unsigned)code < SPH_CODE_COUNT ? code_names[code] : "unknown";
}
