#include "packet/notice.h"

#include "base/codec.h"
#include "packet/packet_impl.h"

/* ------------------------------------------------------------------ reading */

static sph_rc read_digest(const char *text, sph_hash *out, sph_err *err)
{
    SPH_AUTO(sph_buf) octets = sph_buf_init(sizeof(out->at));
    SPH_TRY(sph_base64_decode(sph_slice_str(text), &octets, err), err, "digest");
    if (octets.len != sizeof(out->at))
        return sph_fail(err, SPH_EPARSE, "a digest of %zu octets", octets.len);
    return sph_bytes_copy(out->at, sizeof(out->at), sph_buf_peek(&octets), err);
}

static sph_rc read_target(const sph_xml_node *node, sph_notice *to, sph_err *err)
{
    if (to->target_count == SPH_NOTICE_TARGETS)
        return sph_fail(err, SPH_ELIMIT, "targets of a notice");
    struct sph_notice_target *target = &to->target[to->target_count];
    const char *sha256 = sph_xml_attr(node, NULL, "sha256");
    SPH_TRY(sph_xml_value_text(node, target->packet_id, sizeof(target->packet_id), err), err,
            "target");
    target->has_sha256 = sha256 != NULL;
    if (sha256)
        SPH_TRY(read_digest(sha256, &target->sha256, err), err, "target");
    to->target_count++;
    return sph_ok();
}

static sph_rc read_codes(const sph_xml_node *body, sph_notice *to, sph_err *err)
{
    SPH_TRY(sph_packet_child_text(body, "kind", to->kind, sizeof(to->kind), err), err, "kind");
    SPH_TRY(sph_packet_child_text(body, "reason", to->reason, sizeof(to->reason), err), err,
            "reason");
    SPH_TRY(sph_packet_child_text(body, "effective", to->effective, sizeof(to->effective), err),
            err, "effective");
    return sph_packet_child_text(body, "requiredAction", to->required_action,
                                 sizeof(to->required_action), err);
}

sph_rc sph_notice_read(const sph_packet *packet, sph_notice *out, sph_err *err)
{
    if (packet->header.type != SPH_PACKET_NOTICE)
        return sph_fail(err, SPH_EARG, "not a notice");
    sph_notice notice = {.target_count = 0};
    SPH_TRY(read_codes(packet->body, &notice, err), err, "notice");
    for (const sph_xml_node *at = sph_xml_first(packet->body); at; at = sph_xml_next(at))
        if (sph_xml_is(at, SPH_NS_PACKET, "target"))
            SPH_TRY(read_target(at, &notice, err), err, "notice");
    *out = notice;
    return sph_ok();
}

/* ------------------------------------------------------------------ the draft of `delivered` */

static sph_rc set_text(sph_json *to, const char *key, const char *text, sph_err *err)
{
    return sph_json_set(to, key, sph_json_text(text), err);
}

static sph_rc make_header(const struct sph_notice_delivered *what, sph_json **out, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *header = sph_json_object();
    SPH_TRY(set_text(header, "audience", what->to, err), err, "audience");
    if (what->thread_id && what->thread_id[0]) {
        SPH_TRY(set_text(header, "threadId", what->thread_id, err), err, "thread");
        SPH_TRY(sph_json_set(header, "seq", sph_json_int(what->seq), err), err, "number");
    }
    *out = sph_move(header);
    return sph_ok();
}

static sph_rc make_body(const struct sph_notice_delivered *what, sph_json **out, sph_err *err)
{
    SPH_AUTO(sph_buf) digest = sph_buf_init(64);
    SPH_AUTO_PTR(sph_json) *body = sph_json_object();
    SPH_AUTO_PTR(sph_json) *target = sph_json_object();
    SPH_TRY(sph_base64_encode(sph_slice_hash(&what->sha256), &digest, err), err, "digest");
    SPH_TRY(set_text(target, "value", what->packet_id, err), err, "target");
    SPH_TRY(set_text(target, "sha256", sph_buf_text(&digest), err), err, "target");
    SPH_TRY(set_text(body, "kind", SPH_NOTICE_DELIVERED, err), err, "kind");
    SPH_TRY(sph_json_set(body, "target", sph_move(target), err), err, "target");
    *out = sph_move(body);
    return sph_ok();
}

sph_rc sph_notice_delivered_draft(const struct sph_notice_delivered *what, sph_json **out,
                                  sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *draft = sph_json_object();
    sph_json *header = NULL;
    sph_json *body = NULL;
    SPH_TRY(make_header(what, &header, err), err, "header");
    SPH_TRY(sph_json_set(draft, "header", header, err), err, "header");
    SPH_TRY(make_body(what, &body, err), err, "body");
    SPH_TRY(sph_json_set(draft, "body", body, err), err, "body");
    SPH_TRY(set_text(draft, "type", "notice", err), err, "type");
    *out = sph_move(draft);
    return sph_ok();
}
