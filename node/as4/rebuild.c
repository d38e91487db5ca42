#include "as4/rebuild.h"

#include "as4/envelope.h"
#include "as4/seal.h"

#define ROOT_MAX 262144u

/** From `start` to the end of `end`. The writer escapes '<' in every text and value, so a tag is
 * found by its octets. */
static sph_rc cut(sph_slice root, const char *start, const char *end, sph_slice *out, sph_err *err)
{
    const size_t from = sph_slice_find(root, sph_slice_str(start), 0);
    const size_t to = from == SIZE_MAX ? SIZE_MAX : sph_slice_find(root, sph_slice_str(end), from);
    if (to == SIZE_MAX)
        return sph_fail(err, SPH_EPARSE, "no %s in a stored SOAP part", start);
    *out = sph_slice_sub(root, from, to - from + sph_slice_str(end).len);
    return sph_ok();
}

/** What stands between the last EncryptedData (or the start of Security) and its end. */
static sph_rc cut_signature(sph_slice root, sph_slice *out, sph_err *err)
{
    static const char data_end[] = "</xenc:EncryptedData>";
    sph_slice security;
    SPH_TRY(cut(root, "<wsse:Security ", "</wsse:Security>", &security, err), err, "Security");
    size_t from = SIZE_MAX;
    for (size_t at = sph_slice_find(security, sph_slice_str(data_end), 0); at != SIZE_MAX;
         at = sph_slice_find(security, sph_slice_str(data_end), from))
        from = at + sizeof(data_end) - 1;
    if (from == SIZE_MAX)
        return sph_fail(err, SPH_EPARSE, "nothing is encrypted in a stored SOAP part");
    const size_t len = security.len - from - (sizeof("</wsse:Security>") - 1);
    *out = sph_slice_sub(security, from, len);
    return sph_ok();
}

static sph_rc cut_all(sph_slice root, struct sph_as4_kept *kept, sph_err *err)
{
    SPH_TRY(cut(root, "<eb:Messaging ", "</eb:Messaging>", &kept->messaging, err), err,
            "Messaging");
    SPH_TRY(cut(root, "<env:Body ", "</env:Body>", &kept->body, err), err, "Body");
    SPH_TRY(cut(root, "<ds:SignedInfo ", "</ds:SignedInfo>", &kept->signed_info, err), err,
            "SignedInfo");
    return cut_signature(root, &kept->signature, err);
}

sph_rc sph_as4_rebuild_cid(sph_slice root, size_t i, char out[128], sph_err *err)
{
    static const sph_slice start = {(const uint8_t *)"<eb:PartInfo href=\"cid:", 23};
    sph_slice messaging;
    SPH_TRY(cut(root, "<eb:Messaging ", "</eb:Messaging>", &messaging, err), err, "Messaging");
    size_t at = sph_slice_find(messaging, start, 0);
    for (size_t left = i; left > 0 && at != SIZE_MAX; left--)
        at = sph_slice_find(messaging, start, at + start.len);
    const size_t end =
        at == SIZE_MAX ? SIZE_MAX : sph_slice_find(messaging, SPH_LIT("\""), at + start.len);
    if (end == SIZE_MAX)
        return sph_fail(err, SPH_EPARSE, "no part %zu in a stored SOAP part", i + 1);
    const size_t from = at + start.len;
    return sph_str_copy(out, 128, sph_slice_sub(messaging, from, end - from), err);
}

static bool is_signed(const sph_as4_refs *refs, const char *uri, const sph_hash *sha256)
{
    for (size_t i = 0; i < refs->count; i++)
        if (sph_slice_is(sph_slice_str(uri), refs->ref[i].uri))
            return sph_slice_equal(sph_slice_hash(&refs->ref[i].digest), sph_slice_hash(sha256));
    return false;
}

static sph_rc check_parts(const struct sph_as4_renewal *what, sph_err *err)
{
    char uri[300];
    if (what->part_count == 0 || what->refs->count != what->part_count + 2)
        return sph_fail(err, SPH_EARG, "%zu parts for %zu references", what->part_count,
                        what->refs->count);
    for (size_t i = 0; i < what->part_count; i++) {
        SPH_TRY(sph_str_format(uri, sizeof(uri), err, "cid:%s", what->parts[i].cid), err, "cid");
        if (!is_signed(what->refs, uri, &what->parts[i].sha256))
            return sph_fail(err, SPH_EARG, "part %zu is not the one that was signed", i + 1);
    }
    return sph_ok();
}

sph_rc sph_as4_rebuild_user(const struct sph_as4_renewal *what, const sph_random *random,
                            const sph_writer *out, sph_as4_built *built, sph_err *err)
{
    struct sph_as4_kept kept;
    SPH_AUTO(sph_as4_built) made = {.root = sph_buf_init(ROOT_MAX), .refs = *what->refs};
    SPH_AUTO_PTR(sph_secret) *key = NULL;
    __attribute__((cleanup(sph_as4_sealing_free))) struct sph_as4_sealing *sealing = NULL;
    SPH_TRY(check_parts(what, err), err, "parts");
    SPH_TRY(cut_all(what->root, &kept, err), err, "stored message");
    SPH_TRY(sph_secret_random(random, 16, &key, err), err, "content key");
    SPH_TRY(sph_as4_sealing_new(what->parts, what->part_count, what->suite, what->recipient,
                                what->recipient_form, key, random, &sealing, err),
            err, "encryption");
    const struct sph_as4_draft draft = {.encrypt = sph_as4_write_encryption,
                                        .arg = sealing,
                                        .signer = what->signer,
                                        .suite = what->suite,
                                        .random = random};
    SPH_TRY(sph_as4_envelope_again(&draft, &kept, &made.root, err), err, "SOAP part");
    made.root_sha256 = sph_sha256_of(sph_buf_peek(&made.root));
    SPH_TRY(sph_as4_write_mime(sealing, out, &made, err), err, "MIME body");
    *built = made;
    made.root = sph_buf_init(0);
    return sph_ok();
}
