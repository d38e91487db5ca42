/* Request head and chunked body: any octets, in one piece and split at a place the input chooses,
 * give the same result; what is found lies inside the input. */
#include <stdint.h>
#include <stdlib.h>

#include "net/http_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static bool is_inside(sph_slice part, sph_slice whole)
{
    return part.len == 0 || (part.at >= whole.at && part.at + part.len <= whole.at + whole.len);
}

static void check_fields(const sph_http_head *head, sph_slice whole)
{
    require(head->field_count <= SPH_HTTP_FIELDS);
    require(is_inside(head->path, whole) && is_inside(head->query, whole));
    for (size_t i = 0; i < head->field_count; i++) {
        require(is_inside(head->field[i].name, whole) && is_inside(head->field[i].value, whole));
        require(head->field[i].name.len > 0);
        require(sph_slice_find(head->field[i].value, SPH_LIT("\n"), 0) == SIZE_MAX);
    }
    require(!head->has_length || !head->is_chunked);
}

static void check_chunks(sph_slice in, size_t split)
{
    sph_http_chunks whole = {.state = 0};
    sph_http_chunks pieces = {.state = 0};
    uint64_t whole_len = 0;
    uint64_t pieces_len = 0;
    size_t used = 0;
    size_t at = 0;
    sph_slice data;
    enum sph_http_step a = SPH_HTTP_DATA;
    enum sph_http_step b = SPH_HTTP_DATA;
    for (; a == SPH_HTTP_DATA; at += used, whole_len += data.len)
        a = sph_http_chunks_step(&whole, sph_limits_default(), sph_slice_sub(in, at, SIZE_MAX),
                                 &used, &data);
    const size_t end = at;
    for (at = 0; b == SPH_HTTP_DATA || (b == SPH_HTTP_MORE && at < in.len);
         at += used, pieces_len += data.len) {
        const size_t room = at < split ? split - at : SIZE_MAX;
        b = sph_http_chunks_step(&pieces, sph_limits_default(), sph_slice_sub(in, at, room), &used,
                                 &data);
        require(is_inside(data, in));
    }
    require(a == b && at == end && whole_len == pieces_len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const sph_slice all = sph_slice_of(data + 2, size - 2);
    const size_t split = ((size_t)data[0] << 8 | data[1]) % (all.len + 1);
    sph_http_head one = {.status = 0};
    sph_http_head two = {.status = 0};
    sph_http_parser whole = sph_http_parser_init(SPH_HTTP_REQUEST, sph_limits_default());
    sph_http_parser pieces = whole;
    const enum sph_http_step a = sph_http_head_step(&whole, all, &one);
    enum sph_http_step b = sph_http_head_step(&pieces, sph_slice_sub(all, 0, split), &two);
    if (b == SPH_HTTP_MORE)
        b = sph_http_head_step(&pieces, all, &two);
    require(a == b && whole.at == pieces.at && whole.refused == pieces.refused);
    require(one.field_count == two.field_count && one.length == two.length);
    if (a == SPH_HTTP_DONE) {
        check_fields(&one, all);
        check_chunks(sph_slice_sub(all, whole.at, SIZE_MAX), split);
    }
    check_chunks(all, split);
    return 0;
}
