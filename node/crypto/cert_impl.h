/** What a certificate handle holds. Only crypto/ includes this header. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "crypto/cert.h"
#include "crypto/digest.h"
#include "crypto/key_impl.h"

#define SPH_CERT_MAX 16384
#define SPH_PARTY_URI "urn:saphan:party:"
#define SPH_CLOCK_SLACK_MS                                                                         \
    (5 * INT64_C(60000)) /* certificates and CRLs begin this long before now */
#define SPH_DAY_MS (24 * INT64_C(3600000))

/** A path that held: signature, CRL and profile. Its outcome depends on nothing but what stands
 * here, on the two certificates' octets and on their windows, which are looked at each time. */
struct sph_cert_path {
    sph_hash root_sha256, crl_sha256; /* the latter of no octets when there is no CRL */
    int64_t from_ms, until_ms;        /* the CRL's window, until_ms is outside it */
};

struct sph_cert {
    atomic_uint refs;
    X509 *x509;
    sph_buf der;
    sph_hash sha256, spki_sha256;
    sph_pubkey *key; /* NULL: of a kind we do not use */
    int64_t not_before_ms, not_after_ms;
    pthread_mutex_t held_lock;
    bool has_held;
    struct sph_cert_path held; /* the last one that held */
};

/** Whether the path that the leaf remembers is this one, and within its window. */
bool sph_cert_path_is_held(const sph_cert *leaf, const struct sph_cert_path *path, int64_t at_ms);
/** Remember a path that held, in place of an earlier one. */
void sph_cert_path_hold(const sph_cert *leaf, const struct sph_cert_path *path);

/** Usage bits of a leaf's keyUsage by use and key (as4.md 6.5); 0 when the key does not fit the
 * use. */
uint32_t sph_cert_usage_bits(enum sph_cert_use use, enum sph_key_kind kind);
/** "<party>-<first 8 hex digits of the SPKI hash>": the root's common name. */
#define SPH_ROOT_NAME_ROOM (SPH_PARTY_ROOM + 9)
SPH_MUST sph_rc sph_root_name(const char *party, const sph_hash *spki_sha256,
                              char out[SPH_ROOT_NAME_ROOM], sph_err *err);
/** Time from milliseconds, rounded down to the second; owned. NULL when out of memory or range. */
ASN1_TIME *sph_asn1_time_new(int64_t ms);
/** Milliseconds of a time; SPH_EPARSE. */
SPH_MUST sph_rc sph_asn1_time_ms(const ASN1_TIME *time, int64_t *out, sph_err *err);
/** The octets of an OpenSSL string; borrowed, life of the string. */
sph_slice sph_asn1_slice(const ASN1_STRING *string);
/** A distinguished name of RFC 2253 text; SPH_EPARSE, SPH_ELIMIT. out: owned, X509_NAME_free. */
SPH_MUST sph_rc sph_name_parse(sph_slice text, X509_NAME **out, sph_err *err);

/** Extensions of the certificates we make, each added to `to`. */
SPH_MUST sph_rc sph_ext_add_basic(X509 *to, bool is_ca, sph_err *err);
SPH_MUST sph_rc sph_ext_add_usage(X509 *to, uint32_t bits, sph_err *err);
SPH_MUST sph_rc sph_ext_add_tls(X509 *to, sph_err *err);
/** Subject alternative names: the party's URI, and the host (a name or an IP address) unless "". */
SPH_MUST sph_rc sph_ext_add_names(X509 *to, const char *party, const char *host, sph_err *err);
/** Lower-case letters, digits, dots and hyphens, at most SPH_HOST_MOST octets. */
bool sph_host_valid(sph_slice host);
/** How many subject alternative names the certificate has; 0 with none or with two extensions. */
int sph_cert_name_count(const sph_cert *cert);
SPH_MUST sph_rc sph_ext_add_key_id(X509 *to, sph_err *err);
/** Authority key identifier: the issuer's subject key identifier. */
SPH_MUST sph_rc sph_ext_authority(const X509 *issuer, AUTHORITY_KEYID **out, sph_err *err);
