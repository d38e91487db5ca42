#include "as4/document.h"

/** Comments stand in foreign documents, and the canonical form leaves them out. */
static sph_rc digest_xml(sph_slice octets, const struct sph_limits *limits, sph_hash *out,
                         sph_err *err)
{
    struct sph_xml_limits own = sph_xml_limits_packet(limits);
    own.bytes = SPH_AS4_DOCUMENT_MAX;
    own.allow_comments = true;
    SPH_AUTO_PTR(sph_xml) *doc = NULL;
    SPH_AUTO(sph_buf) canonical = sph_buf_init(2 * SPH_AS4_DOCUMENT_MAX);
    SPH_TRY(sph_xml_parse(octets, &own, &doc, err), err, "document");
    SPH_TRY(sph_xml_c14n(sph_xml_root(doc), NULL, NULL, &canonical, err), err, "document");
    *out = sph_sha256_of(sph_buf_peek(&canonical));
    return sph_ok();
}

/** A lone CR and a lone LF are line ends, too. */
static sph_rc digest_text(sph_slice octets, sph_hash *out, sph_err *err)
{
    SPH_AUTO_PTR(sph_sha256) *sha = NULL;
    SPH_TRY(sph_sha256_new(&sha, err), err, "text digest");
    size_t from = 0;
    for (size_t i = 0; i < octets.len; i++) {
        if (octets.at[i] != '\r' && octets.at[i] != '\n')
            continue;
        sph_sha256_add(sha, sph_slice_sub(octets, from, i - from));
        sph_sha256_add(sha, SPH_LIT("\r\n"));
        if (octets.at[i] == '\r' && i + 1 < octets.len && octets.at[i + 1] == '\n')
            i++;
        from = i + 1;
    }
    sph_sha256_add(sha, sph_slice_sub(octets, from, SIZE_MAX));
    *out = sph_sha256_final(sha);
    return sph_ok();
}

sph_rc sph_as4_document_digest(enum sph_as4_digest_form form, sph_slice octets,
                               const struct sph_limits *limits, sph_hash *out, sph_err *err)
{
    if (form == SPH_AS4_DIGEST_XML)
        return digest_xml(octets, limits, out, err);
    if (form == SPH_AS4_DIGEST_TEXT)
        return digest_text(octets, out, err);
    *out = sph_sha256_of(octets);
    return sph_ok();
}
