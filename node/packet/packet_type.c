#include "base/codec.h"
#include "crypto/digest.h"
#include "packet/rules.h"

/* as4.md 13.1: a1 publications, a2 threads; the card is a publication, a notice goes to one. */
static const struct {
    const char *name, *action;
    char letter;
} types[SPH_PACKET_TYPE_COUNT] = {
    [SPH_PACKET_CASE_LAW] = {"case-law", "a1", 'A'},
    [SPH_PACKET_ASSISTANCE_REQUEST] = {"assistance-request", "a2", 'B'},
    [SPH_PACKET_ASSISTANCE_RESPONSE] = {"assistance-response", "a2", 'C'},
    [SPH_PACKET_RESOURCE] = {"resource", "a1", 'D'},
    [SPH_PACKET_DIRECTORY] = {"directory", "a1", 'I'},
    [SPH_PACKET_NOTICE] = {"notice", "a2", 'G'},
};

const char *sph_packet_type_name(enum sph_packet_type type)
{
    return types[type].name;
}

char sph_packet_type_letter(enum sph_packet_type type)
{
    return types[type].letter;
}

const char *sph_packet_type_action(enum sph_packet_type type)
{
    return types[type].action;
}

const char *sph_packet_action(const sph_packet_header *header)
{
    if (header->type == SPH_PACKET_NOTICE && !sph_rules_is_bilateral(header))
        return "a1";
    return types[header->type].action;
}

sph_rc sph_packet_type_of(const char *name, enum sph_packet_type *out, sph_err *err)
{
    for (size_t i = 0; i < SPH_PACKET_TYPE_COUNT; i++)
        if (strcmp(types[i].name, name) == 0) {
            *out = (enum sph_packet_type)i;
            return sph_ok();
        }
    return sph_fail(err, SPH_EREFUSED, "a packet type that this version does not know");
}

const char *sph_classification_name(enum sph_classification classification)
{
    static const char *const names[] = {"public", "partners", "restricted", "sealed"};
    return names[classification];
}

sph_rc sph_short_id(char letter, const char *uuid_urn, unsigned bits, char out[32], sph_err *err)
{
    static const sph_slice prefix = {(const uint8_t *)"urn:uuid:", 9};
    sph_slice uuid = sph_slice_str(uuid_urn);
    if (sph_slice_starts(uuid, prefix))
        uuid = sph_slice_sub(uuid, prefix.len, uuid.len);
    const sph_hash hash = sph_sha256_of(uuid);
    SPH_AUTO(sph_buf) code = sph_buf_init(64);
    SPH_TRY(sph_crockford_encode(sph_slice_hash(&hash), bits, &code, err), err, "short id");
    return sph_str_format(out, 32, err, "%c-%s", letter, sph_buf_text(&code));
}
