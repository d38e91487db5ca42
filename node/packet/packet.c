#include "packet/packet.h"

#include "base/codec.h"
#include "crypto/digest.h"
#include "crypto/secret.h"
#include "packet/packet_impl.h"

void sph_packet_free(sph_packet **packet)
{
    if (!packet || !*packet)
        return;
    if ((*packet)->attachments)
        sph_wipe((*packet)->attachments,
                 (*packet)->attachment_count * sizeof(*(*packet)->attachments));
    sph_mem_free((*packet)->attachments);
    sph_xml_free(&(*packet)->doc);
    sph_buf_clear(&(*packet)->octets);
    sph_mem_free(*packet);
    *packet = NULL;
}

const sph_packet_header *sph_packet_header_of(const sph_packet *packet)
{
    return &packet->header;
}

sph_slice sph_packet_octets(const sph_packet *packet)
{
    return sph_buf_peek(&packet->octets);
}

sph_hash sph_packet_sha256(const sph_packet *packet)
{
    return packet->sha256;
}

size_t sph_packet_attachment_count(const sph_packet *packet)
{
    return packet->attachment_count;
}

const struct sph_packet_attachment *sph_packet_attachment_at(const sph_packet *packet, size_t index)
{
    return index < packet->attachment_count ? &packet->attachments[index] : NULL;
}

sph_rc sph_packet_child_text(const sph_xml_node *node, const char *name, char *to, size_t room,
                             sph_err *err)
{
    const sph_xml_node *child = sph_xml_child(node, SPH_NS_PACKET, name);
    if (child)
        return sph_xml_value_text(child, to, room, err);
    to[0] = '\0';
    return sph_ok();
}

sph_rc sph_packet_attr_text(const sph_xml_node *node, const char *name, char *to, size_t room,
                            sph_err *err)
{
    return sph_str_copy(to, room, sph_slice_str(sph_xml_attr(node, NULL, name)), err);
}

sph_rc sph_packet_parse(sph_slice octets, const struct sph_limits *limits, sph_findings *findings,
                        sph_packet **out, sph_err *err)
{
    const struct sph_xml_limits caps = sph_xml_limits_packet(limits);
    SPH_AUTO_PTR(sph_packet) *packet = sph_mem_new(1, sizeof(*packet));
    if (!packet)
        return sph_fail(err, SPH_ENOMEM, "packet");
    packet->octets = sph_buf_init((size_t)limits->packet);
    unsigned line = 0;
    const sph_rc rc = sph_xml_parse_at(octets, &caps, &line, &packet->doc, err);
    if (rc.code != SPH_OK) {
        sph_finding_add(findings, "XSD", line,
                        rc.code == SPH_ELIMIT ? "packet.too-large" : "packet.not-xml", "", "");
        return rc;
    }
    if (!sph_xml_is(sph_xml_root(packet->doc), SPH_NS_PACKET, "Packet")) {
        sph_finding_add(findings, "XSD", 1, "packet.not-packet",
                        sph_xml_local(sph_xml_root(packet->doc)), "");
        return sph_fail(err, SPH_EREFUSED, "the root element is not a packet");
    }
    SPH_TRY(sph_buf_add(&packet->octets, octets, err), err, "packet");
    packet->sha256 = sph_sha256_of(octets);
    *out = sph_move(packet);
    return sph_ok();
}

sph_rc sph_packet_reopen(sph_slice octets, const struct sph_limits *limits, sph_packet **out,
                         sph_err *err)
{
    SPH_AUTO_PTR(sph_packet) *packet = NULL;
    SPH_TRY(sph_packet_parse(octets, limits, NULL, &packet, err), err, "stored packet");
    SPH_TRY(sph_packet_read(packet, err), err, "stored packet");
    *out = sph_move(packet);
    return sph_ok();
}
