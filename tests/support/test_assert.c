#include "support/test_assert.h"

static void print_reason(const sph_err *err)
{
    for (unsigned i = 0; err && i < err->depth; i++)
        print_error("    %s: %s\n", err->frame[i].where, err->frame[i].what);
}

void test_expect_code(sph_rc rc, enum sph_code code, sph_err *err, const char *call,
                      const char *file, int line)
{
    if (rc.code != code) {
        print_error("%s: \"%s\", expected \"%s\"\n", call, sph_code_name(rc.code),
                    sph_code_name(code));
        print_reason(err);
        _fail(file, line);
    }
    if (code != SPH_OK && err && (err->code != code || err->depth == 0)) {
        print_error("%s: the reason has code \"%s\" and %u frames\n", call,
                    sph_code_name(err->code), err->depth);
        _fail(file, line);
    }
    sph_err_clear(err);
}

void test_expect_slice(sph_slice slice, const char *text, const char *file, int line)
{
    if (sph_slice_is(slice, text))
        return;
    print_error("\"%.*s\" (%zu bytes), expected \"%s\"\n", (int)slice.len,
                slice.at ? (const char *)slice.at : "", slice.len, text);
    _fail(file, line);
}
