/* Content-Type (up to the first line end) and MIME body from untrusted bytes: splitting, then every
 * part's decoded octets. */
#include "as4/in.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_part(const sph_as4_source *source, const struct sph_mime_part *part)
{
    static sph_mime_reader state;
    uint8_t chunk[4096];
    size_t got = 1;
    uint64_t total = 0;
    if (part->at > source->bytes.len || part->len > source->bytes.len - part->at)
        abort(); /* a part lies inside the message */
    const sph_reader from = sph_mime_reader_of(&state, source, part);
    while (got > 0 && from.read(from.ctx, chunk, sizeof(chunk), &got, NULL).code == SPH_OK)
        total += got;
    if (total > part->len)
        abort(); /* no encoding makes more of it */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static sph_mime mime;
    const sph_slice input = sph_slice_of(data, size);
    const size_t line = sph_slice_find(input, SPH_LIT("\n"), 0);
    sph_as4_fault fault = {0};
    char type[1024];
    sph_xml_start();
    if (line == SIZE_MAX ||
        sph_str_copy(type, sizeof(type), sph_slice_sub(input, 0, line), NULL).code != SPH_OK)
        return 0;
    const sph_as4_source source = {.bytes = sph_slice_sub(input, line + 1, SIZE_MAX)};
    const sph_rc rc = sph_mime_split(type, &source, sph_limits_default(), &mime, &fault, NULL);
    if (rc.code == SPH_EREFUSED && (fault.code != SPH_EBMS_0007 || fault.rule == NULL))
        abort(); /* whatever is wrong with MIME is 0007 */
    if (rc.code != SPH_OK)
        return 0;
    if (mime.count < 1 || mime.count > MAX_PARTS + 1)
        abort();
    for (size_t i = 0; i < mime.count; i++)
        read_part(&source, &mime.part[i]);
    sph_as4_in *in = NULL;
    if (sph_as4_open(type, &source, sph_limits_default(), &in, &fault, NULL).code == SPH_OK &&
        in->user.part_count != mime.count - 1)
        abort(); /* the two sets are one */
    sph_as4_in_free(&in);
    return 0;
}
