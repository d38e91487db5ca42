/** T1: from a draft to a signed, stored, queued packet (architecture.md, "The walk out"). */
#pragma once

#include "exchange/node.h"

/** A plaintext file to attach. */
struct sph_submit_attachment {
    sph_file *file; /* borrowed; read from 0 with the node's files or `files` */
    const sph_files *files;
    uint64_t len;
    const char *media_type; /* of the allow-list (packets.md 2) */
    const char *title;      /* shown to people; in the first language of the draft */
    enum sph_lang lang;
};
struct sph_submit {
    const sph_json *draft; /* {"type":…, "header":{…}, "body":{…}} */
    sph_slice document;    /* canonical judgment of a case-law draft, else empty */
    sph_slice
        octets; /* instead of a draft: a packet that is already built and signed (the own card) */
    const char *const
        *to; /* parties; one thread and packet each, or none for a publication to all subscribers */
    size_t to_count;
    const struct sph_submit_attachment *attachments;
    size_t attachment_count;
    const char *user; /* acting user */
    bool is_dry_run;  /* build and check as if, then forget: nothing is stored or queued */
    /* In the same transaction, on the journal's thread; may be NULL. What it refuses is not sent.
     */
    sph_rc (*also)(void *arg, sph_db *db, sph_err *err);
    void *also_arg;
};
#define SPH_SUBMIT_MAX 63 /* with PUBLISHED, the leaves of one job */
struct sph_submitted {
    char question[32]; /* local group "Q-…" when several were asked, else "" */
    size_t count;      /* packets made */
    struct {
        char packet_id[64], thread_id[64], partner[SPH_PARTY_ROOM], message_id[128];
        uint64_t index; /* SUBMITTED leaf */
    } at[SPH_SUBMIT_MAX];
};
/** Build, check as the sender and as each recipient will, seal, commit. Nothing is queued unless
 * everything is. SPH_EREFUSED with findings; SPH_ENOTFOUND for an unknown addressee; SPH_ELIMIT for
 * an attachment beyond the partner's card. */
SPH_MUST sph_rc sph_submit(sph_node *node, const struct sph_submit *what, struct sph_submitted *out,
                           sph_findings *findings, sph_err *err);
