/* #X509PKIPathv1: SEQUENCE OF Certificate, from the CA side to the leaf (X.509 PkiPath, RFC 4158).
 */
#include "crypto/cert_impl.h"

enum { PATH_CERTS = 4, SEQUENCE = 0x30 };

/* Append tag and definite length of a SEQUENCE; at most 64 KiB of content. */
static sph_rc add_head(sph_buf *out, size_t len, sph_err *err)
{
    SPH_TRY(sph_buf_add_byte(out, SEQUENCE, err), err, "PKIPath");
    if (len < 0x80)
        return sph_buf_add_byte(out, (uint8_t)len, err);
    if (len <= 0xff) {
        SPH_TRY(sph_buf_add_byte(out, 0x81, err), err, "PKIPath");
        return sph_buf_add_byte(out, (uint8_t)len, err);
    }
    SPH_TRY(sph_buf_add_byte(out, 0x82, err), err, "PKIPath");
    return sph_buf_add_u16(out, (uint16_t)len, err);
}

sph_rc sph_pkipath_encode(const sph_cert *const *chain, size_t count, sph_buf *out, sph_err *err)
{
    SPH_AUTO(sph_buf) path = sph_buf_init(SPH_CERT_MAX + 4);
    size_t len = 0;
    if (count == 0 || count > PATH_CERTS)
        return sph_fail(err, SPH_EARG, "a path of %zu certificates", count);
    for (size_t i = 0; i < count; i++)
        len += chain[i]->der.len;
    if (len > SPH_CERT_MAX)
        return sph_fail(err, SPH_ELIMIT, "a path of %zu octets", len);
    SPH_TRY(add_head(&path, len, err), err, "PKIPath");
    for (size_t i = 0; i < count; i++)
        SPH_TRY(sph_buf_add(&path, sph_buf_peek(&chain[i]->der), err), err, "PKIPath");
    return sph_buf_add(out, sph_buf_peek(&path), err);
}

/* Read tag and length of a SEQUENCE in DER: definite, shortest form. *head is their size. */
static sph_rc read_head(sph_slice in, size_t *head, size_t *len, sph_err *err)
{
    if (in.len < 2 || in.at[0] != SEQUENCE)
        return sph_fail(err, SPH_EPARSE, "no SEQUENCE where one belongs");
    const size_t extra = in.at[1] < 0x80 ? 0 : in.at[1] & 0x7fU;
    if (extra > 2 || (extra == 0 && in.at[1] >= 0x80) || in.len < 2 + extra)
        return sph_fail(err, SPH_EPARSE, "a length that is too long or not definite");
    size_t value = extra == 0 ? in.at[1] : 0;
    for (size_t i = 0; i < extra; i++)
        value = value << 8 | in.at[2 + i];
    if ((extra == 1 && value < 0x80) || (extra == 2 && value <= 0xff) || value > in.len - 2 - extra)
        return sph_fail(err, SPH_EPARSE, "a length that is not the shortest or leads outside");
    *head = 2 + extra;
    *len = value;
    return sph_ok();
}

typedef struct {
    sph_cert *cert[PATH_CERTS];
    size_t count;
} cert_path;
static void cert_path_clear(cert_path *path)
{
    for (size_t i = 0; i < path->count; i++)
        sph_cert_free(&path->cert[i]);
}

sph_rc sph_pkipath_parse(sph_slice der, sph_cert *out[PATH_CERTS], size_t *count, sph_err *err)
{
    size_t head = 0, len = 0;
    if (der.len > SPH_CERT_MAX + 4)
        return sph_fail(err, SPH_ELIMIT, "a path of %zu octets", der.len);
    SPH_TRY(read_head(der, &head, &len, err), err, "PKIPath");
    if (head + len != der.len)
        return sph_fail(err, SPH_EPARSE, "octets after the path");
    SPH_AUTO(cert_path) path = {0};
    for (sph_slice rest = sph_slice_sub(der, head, len); rest.len > 0;
         rest = sph_slice_sub(rest, head + len, rest.len)) {
        if (path.count == PATH_CERTS)
            return sph_fail(err, SPH_ELIMIT, "more than %d certificates", PATH_CERTS);
        SPH_TRY(read_head(rest, &head, &len, err), err, "certificate %zu", path.count);
        SPH_TRY(sph_cert_parse(sph_slice_sub(rest, 0, head + len), &path.cert[path.count], err),
                err, "certificate %zu", path.count);
        path.count++;
    }
    if (path.count == 0)
        return sph_fail(err, SPH_EPARSE, "a path without certificates");
    for (size_t i = 0; i < path.count; i++)
        out[i] = path.cert[i];
    *count = path.count;
    path.count = 0;
    return sph_ok();
}
