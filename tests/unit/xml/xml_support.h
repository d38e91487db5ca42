/** What the tests of node/xml share: set-up, short parsing, and running another program as an
 * oracle. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/limits.h"
#include "crypto/digest.h"
#include "xml/xml.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static inline int xml_setup(void **state)
{
    sph_err err = {0};
    (void)state;
    sph_xml_start();
    return sph_crypto_start(&err).code == SPH_OK ? 0 : -1;
}

/* Fail with the reason when a call that must succeed does not. */
static inline void must(sph_rc rc, const sph_err *err)
{
    if (rc.code != SPH_OK)
        fail_msg("%s: %s", sph_code_name(rc.code), err && err->depth ? err->frame[0].what : "");
}

static inline struct sph_xml_limits packet_limits(void)
{
    return sph_xml_limits_packet(sph_limits_default());
}

static inline struct sph_xml_limits foreign_limits(void)
{
    return sph_xml_limits_foreign(sph_limits_default());
}

/* Parse text that must be accepted; owned by the caller. */
static inline sph_xml *parse_ok(sph_slice text)
{
    sph_err err = {0};
    sph_xml *doc = NULL;
    const struct sph_xml_limits limits = packet_limits();
    must(sph_xml_parse(text, &limits, &doc, &err), &err);
    return doc;
}

/* The code that parsing ends with under the limits of a packet. */
static inline enum sph_code parse_code(sph_slice text)
{
    sph_err err = {0};
    sph_xml *doc = NULL;
    const struct sph_xml_limits limits = packet_limits();
    const sph_rc rc = sph_xml_parse(text, &limits, &doc, &err);
    if (rc.code != SPH_OK)
        assert_null(doc);
    sph_xml_free(&doc);
    return rc.code;
}

/* A small generator of known sequences (xorshift), so that a failing run can be repeated. */
static inline uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static inline void read_whole(const char *path, sph_buf *out)
{
    sph_err err = {0};
    char chunk[8192];
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("cannot open %s", path);
    for (size_t got; (got = fread(chunk, 1, sizeof(chunk), file)) > 0;)
        must(sph_buf_add(out, sph_slice_of(chunk, got), &err), &err);
    (void)fclose(file);
}

static inline void write_whole(const char *path, sph_slice bytes)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.at, 1, bytes.len, file), bytes.len);
    assert_int_equal(fclose(file), 0);
}

/* Read a file of SAPHAN_TEST_DATA; false, with a line that says so, when the data is not there. */
static inline bool read_data(const char *name, sph_buf *out)
{
    char path[1024];
    const char *root = getenv("SAPHAN_TEST_DATA");
    (void)snprintf(path, sizeof(path), "%s/%s", root ? root : "", name);
    if (!root || access(path, R_OK) != 0) {
        print_message("skipped: no test data %s\n", name);
        return false;
    }
    read_whole(path, out);
    return true;
}

/* Path of a file that stands beside the tests. */
static inline void beside(const char *name, char *path, size_t room)
{
    const char *slash = strrchr(__FILE__, '/');
    (void)snprintf(path, room, "%.*s/%s", slash ? (int)(slash - __FILE__) : 1,
                   slash ? __FILE__ : ".", name);
}

/* A new empty folder below the temporary one. */
static inline void new_folder(char *path, size_t room)
{
    const char *base = getenv("TMPDIR");
    (void)snprintf(path, room, "%s/saphan-xml-XXXXXX", base ? base : "/tmp");
    assert_non_null(mkdtemp(path));
}

/* Exit status of a shell command; -1 when it did not end by itself. */
static inline int run_command(const char *format, ...) __attribute__((format(printf, 1, 2)));
static inline int run_command(const char *format, ...)
{
    char command[4096];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(command, sizeof(command), format, args);
    va_end(args);
    const int status = system(command); /* NOLINT: test code, fixed words and own paths only */
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static inline bool has_program(const char *test)
{
    if (run_command("%s >/dev/null 2>&1", test) == 0)
        return true;
    print_message("skipped: `%s` does not run here\n", test);
    return false;
}

/* `text` with the first `from` replaced by `to`; the mutation must apply. */
static inline void replace_once(sph_slice text, const char *from, const char *to, sph_buf *out)
{
    sph_err err = {0};
    const sph_slice what = sph_slice_str(from);
    const size_t at = sph_slice_find(text, what, 0);
    if (at == SIZE_MAX)
        fail_msg("nothing to replace: %s", from);
    must(sph_buf_add(out, sph_slice_sub(text, 0, at), &err), &err);
    must(sph_buf_add_text(out, to, &err), &err);
    must(sph_buf_add(out, sph_slice_sub(text, at + what.len, text.len), &err), &err);
}
