/* Any bytes through every coding: what is accepted encodes back to the same text, what is encoded
 * decodes. */
#include "base/codec.h"
#include "base/lang.h"
#include "base/unicode.h"

#include <stdlib.h>

#define MOST (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef sph_rc code_fn(sph_slice in, sph_buf *out, sph_err *err);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* encode(bytes) decodes to the bytes; where a value has one text only, what decodes is that text.
 */
static void check_coding(sph_slice bytes, code_fn *encode, code_fn *decode, bool is_canonical)
{
    SPH_AUTO(sph_buf) text = sph_buf_init(MOST);
    SPH_AUTO(sph_buf) back = sph_buf_init(MOST);
    SPH_AUTO(sph_buf) plain = sph_buf_init(MOST);
    SPH_AUTO(sph_buf) again = sph_buf_init(MOST);
    must(encode(bytes, &text, NULL).code == SPH_OK);
    must(decode(sph_buf_peek(&text), &back, NULL).code == SPH_OK);
    must(sph_slice_equal(bytes, sph_buf_peek(&back)));
    if (decode(bytes, &plain, NULL).code != SPH_OK || !is_canonical)
        return;
    must(encode(sph_buf_peek(&plain), &again, NULL).code == SPH_OK);
    must(sph_slice_equal(bytes, sph_buf_peek(&again)));
}

static void check_times(sph_slice text)
{
    int64_t ms = 0;
    int64_t ms_again = 0;
    int32_t days = 0;
    char printed[SPH_TIME_TEXT];
    char date[11];
    if (sph_time_parse(text, &ms, NULL).code == SPH_OK) {
        must(sph_time_format(ms, true, printed, NULL).code == SPH_OK);
        must(sph_time_parse(sph_slice_str(printed), &ms_again, NULL).code == SPH_OK);
        must(ms == ms_again);
    }
    if (sph_date_parse(text, &days, NULL).code == SPH_OK) {
        must(sph_date_format(days, date, NULL).code == SPH_OK);
        must(sph_slice_is(text, date));
    }
}

static void check_unicode(sph_slice text)
{
    size_t at = 0;
    SPH_AUTO(sph_buf) clean = sph_buf_init(MOST);
    SPH_AUTO(sph_buf) nfc = sph_buf_init(MOST);
    SPH_AUTO(sph_buf) digits = sph_buf_init(MOST);
    must(sph_unicode_clean(text, &clean, NULL).code == SPH_OK);
    must(sph_utf8_valid(sph_buf_peek(&clean)));
    must(sph_unicode_width(text) <= 2 * text.len);
    const bool is_valid = sph_utf8_valid(text);
    must((sph_unicode_nfc(text, &nfc, NULL).code == SPH_OK) == is_valid);
    must((sph_unicode_ascii_digits(text, &digits, NULL).code == SPH_OK) == is_valid);
    if (sph_unicode_check(text, &at, NULL).code == SPH_OK)
        must(sph_slice_equal(text, sph_buf_peek(&nfc)));
    else
        must(at < text.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const sph_slice bytes = sph_slice_of(data, size);
    uint64_t number = 0;
    if (size > 65536)
        return 0;
    check_coding(bytes, sph_base64_encode, sph_base64_decode, true);
    check_coding(bytes, sph_base64_encode, sph_base64_decode_xml, false);
    check_coding(bytes, sph_hex_encode, sph_hex_decode, false); /* upper case is accepted as well */
    check_times(bytes);
    check_unicode(bytes);
    (void)sph_uuid_is_v4(bytes);
    (void)sph_slice_u64(bytes, UINT64_MAX, &number, NULL).code;
    return 0;
}
