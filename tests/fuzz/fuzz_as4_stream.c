/* MIME by streaming: the first octet says how short reads of the file are, then the Content-Type up
 * to the line end, then the body. Whatever the sizes, a file must give what memory gives. */
#include "as4/in.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static sph_slice body;
static size_t piece;

/* Never more than a few octets at once, never the same number twice in a row. */
static sph_rc read_short(sph_file *file, uint64_t at, uint8_t *to, size_t room, size_t *got,
                         sph_err *err)
{
    (void)file;
    (void)err;
    const size_t from = at > body.len ? body.len : (size_t)at;
    size_t some = 1 + (piece * 7 + from) % (piece + 1);
    some = some < room ? some : room;
    const sph_slice part = sph_slice_sub(body, from, some);
    for (size_t i = 0; i < part.len; i++)
        to[i] = part.at[i];
    *got = part.len;
    return sph_ok();
}

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* All octets of a part, read in pieces of `room`. */
static enum sph_code drain(const sph_as4_source *source, const struct sph_mime_part *part,
                           size_t room, sph_hash *out)
{
    static sph_mime_reader state;
    uint8_t chunk[4096];
    sph_sha256 *sha = NULL;
    must(sph_sha256_new(&sha, NULL).code == SPH_OK);
    const sph_reader from = sph_mime_reader_of(&state, source, part);
    sph_rc rc = {SPH_OK};
    for (size_t got = 1; got > 0 && rc.code == SPH_OK;) {
        rc = from.read(from.ctx, chunk, room, &got, NULL);
        if (rc.code == SPH_OK)
            sph_sha256_add(sha, sph_slice_of(chunk, got));
    }
    *out = sph_sha256_final(sha);
    sph_sha256_free(&sha);
    return rc.code;
}

static void compare(const sph_as4_source *memory, const struct sph_mime_part *a,
                    const sph_as4_source *file, const struct sph_mime_part *b)
{
    sph_hash whole, pieces;
    must(a->at == b->at && a->len == b->len && a->encoding == b->encoding);
    must(strcmp(a->cid, b->cid) == 0 && strcmp(a->type.essence, b->type.essence) == 0);
    const enum sph_code first = drain(memory, a, 4096, &whole);
    const enum sph_code second = drain(file, b, 1 + piece % 97, &pieces);
    must(first == second);
    if (first == SPH_OK)
        must(sph_slice_equal(sph_slice_hash(&whole), sph_slice_hash(&pieces)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static sph_mime a, b;
    static const sph_files files = {.read_at = read_short};
    static uint8_t handle; /* only its address is used */
    const sph_slice input = sph_slice_of(data, size);
    const size_t line = sph_slice_find(input, SPH_LIT("\n"), 1);
    sph_as4_fault first = {0}, second = {0};
    char type[1024];
    if (size < 2 || line == SIZE_MAX ||
        sph_str_copy(type, sizeof(type), sph_slice_sub(input, 1, line - 1), NULL).code != SPH_OK)
        return 0;
    sph_xml_start();
    piece = data[0];
    body = sph_slice_sub(input, line + 1, SIZE_MAX);
    void *own = &handle;
    const sph_as4_source memory = {.bytes = body};
    const sph_as4_source file = {.files = &files, .file = own, .len = body.len};
    const sph_rc one = sph_mime_split(type, &memory, sph_limits_default(), &a, &first, NULL);
    const sph_rc two = sph_mime_split(type, &file, sph_limits_default(), &b, &second, NULL);
    must(one.code == two.code && first.reason == second.reason);
    if (one.code != SPH_OK)
        return 0;
    must(a.count == b.count);
    for (size_t i = 0; i < a.count; i++)
        compare(&memory, &a.part[i], &file, &b.part[i]);
    return 0;
}
