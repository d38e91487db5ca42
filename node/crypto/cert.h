/** X.509: the party's own small CA (architecture.md, "Trust"; as4.md 6.5), parsing, and path
 * checks. */
#pragma once

#include "crypto/key.h"

typedef struct sph_cert sph_cert; /* immutable, thread-safe, reference counted */

enum sph_cert_use { SPH_USE_ROOT, SPH_USE_TLS, SPH_USE_SIGN, SPH_USE_ENCRYPT };

#define SPH_PARTY_ROOM 65 /* a party name of at most 64 characters and NUL */
/** `[a-z0-9.-]`, 1..64 characters, starts and ends with a letter or digit, no "..". */
bool sph_party_valid(sph_slice party);

/** One DER certificate, all bytes consumed, at most 16 KiB. SPH_EPARSE. */
SPH_MUST sph_rc sph_cert_parse(sph_slice der, sph_cert **out, sph_err *err);
SPH_MUST sph_rc sph_cert_parse_pem(sph_slice pem, sph_cert **out, sph_err *err);
SPH_MUST sph_rc sph_cert_pem(const sph_cert *cert, sph_buf *out, sph_err *err);
sph_cert *sph_cert_ref(const sph_cert *cert);
void sph_cert_free(sph_cert **cert);
sph_slice sph_cert_peek_der(const sph_cert *cert); /* borrowed, life of the cert */
sph_hash sph_cert_sha256(const sph_cert *cert);    /* of the DER */
sph_hash sph_cert_spki_sha256(const sph_cert *cert);
const sph_pubkey *
sph_cert_peek_key(const sph_cert *cert); /* borrowed; NULL when of a kind we do not use */
int64_t sph_cert_not_before_ms(const sph_cert *cert);
int64_t sph_cert_not_after_ms(const sph_cert *cert);
/** Subject key identifier, or SHA-1 of the BIT STRING when the extension is absent. */
SPH_MUST sph_rc sph_cert_ski(const sph_cert *cert, sph_buf *out, sph_err *err);
/** RFC 2253 issuer name and decimal serial, for ds:X509IssuerSerial. */
SPH_MUST sph_rc sph_cert_issuer_serial(const sph_cert *cert, sph_buf *issuer, sph_buf *serial,
                                       sph_err *err);
/** Compare by parsed name and integer serial. */
bool sph_cert_matches_issuer_serial(const sph_cert *cert, sph_slice issuer, sph_slice serial);
/** The party of the leaf's single URI SAN `urn:saphan:party:<party>`, which stands first; a host
 * (dNSName or iPAddress, no wildcard) may follow it. SPH_EREFUSED for any other SAN set. */
SPH_MUST sph_rc sph_cert_party(const sph_cert *cert, char out[SPH_PARTY_ROOM], sph_err *err);

#define SPH_HOST_MOST 253 /* octets of a host name, RFC 1035 */
/** A plain host name, or an IP address. */
bool sph_cert_may_name(const char *host);
/** Would a stock HTTPS client take this certificate for `host` (a name or an IP address)? */
bool sph_cert_names_host(const sph_cert *cert, const char *host);

/** Make a root: P-256 key, CN = party + '-' + first 8 hex digits of the SPKI hash, CA, pathlen 0,
 * keyCertSign+cRLSign, SKI and AKI. */
SPH_MUST sph_rc sph_cert_issue_root(const sph_key *root_key, const char *party,
                                    const sph_random *random, int64_t now_ms, unsigned days,
                                    sph_cert **out, sph_err *err);
/** Issue a leaf under the root: keyUsage and EKU by use (as4.md 6.5), URI SAN of the party, SKI,
 * AKI. Valid from now - 5 min for `days`, never beyond the root. */
SPH_MUST sph_rc sph_cert_issue_leaf(const sph_key *root_key, const sph_cert *root,
                                    const char *party, const sph_pubkey *key, enum sph_cert_use use,
                                    const sph_random *random, int64_t now_ms, unsigned days,
                                    sph_cert **out, sph_err *err);
/** As sph_cert_issue_leaf for SPH_USE_TLS, with the host where this node is reached beside the
 * party, so that HTTPS clients of other make find the name they look for. host: "" for none;
 * SPH_EARG when it is no plain name or address. */
SPH_MUST sph_rc sph_cert_issue_tls(const sph_key *root_key, const sph_cert *root, const char *party,
                                   const char *host, const sph_pubkey *key,
                                   const sph_random *random, int64_t now_ms, unsigned days,
                                   sph_cert **out, sph_err *err);
/** Sign the party's CRL (30 days): revoked serials of the root. out: DER appended. */
SPH_MUST sph_rc sph_crl_issue(const sph_key *root_key, const sph_cert *root,
                              const sph_cert *const *revoked, size_t count, int64_t number,
                              int64_t now_ms, sph_buf *out, sph_err *err);

/** When a CRL was signed (thisUpdate), Unix UTC milliseconds. SPH_EPARSE. */
SPH_MUST sph_rc sph_crl_signed_ms(sph_slice der, int64_t *out, sph_err *err);

/** Check a Saphan leaf: chains to exactly this root, valid at `at_ms`, right use (EKU and
 * keyUsage), single URI SAN equal to `urn:saphan:party:` + party (a host beside it for TLS only),
 * not listed in `crl` (DER, may be empty: soft). notBefore is inside the validity, notAfter is not.
 * SPH_EPROOF when any of it does not hold; the frame says which. */
SPH_MUST sph_rc sph_cert_check(const sph_cert *leaf, const sph_cert *root, const char *party,
                               enum sph_cert_use use, int64_t at_ms, sph_slice crl, sph_err *err);
/** Check a certificate of a foreign product (as4.md D16, 6.5): in its validity, key usage (when
 * there is one) fit for `use`, and its key equal to that of one of `pinned` (the operator's own
 * decision, so no CRL is asked), or signed directly by `ca` (may be NULL) and not listed in `crl`
 * (DER, may be empty). URI SAN and EKU are not asked for. SPH_EPROOF. */
SPH_MUST sph_rc sph_cert_check_foreign(const sph_cert *leaf, const sph_cert *const *pinned,
                                       size_t count, const sph_cert *ca, enum sph_cert_use use,
                                       int64_t at_ms, sph_slice crl, sph_err *err);
/** SHA-1 of the DER, as wsse ThumbprintSHA1 has it: a name, nothing is trusted for it. SPH_EIO. */
#define SPH_CERT_SHA1 20
SPH_MUST sph_rc sph_cert_sha1(const sph_cert *cert, uint8_t out[SPH_CERT_SHA1], sph_err *err);
/** Root alone: self-signed P-256 CA, valid at at_ms, CN = party, hyphen, first 8 hex digits of its
 * SPKI hash. SPH_EPROOF. */
SPH_MUST sph_rc sph_cert_check_root(const sph_cert *root, const char *party, int64_t at_ms,
                                    sph_err *err);

/** Safety number (ledger.md 5): "40718 22930 11876 90342 55018 63127". */
#define SPH_SAFETY_TEXT 36
void sph_safety_number(sph_slice root_der, char out[SPH_SAFETY_TEXT]);

/** DER SEQUENCE OF Certificate, CA side first, leaf last (#X509PKIPathv1). */
SPH_MUST sph_rc sph_pkipath_encode(const sph_cert *const *chain, size_t count, sph_buf *out,
                                   sph_err *err);
/** At most 4 certificates; *count set; each owned. The last is the leaf. */
SPH_MUST sph_rc sph_pkipath_parse(sph_slice der, sph_cert *out[4], size_t *count, sph_err *err);
