#include "base/codec.h"

#define NOT_A_DIGIT 64u

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char crockford_digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
static const char hex_digits[] = "0123456789abcdef";

sph_rc sph_base64_encode(sph_slice bytes, sph_buf *out, sph_err *err)
{
    uint8_t *to = NULL;
    if (bytes.len > SIZE_MAX / 4 * 3 - 3)
        return sph_fail(err, SPH_ELIMIT, "%zu bytes to encode", bytes.len);
    if (bytes.len == 0)
        return sph_ok();
    SPH_TRY(sph_buf_grow(out, (bytes.len + 2) / 3 * 4, &to, err), err, "base64");
    for (size_t i = 0; i < bytes.len; i += 3) {
        const size_t left = bytes.len - i;
        const uint32_t b0 = bytes.at[i];
        const uint32_t b1 = left > 1 ? bytes.at[i + 1] : 0;
        const uint32_t b2 = left > 2 ? bytes.at[i + 2] : 0;
        const uint32_t group = b0 << 16 | b1 << 8 | b2;
        *to++ = (uint8_t)base64_digits[group >> 18];
        *to++ = (uint8_t)base64_digits[group >> 12 & 63];
        *to++ = (uint8_t)(left > 1 ? base64_digits[group >> 6 & 63] : '=');
        *to++ = (uint8_t)(left > 2 ? base64_digits[group & 63] : '=');
    }
    return sph_ok();
}

/* Value of a digit plus one; 0 for what is no digit. */
static const uint8_t base64_values[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64};

static unsigned base64_value(uint8_t character)
{
    const unsigned value = base64_values[character];
    return value > 0 ? value - 1 : NOT_A_DIGIT;
}

static bool is_xml_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

struct base64_state {
    uint32_t group;   /* digits seen since the last output, 6 bits each */
    unsigned digits;  /* 0..3 of them waiting */
    unsigned padding; /* '=' seen */
    uint8_t *to;
    size_t len;
};

static sph_rc base64_step(struct base64_state *state, uint8_t character, size_t at, sph_err *err)
{
    if (character == '=') {
        state->padding++;
        return sph_ok();
    }
    const unsigned value = base64_value(character);
    if (value == NOT_A_DIGIT || state->padding > 0)
        return sph_fail(err, SPH_EPARSE, "base64: unexpected character at %zu", at);
    state->group = state->group << 6 | value;
    if (++state->digits < 4)
        return sph_ok();
    state->to[state->len++] = (uint8_t)(state->group >> 16);
    state->to[state->len++] = (uint8_t)(state->group >> 8);
    state->to[state->len++] = (uint8_t)state->group;
    state->group = 0;
    state->digits = 0;
    return sph_ok();
}

/* RFC 4648 §3.5: the bits that no octet uses must be zero, so that every value has one text only.
 */
static sph_rc base64_finish(struct base64_state *state, sph_err *err)
{
    if (state->padding != (4 - state->digits) % 4 || state->digits == 1)
        return sph_fail(err, SPH_EPARSE, "base64: wrong padding");
    if (state->digits == 2) {
        if (state->group & 0xfu)
            return sph_fail(err, SPH_EPARSE, "base64: unused bits are set");
        state->to[state->len++] = (uint8_t)(state->group >> 4);
    }
    if (state->digits == 3) {
        if (state->group & 3u)
            return sph_fail(err, SPH_EPARSE, "base64: unused bits are set");
        state->to[state->len++] = (uint8_t)(state->group >> 10);
        state->to[state->len++] = (uint8_t)(state->group >> 2);
    }
    return sph_ok();
}

/* Whole groups of four digits from the start: nearly always the whole text. */
static size_t base64_groups(struct base64_state *state, sph_slice text)
{
    size_t at = 0;
    for (; text.len - at >= 4; at += 4) {
        const uint8_t *from = text.at + at;
        const unsigned a = base64_value(from[0]), b = base64_value(from[1]);
        const unsigned c = base64_value(from[2]), d = base64_value(from[3]);
        if ((a | b | c | d) & NOT_A_DIGIT)
            break;
        state->to[state->len++] = (uint8_t)(a << 2 | b >> 4);
        state->to[state->len++] = (uint8_t)(b << 4 | c >> 2);
        state->to[state->len++] = (uint8_t)(c << 6 | d);
    }
    return at;
}

static sph_rc base64_run(struct base64_state *state, sph_slice text, bool skip_space, sph_err *err)
{
    for (size_t i = base64_groups(state, text); i < text.len; i++) {
        if (skip_space && is_xml_space(text.at[i]))
            continue;
        SPH_TRY(base64_step(state, text.at[i], i, err), err, "decoding");
    }
    return base64_finish(state, err);
}

static sph_rc base64_decode(sph_slice text, bool skip_space, sph_buf *out, sph_err *err)
{
    struct base64_state state = {0};
    size_t digits = 0;
    for (size_t i = 0; i < text.len; i++)
        digits += base64_value(text.at[i]) != NOT_A_DIGIT;
    const size_t before = out->len;
    const size_t most = digits / 4 * 3 + digits % 4 * 3 / 4;
    SPH_TRY(sph_buf_grow(out, most, &state.to, err), err, "base64");
    const sph_rc rc = base64_run(&state, text, skip_space, err);
    sph_buf_cut(out, rc.code == SPH_OK ? before + state.len : before);
    return rc;
}

sph_rc sph_base64_decode(sph_slice text, sph_buf *out, sph_err *err)
{
    return base64_decode(text, false, out, err);
}

sph_rc sph_base64_decode_xml(sph_slice text, sph_buf *out, sph_err *err)
{
    return base64_decode(text, true, out, err);
}

sph_rc sph_hex_encode(sph_slice bytes, sph_buf *out, sph_err *err)
{
    uint8_t *to = NULL;
    if (bytes.len > SIZE_MAX / 2)
        return sph_fail(err, SPH_ELIMIT, "%zu bytes to encode", bytes.len);
    if (bytes.len == 0)
        return sph_ok();
    SPH_TRY(sph_buf_grow(out, bytes.len * 2, &to, err), err, "hex");
    for (size_t i = 0; i < bytes.len; i++) {
        *to++ = (uint8_t)hex_digits[bytes.at[i] >> 4];
        *to++ = (uint8_t)hex_digits[bytes.at[i] & 15];
    }
    return sph_ok();
}

static unsigned hex_value(uint8_t character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    if (character >= 'a' && character <= 'f')
        return character - 'a' + 10u;
    return character >= 'A' && character <= 'F' ? character - 'A' + 10u : NOT_A_DIGIT;
}

sph_rc sph_hex_decode(sph_slice text, sph_buf *out, sph_err *err)
{
    uint8_t *to = NULL;
    if (text.len % 2 != 0)
        return sph_fail(err, SPH_EPARSE, "hex: %zu digits", text.len);
    for (size_t i = 0; i < text.len; i++)
        if (hex_value(text.at[i]) == NOT_A_DIGIT)
            return sph_fail(err, SPH_EPARSE, "hex: unexpected character at %zu", i);
    if (text.len == 0)
        return sph_ok();
    SPH_TRY(sph_buf_grow(out, text.len / 2, &to, err), err, "hex");
    for (size_t i = 0; i < text.len; i += 2)
        *to++ = (uint8_t)(hex_value(text.at[i]) << 4 | hex_value(text.at[i + 1]));
    return sph_ok();
}

sph_rc sph_crockford_encode(sph_slice bytes, unsigned bits, sph_buf *out, sph_err *err)
{
    uint8_t *to = NULL;
    if (bits % 5 != 0 || (bits + 7) / 8 > bytes.len)
        return sph_fail(err, SPH_EARG, "%u bits of %zu bytes", bits, bytes.len);
    if (bits == 0)
        return sph_ok();
    SPH_TRY(sph_buf_grow(out, bits / 5, &to, err), err, "base 32");
    for (unsigned at = 0; at < bits; at += 5) {
        const uint32_t high = bytes.at[at / 8];
        const uint32_t low = at / 8 + 1 < bytes.len ? bytes.at[at / 8 + 1] : 0;
        *to++ = (uint8_t)crockford_digits[(high << 8 | low) >> (11 - at % 8) & 31];
    }
    return sph_ok();
}

sph_rc sph_uuid_new(const sph_random *random, char out[SPH_UUID_TEXT], sph_err *err)
{
    uint8_t bytes[16];
    SPH_TRY(random->fill(random->ctx, bytes, sizeof(bytes), err), err, "UUID");
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40); /* version 4, RFC 9562 §5.4 */
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80); /* variant 10 */
    for (size_t i = 0; i < sizeof(bytes); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *out++ = '-';
        *out++ = hex_digits[bytes[i] >> 4];
        *out++ = hex_digits[bytes[i] & 15];
    }
    *out = '\0';
    return sph_ok();
}

bool sph_uuid_is_v4(sph_slice text)
{
    if (text.len != SPH_UUID_TEXT - 1 || text.at[14] != '4' || !memchr("89ab", text.at[19], 4))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_dash ? text.at[i] != '-' : !memchr(hex_digits, text.at[i], 16))
            return false;
    }
    return true;
}
