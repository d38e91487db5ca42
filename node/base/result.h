/** Results and reasons: every call that can fail returns `sph_rc` and fills the caller's `sph_err`.
 *
 * A result cannot be mixed up with an int and must be used. The reason is a chain of at most eight
 * frames in fixed memory, so that reporting an allocation failure allocates nothing. Frames hold
 * ids, sizes and rule numbers, never document content or names.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define SPH_MUST __attribute__((warn_unused_result))
#define SPH_PRINTF(format_at, args_at) __attribute__((format(printf, format_at, args_at)))

enum sph_code {
    SPH_OK = 0,
    SPH_EIO,          /* the operating system or a device refused: disk, socket, random */
    SPH_ENOMEM,       /* no memory */
    SPH_ELIMIT,       /* a limit of docs/limits.md was reached */
    SPH_EPARSE,       /* bytes are not of the form they claim */
    SPH_EARG,         /* the caller's own mistake; wrong usage on a command line */
    SPH_ENOTFOUND,    /* no such thing */
    SPH_EEXISTS,      /* already there */
    SPH_ECONFLICT,    /* lost a race or a guarded update; state moved on */
    SPH_EREFUSED,     /* a rule forbids it: schema, matrix, role, leak screen */
    SPH_EPROOF,       /* a signature, digest or proof does not hold */
    SPH_EAGAIN,       /* nothing wrong with the request: try later */
    SPH_EUNSUPPORTED, /* a form we deliberately do not accept */
    SPH_ECANCELLED,   /* stopped on request: shutdown, deadline */
    SPH_CODE_COUNT
};

/** A result. Compare `.code` only; build with sph_ok() or sph_fail(). */
typedef struct {
    enum sph_code code;
} sph_rc;

#define SPH_ERR_FRAMES 8
#define SPH_ERR_TEXT 96

/** Why something failed. Zero-initialise; may be NULL where the reason is of no interest. */
typedef struct sph_err {
    enum sph_code code; /* set by the first failure, kept */
    unsigned depth;     /* frames in use */
    struct {
        const char *where; /* __func__ of the frame, static storage */
        char what[SPH_ERR_TEXT];
    } frame[SPH_ERR_FRAMES]; /* [0] is the cause, later ones add context */
} sph_err;

/** The success result. */
static inline sph_rc sph_ok(void)
{
    return (sph_rc){SPH_OK};
}

/** The result of a helper that always fails, in a form that compilers see is never SPH_OK. */
static inline sph_rc sph_failed(sph_rc rc)
{
    return (sph_rc){rc.code == SPH_OK ? SPH_EIO : rc.code};
}

/** Start a reason: clears err, records frame 0, returns `code`. Long texts are cut. */
#define sph_fail(err, code, ...) sph_failed(sph_err_start((err), (code), __func__, __VA_ARGS__))
SPH_MUST sph_rc sph_err_start(sph_err *err, enum sph_code code, const char *where,
                              const char *format, ...) SPH_PRINTF(4, 5);

/** Add a context frame to a reason that is already there; full chains drop the new frame. */
void sph_err_add(sph_err *err, const char *where, const char *format, ...) SPH_PRINTF(3, 4);

/** Forget a reason that was dealt with. */
void sph_err_clear(sph_err *err);

/** Name of a code for logs and JSON ("limit", "parse" …); static storage. */
const char *sph_code_name(enum sph_code code);

/** The only macro that returns: on failure adds a frame to `err` and leaves the function. */
#define SPH_TRY(call, err, ...)                                                                    \
    do {                                                                                           \
        const sph_rc sph_try_rc = (call);                                                          \
        if (sph_try_rc.code != SPH_OK) {                                                           \
            sph_err_add((err), __func__, __VA_ARGS__);                                             \
            return sph_try_rc;                                                                     \
        }                                                                                          \
    } while (0)

/** Scope cleanup. Values: `SPH_AUTO(sph_buf) b = …;` runs sph_buf_clear(&b) on every way out.
 *  Heap handles: `SPH_AUTO_PTR(sph_key) *k = NULL;` runs sph_key_free(&k), which accepts NULL. */
#define SPH_AUTO(type) __attribute__((cleanup(type##_clear))) type
#define SPH_AUTO_PTR(type) __attribute__((cleanup(type##_free))) type

/** Hand over an owned pointer and leave NULL behind: *out = sph_move(p). */
#define sph_move(pointer)                                                                          \
    __extension__({                                                                                \
        __typeof__(pointer) sph_moved = (pointer);                                                 \
        (pointer) = NULL;                                                                          \
        sph_moved;                                                                                 \
    })
