/* Response head, then its body by the framing the head names: never reads outside the input, always
 * ends. */
#include <stdint.h>
#include <stdlib.h>

#include "net/http_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void read_chunks(sph_slice in)
{
    sph_http_chunks chunks = {.state = 0};
    sph_slice data;
    size_t used = 0;
    enum sph_http_step step = SPH_HTTP_DATA;
    while (step == SPH_HTTP_DATA) {
        step = sph_http_chunks_step(&chunks, sph_limits_default(), in, &used, &data);
        require(used <= in.len && data.len <= used);
        require(step != SPH_HTTP_DATA || data.len > 0);
        in = sph_slice_sub(in, used, SIZE_MAX);
    }
    require(step != SPH_HTTP_MORE || in.len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const sph_slice all = sph_slice_of(data, size);
    sph_http_head head = {.status = 0};
    sph_http_parser parser = sph_http_parser_init(SPH_HTTP_RESPONSE, sph_limits_default());
    enum sph_http_step step = SPH_HTTP_MORE;
    for (size_t len = 0; len <= size && step == SPH_HTTP_MORE; len++)
        step = sph_http_head_step(&parser, sph_slice_sub(all, 0, len), &head);
    require(parser.at <= sph_limits_default()->http_head);
    if (step != SPH_HTTP_DONE)
        return 0;
    require(head.status >= 100 && head.status <= 999 && head.field_count <= SPH_HTTP_FIELDS);
    if (head.is_chunked)
        read_chunks(sph_slice_sub(all, parser.at, SIZE_MAX));
    return 0;
}
