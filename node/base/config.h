/** The configuration of a node: HOME/saphan.ini, read strictly.
 *
 *      [node]
 *      party = la.legal.example           who this node is (required)
 *      name_en = Example Legal Aid        at least one of name_en, name_lo, name_th
 *      kind = legal-aid                   one of the eight kinds (required)
 *      country = LA                       ISO 3166-1 alpha-2 (required)
 *      mode = training                    production or training (required)
 *      url = https://node.example:8443    where partners reach it; absent: this node only pulls
 *      mpc = urn:saphan:mpc:4f…           the channel that such a node pulls (made by init)
 *      via = la.hub.example               such a node: the partner that relays to it
 *      relay = yes                        this node keeps and passes on sealed messages between
 *                                         partners that nobody reaches; absent: no
 *      lang = lo                          language of messages that nobody asked for (default en)
 *      largest = 268435456                largest message taken, bytes
 *      suites = edelivery-2.0-ed25519 edelivery-1.15                  AS4 suites in order of
 * preference; absent: all [listen] address = 0.0.0.0                  IPv4 or IPv6 address of the
 * exchange port port = 8443 workers = 2
 *      partner_connections = 128          connections of one partner, its requests in a minute,
 *      partner_requests = 120000          and the unfinished handshakes of one address
 *      address_handshakes = 128
 *      metrics = 127.0.0.1:9464           Prometheus metrics; absent: on the control socket only.
 *                                         public 192.0.2.1:9464 for an address that others reach
 *      [pull]
 *      busy = 60                          seconds between two pulls in office hours
 *      idle = 900                         and at night and on days off
 *
 * One `key = value` a line; a line that starts with # or ; is a comment. There are no quotes, no
 * comments behind a value and no continued lines. Unknown or repeated keys, a byte order mark and a
 * file over 64 KiB are refused, each with its line.
 */
#pragma once

#include "base/bytes.h"
#include "base/env.h"
#include "base/lang.h"

#define SPH_CONFIG_PATH "saphan.ini"
#define SPH_CONFIG_BYTES 65536u
#define SPH_CONFIG_LINE 1024u
#define SPH_MPC_PREFIX "urn:saphan:mpc:" /* what an office only pulls begins with */

/** Checked values; texts are "" when absent. */
struct sph_config {
    char party[65];
    char name[SPH_LANG_COUNT][256]; /* by enum sph_lang */
    char kind[24];
    char country[3];
    char mode[16];
    char url[256];
    char mpc[64];  /* the channel that a node without url pulls */
    char via[65];  /* the partner that relays to a node without url */
    char relay[4]; /* yes: this node relays for others; see sph_config_relays */
    char suites[64];
    enum sph_lang lang;
    uint64_t largest;
    char address[46];
    uint64_t port, workers;
    uint64_t partner_connections, partner_requests, address_handshakes; /* limits.h */
    char metrics[72];                  /* where /metrics is served too; see sph_config_metrics */
    uint64_t pull_busy_s, pull_idle_s; /* between two pulls: in office hours, and else */
};

/** What is wrong with a configuration, for the person who wrote it. */
struct sph_config_fault {
    unsigned line;    /* from 1; 0 when the whole file is meant */
    const char *text; /* catalogue key, NULL when nothing is wrong */
    const char *key;  /* name of the known key that is meant, or "" */
};

/** The address and port of `metrics`, which was checked. False when there is none. Without the word
 * `public` only a loopback address is taken: metrics name the partners. */
bool sph_config_metrics(const struct sph_config *config, char address[46], unsigned *port);
/** Does this node relay between its partners? */
bool sph_config_relays(const struct sph_config *config);
/** The values a file without them has; party, names, kind, country and mode are "". */
void sph_config_default(struct sph_config *out);
/** Read a configuration text.
 *  out     untouched on failure
 *  fault   may be NULL; filled when the text is refused
 *  errors  SPH_EPARSE form, unknown or repeated key; SPH_ELIMIT size; SPH_EREFUSED value or missing
 * key
 */
SPH_MUST sph_rc sph_config_parse(sph_slice text, struct sph_config *out,
                                 struct sph_config_fault *fault, sph_err *err);
/** Would these values be accepted in a file? Errors as sph_config_parse. */
SPH_MUST sph_rc sph_config_check(const struct sph_config *config, struct sph_config_fault *fault,
                                 sph_err *err);
/** Append the file text; values that would be refused are refused here. */
SPH_MUST sph_rc sph_config_print(const struct sph_config *config, sph_buf *out, sph_err *err);
/** Read HOME/saphan.ini; SPH_ENOTFOUND when there is none, else as sph_config_parse. */
SPH_MUST sph_rc sph_config_load(const sph_files *files, struct sph_config *out,
                                struct sph_config_fault *fault, sph_err *err);
/** Write HOME/saphan.ini durably; SPH_EEXISTS when it is there and `replace` is false. */
SPH_MUST sph_rc sph_config_store(const sph_files *files, const struct sph_config *config,
                                 bool replace, sph_err *err);
/** Append the fault in the reader's language: what, where, and what to do. */
SPH_MUST sph_rc sph_config_explain(const struct sph_config_fault *fault, enum sph_lang lang,
                                   sph_buf *out, sph_err *err);
