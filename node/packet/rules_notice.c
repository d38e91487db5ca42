#include "packet/notice.h"
#include "packet/rules.h"

/* PK-30: a notice names packets and says one thing of them (packets.md 4, G). */

static void add(const struct sph_rules *rules, const sph_xml_node *node, const char *key,
                const char *name, const char *value)
{
    const unsigned line = sph_xml_line(node ? node : rules->packet->body);
    sph_finding_add(rules->findings, "PK-30", line, key, name, value);
}

static const sph_xml_node *field(const struct sph_rules *rules, const char *name)
{
    return sph_xml_child(rules->packet->body, SPH_NS_PACKET, name);
}

/* In a thread or in none; a notice of a thread is for the other side alone, and so is `delivered`.
 */
static void check_way(const struct sph_rules *rules, bool is_delivered)
{
    const sph_packet_header *header = &rules->packet->header;
    const bool is_threaded = header->thread_id[0] != '\0';
    if (is_threaded && header->seq == 0)
        add(rules, NULL, "packet.needs", "seq", "");
    if (!is_threaded && (header->seq != 0 || header->in_reply_to[0]))
        add(rules, NULL, "packet.needs", "threadId", "");
    if ((is_threaded || is_delivered) && !sph_rules_is_bilateral(header))
        add(rules, NULL, "packet.bilateral", "audience", "");
}

/* `delivered` says what has come and nothing else; every other kind says why, from when, and what
 * its reader has to do. */
static void check_reasons(const struct sph_rules *rules, const char *kind, bool is_delivered)
{
    static const char *const names[] = {"reason", "effective", "requiredAction"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const sph_xml_node *node = field(rules, names[i]);
        if (is_delivered && node)
            add(rules, node, "packet.notice-extra", names[i], kind);
        if (!is_delivered && !node)
            add(rules, NULL, "packet.needs", names[i], "");
    }
}

static void check_targets(const struct sph_rules *rules, const sph_notice *notice,
                          bool is_delivered)
{
    if (!is_delivered)
        return;
    if (notice->target_count != 1)
        add(rules, field(rules, "target"), "packet.notice-one", "target", notice->kind);
    for (size_t i = 0; i < notice->target_count; i++)
        if (!notice->target[i].has_sha256)
            add(rules, field(rules, "target"), "packet.needs", "sha256", "");
}

static bool has_target(const sph_notice *notice, const char *packet_id)
{
    for (size_t i = 0; i < notice->target_count; i++)
        if (packet_id && strcmp(notice->target[i].packet_id, packet_id) == 0)
            return true;
    return false;
}

/* `erasure-done` shows for each packet that its key is gone; the ledger proof itself is checked
 * where ledgers are known. The schema lets no packet stand twice in either list. */
static void check_proofs(const struct sph_rules *rules, const sph_notice *notice)
{
    const bool is_erasure = strcmp(notice->kind, "erasure-done") == 0;
    size_t count = 0;
    for (const sph_xml_node *at = sph_xml_first(rules->packet->body); at; at = sph_xml_next(at)) {
        if (!sph_xml_is(at, SPH_NS_PACKET, "keyDestroyed"))
            continue;
        count++;
        if (!is_erasure)
            add(rules, at, "packet.notice-extra", "keyDestroyed", notice->kind);
        else if (!has_target(notice, sph_xml_attr(at, NULL, "packetId")))
            add(rules, at, "packet.notice-proof", "keyDestroyed", "");
    }
    if (is_erasure && count != notice->target_count)
        add(rules, NULL, "packet.notice-proof", "keyDestroyed", "");
}

sph_rc sph_rules_notice(const struct sph_rules *rules, sph_err *err)
{
    sph_notice notice;
    SPH_TRY(sph_notice_read(rules->packet, &notice, err), err, "notice");
    const bool is_delivered = strcmp(notice.kind, SPH_NOTICE_DELIVERED) == 0;
    check_way(rules, is_delivered);
    check_reasons(rules, notice.kind, is_delivered);
    check_targets(rules, &notice, is_delivered);
    check_proofs(rules, &notice);
    if (rules->packet->attachment_count > 0)
        add(rules, NULL, "packet.notice-extra", "attachment", notice.kind);
    if (rules->context->is_sending && !is_delivered)
        sph_finding_add(rules->findings, "SCOPE", sph_xml_line(field(rules, "kind")),
                        "packet.scope-notice", "kind", notice.kind);
    return sph_ok();
}
