#include "packet/schema.h"

#include "base/codec.h"
#include "crypto/digest.h"
#include "packet/schema_files.h"

#define SOURCES_MAX 16

static bool is_xsd(const char *name)
{
    const sph_slice slice = sph_slice_str(name);
    return slice.len > 4 &&
           sph_slice_equal(sph_slice_sub(slice, slice.len - 4, 4), SPH_LIT(".xsd"));
}

/* All embedded schemas, `first` in front: the order that sph_xsd_compile wants. */
static sph_rc list_sources(const char *first, struct sph_xsd_source *out, size_t *count,
                           sph_err *err)
{
    *count = 1;
    out[0].name = NULL;
    for (size_t i = 0; i < sph_schema_file_count; i++) {
        const struct sph_schema_file *file = &sph_schema_files[i];
        if (!is_xsd(file->name))
            continue;
        if (*count == SOURCES_MAX)
            return sph_fail(err, SPH_ELIMIT, "embedded schemas");
        const bool is_first = strcmp(file->name, first) == 0;
        struct sph_xsd_source *source = is_first ? &out[0] : &out[(*count)++];
        *source = (struct sph_xsd_source){file->name, sph_slice_of(file->bytes, file->len)};
    }
    return out[0].name ? sph_ok() : sph_fail(err, SPH_ENOTFOUND, "no embedded schema %s", first);
}

static sph_rc compile(const char *first, sph_xsd **out, sph_err *err)
{
    struct sph_xsd_source sources[SOURCES_MAX];
    size_t count = 0;
    SPH_TRY(list_sources(first, sources, &count, err), err, "schemas");
    return sph_xsd_compile(sources, count, out, err);
}

sph_rc sph_schemas_load(struct sph_schemas *out, sph_err *err)
{
    SPH_AUTO_PTR(sph_xsd) *packet = NULL;
    SPH_AUTO_PTR(sph_xsd) *profile = NULL;
    SPH_TRY(compile("saphan-packet-1.xsd", &packet, err), err, "packet schema");
    SPH_TRY(compile("saphan-akn-profile.xsd", &profile, err), err, "judgment profile");
    *out = (struct sph_schemas){sph_move(packet), sph_move(profile), NULL};
    return sph_ok();
}

void sph_schemas_clear(struct sph_schemas *schemas)
{
    if (!schemas)
        return;
    sph_xsd_free(&schemas->packet);
    sph_xsd_free(&schemas->profile);
    sph_xsd_free(&schemas->official);
}

sph_rc sph_schemas_add_official(struct sph_schemas *schemas, sph_slice xsd, sph_slice xml_xsd,
                                sph_err *err)
{
    const struct sph_xsd_source sources[] = {{"akomantoso30.xsd", xsd}, {"xml.xsd", xml_xsd}};
    sph_xsd *official = NULL;
    if (schemas->official)
        return sph_fail(err, SPH_EEXISTS, "the official schema is there already");
    SPH_TRY(sph_xsd_compile(sources, 2, &official, err), err, "official Akoma Ntoso schema");
    schemas->official = official;
    return sph_ok();
}

static const struct {
    const char *name, *ns;
} described[] = {
    {"saphan-packet-1.xsd", "urn:saphan:packet:1"},
    {"saphan-types-1.xsd", "urn:saphan:packet:1"},
    {"saphan-threads-1.xsd", "urn:saphan:packet:1"},
    {"saphan-publications-1.xsd", "urn:saphan:packet:1"},
    {"saphan-notices-1.xsd", "urn:saphan:packet:1"},
    {"saphan-directory-1.xsd", "urn:saphan:packet:1"},
    {"saphan-akn-profile.xsd", "http://docs.oasis-open.org/legaldocml/ns/akn/3.0"},
    {"saphan-xmldsig.xsd", "http://www.w3.org/2000/09/xmldsig#"},
    {"saphan-xades.xsd", "http://uri.etsi.org/01903/v1.3.2#"},
    {"saphan-xml.xsd", "http://www.w3.org/XML/1998/namespace"},
    {"vocabularies.txt", "urn:saphan:vocabulary"},
};

static bool fill_row(size_t i, struct sph_schema_row *row)
{
    SPH_AUTO(sph_buf) hex = sph_buf_init(65);
    for (size_t at = 0; at < sph_schema_file_count; at++) {
        const struct sph_schema_file *file = &sph_schema_files[at];
        if (strcmp(file->name, described[i].name) != 0)
            continue;
        const sph_hash hash = sph_sha256_of(sph_slice_of(file->bytes, file->len));
        *row = (struct sph_schema_row){.name = file->name, .ns = described[i].ns, .version = "1.0"};
        return sph_hex_encode(sph_slice_hash(&hash), &hex, NULL).code == SPH_OK &&
               sph_str_copy(row->sha256, sizeof(row->sha256), sph_buf_peek(&hex), NULL).code ==
                   SPH_OK;
    }
    return false;
}

size_t sph_schema_rows(struct sph_schema_row *out, size_t room)
{
    size_t count = 0;
    for (size_t i = 0; i < sizeof(described) / sizeof(described[0]) && count < room; i++)
        if (fill_row(i, &out[count]))
            count++;
    return count;
}
