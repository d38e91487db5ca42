/** wsse:SecurityTokenReference in the four forms of as4.md 7, written and read. A token in a
 * message only names a certificate; whether that one is trusted is decided elsewhere. Private to
 * this folder. */
#pragma once

#include "as4/build.h"
#include "as4/in.h"

/** A reference ready to be written. */
typedef struct sph_as4_token {
    enum sph_token_ref form;
    char id[48];            /* of the BinarySecurityToken, "X509-…" */
    sph_buf text;           /* base64 of DER, PKIPath or key identifier */
    sph_buf issuer, serial; /* IssuerSerial form */
} sph_as4_token;
void sph_as4_token_clear(sph_as4_token *token); /* NULL is nothing */
/** root (may be NULL) stands first in a PKIPath. out: owned, sph_as4_token_clear. */
SPH_MUST sph_rc sph_as4_token_make(enum sph_token_ref form, const sph_cert *leaf,
                                   const sph_cert *root, const char *id, sph_as4_token *out,
                                   sph_err *err);
/** The wsse:BinarySecurityToken; nothing for the other two forms. */
void sph_as4_token_write_binary(sph_xml_writer *w, const sph_as4_token *token);
/** The wsse:SecurityTokenReference; arg: const sph_as4_token (a sph_xenc_name_recipient). */
void sph_as4_token_write_reference(sph_xml_writer *w, void *arg);

/** A reference as read: what a certificate must match. A carried certificate stays octets until
 * somebody needs it parsed: a known one is recognised by its octets, which is far cheaper. */
typedef struct sph_as4_token_in {
    enum sph_token_ref form;
    bool is_lookup;     /* a legacy form: never the source of a certificate */
    sph_buf thumbprint; /* SHA-1 of the DER; with it, nothing else counts */
    sph_buf der;        /* X509v3 */
    sph_cert *leaf;     /* PKIPath */
    sph_buf ski, issuer, serial;
} sph_as4_token_in;
void sph_as4_token_in_clear(sph_as4_token_in *token); /* NULL is nothing */
/** security: wsse:Security; a referenced token must be its direct child. accepts_legacy: also the
 * last row of as4.md 7. SPH_EPARSE a form we do not take; SPH_ELIMIT. */
SPH_MUST sph_rc sph_as4_token_read(const sph_xml_node *reference, const sph_xml_ids *ids,
                                   const sph_xml_node *security, bool accepts_legacy,
                                   sph_as4_token_in *out, sph_err *err);
/** Whether the reference means this certificate. */
bool sph_as4_token_names(const sph_as4_token_in *token, const sph_cert *cert);
/** The certificate that the token itself carries; owned, NULL for the other two forms. SPH_EPARSE.
 */
SPH_MUST sph_rc sph_as4_token_cert(const sph_as4_token_in *token, sph_cert **out, sph_err *err);
