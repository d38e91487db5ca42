#include "packet/card_impl.h"
#include "packet/rules.h"
#include "packet/signature.h"
#include "packet/xsd_findings.h"

/* A card brings its own root when none is pinned: whether to trust it is the ceremony's to say. */
static sph_rc root_for(const sph_packet *packet, const struct sph_packet_context *context,
                       sph_cert **out, sph_err *err)
{
    if (context->issuer_root) {
        *out = sph_cert_ref(context->issuer_root);
        return sph_ok();
    }
    if (packet->header.type != SPH_PACKET_DIRECTORY)
        return sph_fail(err, SPH_EPROOF, "no root is known for the issuer");
    return sph_card_root(packet, out, err);
}

static sph_rc check_signature(const sph_packet *packet, const struct sph_packet_context *context,
                              sph_findings *findings, int64_t *signing_ms, sph_err *err)
{
    SPH_AUTO_PTR(sph_cert) *root = NULL;
    struct sph_signed found;
    const sph_rc known = root_for(packet, context, &root, err);
    if (known.code == SPH_ENOMEM)
        return known;
    if (known.code != SPH_OK) {
        sph_finding_add(findings, "SIG", 0, "packet.sig-root", packet->header.issuer, "");
        return sph_fail(err, SPH_EPROOF, "no root to check against");
    }
    const struct sph_signature_trust trust = {.root = root,
                                              .party = packet->header.issuer,
                                              .crl = context->issuer_crl,
                                              .known = context->issuer_leaves,
                                              .known_count = context->issuer_leaf_count,
                                              .is_fresh = context->is_fresh};
    SPH_TRY(sph_signature_check_trust(packet->doc, &trust, findings, &found, err), err,
            "signature");
    *signing_ms = found.signing_ms;
    return sph_ok();
}

static sph_rc read_fields(sph_packet *packet, sph_findings *findings, sph_err *err)
{
    const sph_rc rc = sph_packet_read(packet, err);
    if (rc.code == SPH_EREFUSED || rc.code == SPH_EPARSE || rc.code == SPH_ELIMIT) {
        sph_finding_add(findings, "PK-08", 1, "packet.type-body", "type", "");
        return sph_fail(err, SPH_EREFUSED, "type and body");
    }
    return rc;
}

static sph_rc check_rules(const struct sph_rules *rules, sph_err *err)
{
    SPH_TRY(sph_rules_header(rules, err), err, "header rules");
    SPH_TRY(sph_rules_fields(rules, err), err, "field rules");
    SPH_TRY(sph_rules_type(rules, err), err, "type rules");
    SPH_TRY(sph_rules_matrix(rules, err), err, "matrix");
    if (sph_findings_refuse(rules->findings))
        return sph_fail(err, SPH_EREFUSED, "%s", rules->findings->at[0].rule);
    return sph_ok();
}

sph_rc sph_packet_check(sph_slice octets, const struct sph_packet_context *context,
                        sph_findings *findings, sph_packet **out, sph_err *err)
{
    SPH_AUTO_PTR(sph_packet) *packet = NULL;
    struct sph_rules rules = {.context = context, .findings = findings};
    SPH_TRY(sph_packet_parse(octets, context->limits, findings, &packet, err), err, "reading");
    SPH_TRY(sph_xsd_check(context->schemas->packet, packet->doc, findings, err), err, "schema");
    SPH_TRY(read_fields(packet, findings, err), err, "fields");
    SPH_TRY(check_signature(packet, context, findings, &rules.signing_ms, err), err, "signature");
    rules.packet = packet;
    SPH_TRY(check_rules(&rules, err), err, "rules");
    *out = sph_move(packet);
    return sph_ok();
}

sph_rc sph_packet_check_receiver(const sph_packet *packet, const struct sph_packet_context *context,
                                 sph_findings *findings, sph_err *err)
{
    const struct sph_rules rules = {.context = context, .findings = findings, .packet = packet};
    sph_rules_consent(&rules);
    SPH_TRY(sph_rules_matrix(&rules, err), err, "matrix");
    if (sph_findings_refuse(findings))
        return sph_fail(err, SPH_EREFUSED, "%s", findings->at[0].rule);
    return sph_ok();
}
