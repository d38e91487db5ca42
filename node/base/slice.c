#include "base/bytes.h"

sph_slice sph_slice_str(const char *text)
{
    return text ? sph_slice_of(text, strlen(text)) : sph_slice_of(NULL, 0);
}

bool sph_slice_equal(sph_slice a, sph_slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool sph_slice_is(sph_slice a, const char *text)
{
    return sph_slice_equal(a, sph_slice_str(text));
}

bool sph_slice_starts(sph_slice a, sph_slice prefix)
{
    return a.len >= prefix.len && sph_slice_equal(sph_slice_of(a.at, prefix.len), prefix);
}

static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + ('a' - 'A')) : byte;
}

bool sph_slice_equal_nocase(sph_slice a, sph_slice b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.at[i]) != lower(b.at[i]))
            return false;
    return true;
}

sph_slice sph_slice_sub(sph_slice a, size_t from, size_t len)
{
    if (from >= a.len)
        return sph_slice_of(NULL, 0);
    const size_t rest = a.len - from;
    return sph_slice_of(a.at + from, len < rest ? len : rest);
}

size_t sph_slice_find(sph_slice a, sph_slice needle, size_t from)
{
    if (from > a.len)
        return SIZE_MAX;
    if (needle.len == 0)
        return from;
    const uint8_t *found =
        a.len == from ? NULL : memmem(a.at + from, a.len - from, needle.at, needle.len);
    return found ? (size_t)(found - a.at) : SIZE_MAX;
}

sph_rc sph_slice_u64(sph_slice text, uint64_t max, uint64_t *out, sph_err *err)
{
    uint64_t value = 0;
    if (text.len == 0 || (text.len > 1 && text.at[0] == '0'))
        return sph_fail(err, SPH_EPARSE, "number of %zu characters", text.len);
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return sph_fail(err, SPH_EPARSE, "no digit at %zu", i);
        if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(text.at[i] - '0'), &value))
            return sph_fail(err, SPH_ELIMIT, "number of %zu digits", text.len);
    }
    if (value > max)
        return sph_fail(err, SPH_ELIMIT, "number over %llu", (unsigned long long)max);
    *out = value;
    return sph_ok();
}
