#include "as4/message.h"

#include "as4/names.h"
#include "base/codec.h"
#include "crypto/digest.h"

#include <stdlib.h>

static int ref_order(const void *a, const void *b)
{
    const sph_as4_ref *left = a, *right = b;
    const int by_uri = strcmp(left->uri, right->uri);
    return by_uri != 0 ? by_uri : memcmp(left->digest.at, right->digest.at, sizeof(sph_hash));
}

static void sort(sph_as4_refs *refs)
{
    qsort(refs->ref, refs->count, sizeof(refs->ref[0]), ref_order);
}

bool sph_as4_refs_equal(const sph_as4_refs *a, const sph_as4_refs *b)
{
    if (a->count != b->count)
        return false;
    sph_as4_refs left = *a, right = *b;
    sort(&left);
    sort(&right);
    for (size_t i = 0; i < left.count; i++)
        if (ref_order(&left.ref[i], &right.ref[i]) != 0)
            return false;
    return true;
}

sph_rc sph_as4_refs_print(const sph_as4_refs *refs, sph_buf *out, sph_err *err)
{
    sph_as4_refs sorted = *refs;
    sort(&sorted);
    SPH_AUTO(sph_buf) text = sph_buf_init(sizeof(sorted));
    for (size_t i = 0; i < sorted.count; i++) {
        SPH_TRY(sph_buf_addf(&text, err, "%s ", sorted.ref[i].uri), err, "reference %zu", i);
        SPH_TRY(sph_base64_encode(sph_slice_hash(&sorted.ref[i].digest), &text, err), err,
                "digest %zu", i);
        SPH_TRY(sph_buf_add_byte(&text, '\n', err), err, "reference %zu", i);
    }
    return sph_buf_add(out, sph_buf_peek(&text), err);
}

static sph_rc parse_ref(sph_slice line, sph_as4_ref *out, sph_err *err)
{
    const size_t space = sph_slice_find(line, SPH_LIT(" "), 0);
    if (space == SIZE_MAX || space == 0)
        return sph_fail(err, SPH_EPARSE, "reference line without URI and digest");
    SPH_TRY(sph_str_copy(out->uri, sizeof(out->uri), sph_slice_sub(line, 0, space), err), err,
            "reference URI");
    SPH_AUTO(sph_buf) digest = sph_buf_init(sizeof(sph_hash));
    SPH_TRY(sph_base64_decode(sph_slice_sub(line, space + 1, SIZE_MAX), &digest, err), err,
            "reference digest");
    if (digest.len != sizeof(sph_hash))
        return sph_fail(err, SPH_EPARSE, "digest of %zu bytes", digest.len);
    return sph_bytes_copy(out->digest.at, sizeof(sph_hash), sph_buf_peek(&digest), err);
}

sph_rc sph_as4_refs_parse(sph_slice text, sph_as4_refs *out, sph_err *err)
{
    sph_as4_refs refs = {0};
    for (size_t at = 0; at < text.len;) {
        const size_t end = sph_slice_find(text, SPH_LIT("\n"), at);
        if (end == SIZE_MAX)
            return sph_fail(err, SPH_EPARSE, "last reference line has no end");
        if (refs.count == sizeof(refs.ref) / sizeof(refs.ref[0]))
            return sph_fail(err, SPH_ELIMIT, "more than %zu references", refs.count);
        SPH_TRY(parse_ref(sph_slice_sub(text, at, end - at), &refs.ref[refs.count++], err), err,
                "reference %zu", refs.count);
        at = end + 1;
    }
    *out = refs;
    return sph_ok();
}

static const struct {
    enum sph_ebms code;
    const char *text, *name, *category;
    bool is_warning;
} codes[] = {
    {SPH_EBMS_0003, "EBMS:0003", "ValueInconsistent", "Content", false},
    {SPH_EBMS_0004, "EBMS:0004", "Other", "Content", false},
    {SPH_EBMS_0006, "EBMS:0006", "EmptyMessagePartitionChannel", "Communication", true},
    {SPH_EBMS_0007, "EBMS:0007", "MimeInconsistency", "Unpackaging", false},
    {SPH_EBMS_0008, "EBMS:0008", "FeatureNotSupported", "Unpackaging", false},
    {SPH_EBMS_0009, "EBMS:0009", "InvalidHeader", "Unpackaging", false},
    {SPH_EBMS_0010, "EBMS:0010", "ProcessingModeMismatch", "Processing", false},
    {SPH_EBMS_0011, "EBMS:0011", "ExternalPayloadError", "Content", false},
    {SPH_EBMS_0101, "EBMS:0101", "FailedAuthentication", "Processing", false},
    {SPH_EBMS_0102, "EBMS:0102", "FailedDecryption", "Processing", false},
    {SPH_EBMS_0103, "EBMS:0103", "PolicyNoncompliance", "Processing", false},
    {SPH_EBMS_0202, "EBMS:0202", "DeliveryFailure", "Communication", false},
    {SPH_EBMS_0301, "EBMS:0301", "MissingReceipt", "Communication", false},
    {SPH_EBMS_0302, "EBMS:0302", "InvalidReceipt", "Communication", false},
    {SPH_EBMS_0303, "EBMS:0303", "DecompressionFailure", "Communication", false},
};

static size_t code_row(enum sph_ebms code)
{
    size_t row = 0;
    while (row < sizeof(codes) / sizeof(codes[0]) && codes[row].code != code)
        row++;
    return row;
}

static bool has_row(size_t row)
{
    return row < sizeof(codes) / sizeof(codes[0]);
}

const char *sph_ebms_code(enum sph_ebms code)
{
    const size_t row = code_row(code);
    return has_row(row) ? codes[row].text : "";
}

const char *sph_ebms_name(enum sph_ebms code)
{
    const size_t row = code_row(code);
    return has_row(row) ? codes[row].name : "";
}

const char *sph_ebms_category(enum sph_ebms code)
{
    const size_t row = code_row(code);
    return has_row(row) ? codes[row].category : "";
}

bool sph_ebms_is_warning(enum sph_ebms code)
{
    const size_t row = code_row(code);
    return has_row(row) && codes[row].is_warning;
}
