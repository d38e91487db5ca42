/** The strict XMLDSig profile (as4.md 6 and 8, packets.md 1): fixed SignedInfo shape, exclusive
 * C14N, SHA-256, one transform a reference, Ed25519, RSA-SHA-256 (>= 3072) or ECDSA-P-256. Nothing
 * else is ever computed. */
#pragma once

#include "crypto/key.h"
#include "xml/writer.h"
#include "xml/xml.h"

#define SPH_NS_DS "http://www.w3.org/2000/09/xmldsig#"
#define SPH_NS_EC "http://www.w3.org/2001/10/xml-exc-c14n#"
#define SPH_ALG_EXC_C14N "http://www.w3.org/2001/10/xml-exc-c14n#"
#define SPH_ALG_SHA256 "http://www.w3.org/2001/04/xmlenc#sha256"
#define SPH_ALG_ENVELOPED "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
#define SPH_ALG_RSA_SHA256 "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
#define SPH_ALG_ECDSA_SHA256 "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
#define SPH_ALG_ED25519 "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519"
#define SPH_ALG_SWA_CONTENT                                                                        \
    "http://docs.oasis-open.org/wss/"                                                              \
    "oasis-wss-SwAProfile-1.1#Attachment-Content-Signature-Transform"

enum sph_dsig_transform {
    SPH_TRANSFORM_EXC_C14N,           /* one transform: exclusive C14N */
    SPH_TRANSFORM_ENVELOPED_EXC_C14N, /* two, in this order: enveloped-signature, exclusive C14N
                                         (packets) */
    SPH_TRANSFORM_SWA_CONTENT,        /* one: Attachment-Content-Signature-Transform */
};

/** One ds:Reference. When read: strings are borrowed from the document. */
typedef struct sph_dsig_ref {
    const char *uri;
    const char *id, *type; /* attributes, NULL when absent */
    enum sph_dsig_transform transform;
    const char *prefix_list; /* InclusiveNamespaces of the C14N transform, NULL when absent */
    sph_hash digest;
    const sph_xml_node *node; /* the ds:Reference element when read, else NULL */
} sph_dsig_ref;

/** Write `<ds:SignedInfo>` and `<ds:SignatureValue>` into the open ds:Signature: references as
 * given (their digests computed by the caller), algorithm by the key's kind. The SignedInfo is a
 * fragment, signed as written. `out` is the buffer the writer writes into; its table of prefixes
 * has "ds", and "ec" where a reference has a PrefixList. The caller opens ds:Signature before, and
 * writes ds:KeyInfo and closes after. A failure of the writer, also an earlier one, is returned. */
SPH_MUST sph_rc sph_dsig_write(sph_xml_writer *w, sph_buf *out, const sph_dsig_ref *refs,
                               size_t count, const sph_key *signer, sph_err *err);

/** A signature as read: structure checked against the closed shape, nothing computed yet. */
typedef struct sph_dsig sph_dsig;
/** signature: the ds:Signature element. max_refs: limit (SPH_ELIMIT). allow_object: packets carry
 * one ds:Object (XAdES). SPH_EPARSE: not the closed shape; SPH_EUNSUPPORTED: an algorithm or
 * transform outside it. out: owned. */
SPH_MUST sph_rc sph_dsig_read(const sph_xml_node *signature, size_t max_refs, bool allow_object,
                              sph_dsig **out, sph_err *err);
void sph_dsig_free(sph_dsig **dsig);
enum sph_key_kind sph_dsig_key_kind(const sph_dsig *dsig);
size_t sph_dsig_ref_count(const sph_dsig *dsig);
const sph_dsig_ref *sph_dsig_ref_at(const sph_dsig *dsig, size_t index); /* borrowed */
const sph_xml_node *sph_dsig_key_info(const sph_dsig *dsig);
const sph_xml_node *sph_dsig_object(const sph_dsig *dsig); /* NULL when none */
/** SignatureValue over the canonical SignedInfo; the key's kind must be that of SignatureMethod.
 * SPH_EPROOF. */
SPH_MUST sph_rc sph_dsig_verify(const sph_dsig *dsig, const sph_pubkey *key, sph_err *err);
/** Digest of this node under the reference's C14N equals the reference. omit: the signature element
 * for the enveloped form. SPH_EPROOF. */
SPH_MUST sph_rc sph_dsig_check_node(const sph_dsig_ref *ref, const sph_xml_node *node,
                                    const sph_xml_node *omit, sph_err *err);
