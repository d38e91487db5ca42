#include "ledger/leaf_impl.h"

#define HEAD 4 /* u16 tag, u16 length */

/* ledger.md 2: octets of a value; tags that are not here have any length. */
static const struct {
    uint16_t tag;
    uint16_t len;
} fixed[] = {
    {SPH_EXT_PERSON, 16},           {SPH_EXT_REASON, 2},
    {SPH_EXT_PEER_INDEX, 8},        {SPH_EXT_APPROVER, 16},
    {SPH_EXT_KEY_SHA256, 32},       {SPH_EXT_FILE_SHA256, 32},
    {SPH_EXT_NOTE1_SHA256, 32},     {SPH_EXT_NOTE2_SHA256, 32},
    {SPH_EXT_TIMESTAMP_SHA256, 32}, {SPH_EXT_DETAIL_COMMITMENT, 32},
    {SPH_EXT_CLOCK_DELTA_MS, 8},    {SPH_EXT_COUNT, 4},
    {SPH_EXT_ATTEMPT, 2},           {SPH_EXT_PURPOSE, 2},
};

static bool is_length_right(unsigned tag, size_t len)
{
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
        if (fixed[i].tag == tag)
            return fixed[i].len == len;
    return true;
}

static unsigned u16_at(sph_slice bytes, size_t at)
{
    return (unsigned)bytes.at[at] << 8 | bytes.at[at + 1];
}

/* One TLV from the front of *rest. */
static bool next(sph_slice *rest, unsigned *tag, sph_slice *value)
{
    if (rest->len < HEAD)
        return false;
    *tag = u16_at(*rest, 0);
    const size_t len = u16_at(*rest, 2);
    if (rest->len - HEAD < len)
        return false;
    *value = sph_slice_sub(*rest, HEAD, len);
    *rest = sph_slice_sub(*rest, HEAD + len, rest->len - HEAD - len);
    return true;
}

bool sph_leaf_ext_valid(sph_slice ext)
{
    unsigned last = 0, tag = 0;
    bool is_first = true;
    sph_slice value;
    while (ext.len > 0) {
        if (!next(&ext, &tag, &value) || (!is_first && tag <= last) ||
            !is_length_right(tag, value.len))
            return false;
        last = tag;
        is_first = false;
    }
    return true;
}

static bool is_above_last(const sph_leaf *leaf, uint16_t tag)
{
    sph_slice rest = sph_slice_of(leaf->ext, leaf->ext_len), value;
    unsigned last = 0;
    if (rest.len == 0)
        return true;
    while (next(&rest, &last, &value))
        continue;
    return tag > last;
}

sph_rc sph_leaf_ext(sph_leaf *leaf, uint16_t tag, sph_slice value, sph_err *err)
{
    if (!is_above_last(leaf, tag))
        return sph_fail(err, SPH_EARG, "tag %u is not above the last one", tag);
    if (!is_length_right(tag, value.len))
        return sph_fail(err, SPH_EARG, "%zu octets for tag %u", value.len, tag);
    if (value.len > sizeof(leaf->ext) - HEAD ||
        leaf->ext_len > sizeof(leaf->ext) - HEAD - value.len)
        return sph_fail(err, SPH_ELIMIT, "no room for %zu octets", value.len);
    uint8_t *at = leaf->ext + leaf->ext_len;
    at[0] = (uint8_t)(tag >> 8);
    at[1] = (uint8_t)tag;
    at[2] = (uint8_t)(value.len >> 8);
    at[3] = (uint8_t)value.len;
    SPH_TRY(sph_bytes_copy(at + HEAD, sizeof(leaf->ext) - leaf->ext_len - HEAD, value, err), err,
            "value");
    leaf->ext_len += HEAD + value.len;
    return sph_ok();
}

sph_rc sph_leaf_ext_u16(sph_leaf *leaf, uint16_t tag, uint16_t value, sph_err *err)
{
    const uint8_t octets[] = {(uint8_t)(value >> 8), (uint8_t)value};
    return sph_leaf_ext(leaf, tag, sph_slice_of(octets, sizeof(octets)), err);
}

sph_rc sph_leaf_ext_u64(sph_leaf *leaf, uint16_t tag, uint64_t value, sph_err *err)
{
    uint8_t octets[8];
    for (unsigned i = 0; i < sizeof(octets); i++)
        octets[i] = (uint8_t)(value >> (56 - 8 * i));
    return sph_leaf_ext(leaf, tag, sph_slice_of(octets, sizeof(octets)), err);
}

sph_slice sph_leaf_ext_find(const sph_leaf *leaf, uint16_t tag)
{
    sph_slice rest = sph_slice_of(leaf->ext, leaf->ext_len), value;
    unsigned found = 0;
    while (next(&rest, &found, &value))
        if (found == tag)
            return value;
    return (sph_slice){NULL, 0};
}
