/** The organisation's signature of a packet: enveloped XMLDSig with XAdES signed properties
 * (packets.md 1). */
#pragma once

#include "packet/packet.h"
#include "xml/writer.h"

/** Prefixes of a packet document, for the writer. */
extern const struct sph_xml_prefix sph_packet_prefixes[];

/** Write ds:Signature into the open Packet, whose octets start at `start` of `out`, and close the
 * Packet. What stands there must be the canonical form of the document so far. */
SPH_MUST sph_rc sph_signature_write(sph_xml_writer *w, sph_buf *out, size_t start,
                                    const struct sph_packet_signer *signer, int64_t now_ms,
                                    sph_err *err);

/** What a signature says, once it holds. */
struct sph_signed {
    char party[SPH_PARTY_ROOM];
    int64_t signing_ms;
};
/** Check the one signature of the packet against a root: closed form, both digests, the value, the
 *  certificate digests, the path at SigningTime. party: the signer must be this one; NULL: the
 * leaf's. root: NULL for the offline verifier without a trusted root; then only the integrity under
 * the leaf inside is judged, and whose leaf it is stays open. crl may be empty. SPH_EPROOF with a
 * finding SIG; SPH_EPARSE counts as SPH_EPROOF. */
SPH_MUST sph_rc sph_signature_check(const sph_xml *doc, const sph_cert *root, const char *party,
                                    sph_slice crl, sph_findings *findings, struct sph_signed *out,
                                    sph_err *err);

/** As arguments of sph_signature_check, and the leaves of the party that were parsed before. */
struct sph_signature_trust {
    const sph_cert *root;
    const char *party;
    sph_slice crl;
    const sph_cert *const *known; /* may be NULL */
    size_t known_count;
    bool is_fresh; /* see sph_packet_context */
};
/** As sph_signature_check; a certificate with the octets of a known leaf is not parsed again. */
SPH_MUST sph_rc sph_signature_check_trust(const sph_xml *doc,
                                          const struct sph_signature_trust *trust,
                                          sph_findings *findings, struct sph_signed *out,
                                          sph_err *err);
