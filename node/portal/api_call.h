/** One API call while it is handled. Internal to node/portal. */
#pragma once

#include "base/json.h"
#include "packet/finding.h"
#include "portal/api.h"

#define SPH_API_SEGMENTS 5
#define SPH_API_ROOM 192

struct sph_api_call {
    sph_api *api;
    sph_node *node;
    const sph_request *request;
    sph_response *response;
    enum sph_lang lang;
    const char *user;
    char segment[SPH_API_SEGMENTS][SPH_API_ROOM]; /* path after /api/1/, percent-decoded */
    size_t segment_count;
    const char *problem; /* catalogue key of a refusal that deserves its own words; NULL: by code */
    sph_arg problem_arg[2];           /* its placeholders */
    char problem_value[SPH_API_ROOM]; /* what the placeholder is filled with */
    size_t problem_args;
    unsigned status; /* of the refusal; 0: by its code */
    sph_findings findings;
};
typedef sph_rc sph_api_handler(struct sph_api_call *call, sph_err *err);

/** A refusal with its own words: sets call->problem and fails with `code`. */
SPH_MUST sph_rc sph_api_refuse(struct sph_api_call *call, enum sph_code code, const char *key,
                               const char *name, const char *value, sph_err *err);
/** Refuse (SPH_ENOTFOUND) because a party is no partner, or was removed, which has other words. */
SPH_MUST sph_rc sph_api_unknown_partner(struct sph_api_call *call, const char *party, sph_err *err);
/** Query parameter, percent-decoded into `room`; false when absent. */
bool sph_api_param(const struct sph_api_call *call, const char *name, char *out, size_t room);
/** The same as a number; `otherwise` when absent. SPH_EARG when it is none. */
SPH_MUST sph_rc sph_api_param_int(const struct sph_api_call *call, const char *name,
                                  int64_t otherwise, int64_t *out, sph_err *err);
/** The request body as one JSON object. */
SPH_MUST sph_rc sph_api_body(const struct sph_api_call *call, sph_json **out, sph_err *err);
/** The request body as bytes, at most `most`, appended. */
SPH_MUST sph_rc sph_api_body_bytes(const struct sph_api_call *call, size_t most, sph_buf *out,
                                   sph_err *err);
/** Answer a JSON value (taken) with status 200 or another. */
SPH_MUST sph_rc sph_api_answer(struct sph_api_call *call, unsigned status, sph_json **json,
                               sph_err *err);
/** Answer octets. content_type: static. */
SPH_MUST sph_rc sph_api_answer_bytes(struct sph_api_call *call, const char *content_type,
                                     sph_slice bytes, sph_err *err);
/** An object with "schema". */
SPH_MUST sph_rc sph_api_object(const char *schema, sph_json **out, sph_err *err);
/** Set members: text (NULL: left out), number, moment as RFC 3339 (0: left out). */
SPH_MUST sph_rc sph_api_set_text(sph_json *object, const char *key, const char *text, sph_err *err);
SPH_MUST sph_rc sph_api_set_int(sph_json *object, const char *key, int64_t number, sph_err *err);
SPH_MUST sph_rc sph_api_set_time(sph_json *object, const char *key, int64_t ms, sph_err *err);
SPH_MUST sph_rc sph_api_set_hash(sph_json *object, const char *key, const sph_hash *hash,
                                 sph_err *err);
/** Findings as an array of {rule, line, text, do, note}. */
SPH_MUST sph_rc sph_api_findings(const sph_findings *findings, enum sph_lang lang, sph_json **out,
                                 sph_err *err);

/* The handlers, one group a file. */
sph_api_handler sph_api_metrics, sph_api_reload, sph_api_partner_health;
sph_api_handler sph_api_status, sph_api_doctor, sph_api_card, sph_api_version, sph_api_pull;
sph_api_handler sph_api_partner_list, sph_api_partner_show, sph_api_partner_preview,
    sph_api_partner_add, sph_api_partner_change, sph_api_partner_remove, sph_api_partner_ping;
sph_api_handler sph_api_partner_foreign, sph_api_foreign_send, sph_api_certificates;
sph_api_handler sph_api_upload, sph_api_check, sph_api_submit, sph_api_publish, sph_api_reply;
sph_api_handler sph_api_inbox, sph_api_outbox, sph_api_show, sph_api_xml, sph_api_proof_of_packet,
    sph_api_attachment;
sph_api_handler sph_api_ledger_log, sph_api_ledger_verify, sph_api_ledger_checkpoint,
    sph_api_ledger_proof;
sph_api_handler sph_api_schema_list, sph_api_schema_install;
sph_api_handler sph_api_transfers;
/** bytesSent and bytesTotal in those rows of an outbox list that are being sent. */
SPH_MUST sph_rc sph_api_add_progress(sph_node *node, sph_json *rows, sph_err *err);
