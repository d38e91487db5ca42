/** Notices (packets.md 4, G): what a party tells of packets that were sent. All kinds are read and
 * checked; this version makes `delivered`, with which the recipient of a relayed packet tells its
 * author that it has come (packets.md 1a). */
#pragma once

#include "packet/packet.h"

#define SPH_NOTICE_DELIVERED "delivered"
#define SPH_NOTICE_TARGETS 16

struct sph_notice_target {
    char packet_id[64];
    bool has_sha256;
    sph_hash sha256; /* of the packet's octets */
};

/** What a notice says. Codes are of the lists notice, notice-reason and required-action; "" when
 * absent. */
typedef struct sph_notice {
    char kind[49], reason[49], required_action[49];
    char effective[11]; /* yyyy-mm-dd */
    struct sph_notice_target target[SPH_NOTICE_TARGETS];
    size_t target_count;
} sph_notice;

/** Read a checked or reopened packet. SPH_EARG when it is no notice. Whether the targets exist, are
 * the issuer's own, or were sent to it, is the exchange's to say. */
SPH_MUST sph_rc sph_notice_read(const sph_packet *packet, sph_notice *out, sph_err *err);

/** Of what, and to whom. Borrowed texts. */
struct sph_notice_delivered {
    const char *to;        /* who wrote the packet */
    const char *packet_id; /* of the packet that has come */
    sph_hash sha256;       /* of its octets as they were signed */
    const char *thread_id; /* its thread, or NULL or "" */
    uint32_t seq;          /* in the thread; 0 without */
};
/** The draft of a `delivered` notice for sph_packet_build. out: owned, sph_json_free. SPH_ENOMEM.
 */
SPH_MUST sph_rc sph_notice_delivered_draft(const struct sph_notice_delivered *what, sph_json **out,
                                           sph_err *err);
