/** The partner card: a `directory` packet (packets.md 4, I) that holds its own root. */
#pragma once

#include "crypto/suite.h"
#include "packet/packet.h"

typedef struct sph_card {
    char party[SPH_PARTY_ROOM], kind[24], country[3], mode[16];
    char name[3][256]; /* by enum sph_lang */
    uint32_t serial;
    int64_t valid_until_ms;
    sph_cert *root;
    struct {
        enum sph_cert_use use;
        enum sph_suite suite;
        bool is_next;
        sph_cert *cert;
    } cert[SPH_CARD_CERTS];
    size_t cert_count;
    char url[256];      /* https://host:port; "" when pull-only */
    char pull_mpc[256]; /* pull-only: the channel that this party, and nobody else, pulls */
    char pull_via[SPH_PARTY_ROOM]; /* pull-only: the partner that relays for it, or "" */
    char log_origin[128], log_vkey[256];
    char witness_name[128], witness_vkey[256], witness_url[256];
    enum sph_suite suite[3];
    size_t suite_count;
    bool accepts_type[SPH_PACKET_TYPE_COUNT];
    bool subscribes[SPH_PACKET_TYPE_COUNT];
    bool has_akn_full;
    bool has_relay; /* keeps and passes on relayed messages, or takes its own through pull_via */
    uint64_t largest_message;
    char languages[3][3];
    size_t language_count;
    char incident_contact[128];
    sph_buf crl; /* DER */
} sph_card;
void sph_card_clear(sph_card *card);
/** Read the fields of a checked directory packet. */
SPH_MUST sph_rc sph_card_read(const sph_packet *packet, sph_card *out, sph_err *err);
/** Check a card file: structure, XSD, self-contained signature (leaf -> root inside), party
 * everywhere the same, mode, validity. This does not make it trusted: that is the ceremony with the
 * safety number. */
SPH_MUST sph_rc sph_card_check(sph_slice octets, const struct sph_schemas *schemas,
                               const struct sph_limits *limits, const char *mode, int64_t now_ms,
                               sph_findings *findings, sph_card *out, sph_packet **packet,
                               sph_err *err);
/** Build and sign our own card. */
SPH_MUST sph_rc sph_card_build(const sph_card *card, const struct sph_packet_new *values,
                               const struct sph_packet_signer *signer, sph_buf *out, sph_err *err);
