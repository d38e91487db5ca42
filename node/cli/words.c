#include "cli/cli.h"

#define VALUE(option)                                                                              \
    {                                                                                              \
        option, true, false                                                                        \
    }
#define MANY(option)                                                                               \
    {                                                                                              \
        option, true, true                                                                         \
    }
#define FLAG(option)                                                                               \
    {                                                                                              \
        option, false, false                                                                       \
    }
#define END                                                                                        \
    {                                                                                              \
        NULL, false, false                                                                         \
    }

static const struct sph_option init_options[] = {VALUE("--party"),
                                                 VALUE("--name"),
                                                 VALUE("--name-lo"),
                                                 VALUE("--name-th"),
                                                 VALUE("--name-en"),
                                                 VALUE("--kind"),
                                                 VALUE("--country"),
                                                 VALUE("--url"),
                                                 VALUE("--listen"),
                                                 VALUE("--largest"),
                                                 VALUE("--suites"),
                                                 FLAG("--training"),
                                                 FLAG("--pull-only"),
                                                 VALUE("--via"),
                                                 FLAG("--relay"),
                                                 VALUE("--answers"),
                                                 END};
static const struct sph_option run_options[] = {FLAG("--check-only"), END};
static const struct sph_option status_options[] = {FLAG("--watch"), END};
static const struct sph_option demo_options[] = {FLAG("--once"), VALUE("--dir"), END};
static const struct sph_option out_options[] = {VALUE("-o"), END};
static const struct sph_option add_options[] = {VALUE("--safety-number"),
                                                FLAG("--as4"),
                                                VALUE("--party"),
                                                VALUE("--url"),
                                                MANY("--certificate"),
                                                MANY("--sign-cert"),
                                                MANY("--encrypt-cert"),
                                                MANY("--tls-cert"),
                                                VALUE("--ca"),
                                                VALUE("--crl"),
                                                VALUE("--revocation"),
                                                VALUE("--channel-out"),
                                                VALUE("--channel-in"),
                                                VALUE("--suite"),
                                                VALUE("--party-id"),
                                                VALUE("--party-type"),
                                                VALUE("--own-id"),
                                                VALUE("--own-type"),
                                                VALUE("--service"),
                                                VALUE("--service-type"),
                                                MANY("--action"),
                                                VALUE("--agreement"),
                                                VALUE("--initiator-role"),
                                                VALUE("--responder-role"),
                                                VALUE("--sign-ref"),
                                                VALUE("--encrypt-ref"),
                                                FLAG("--four-corner"),
                                                FLAG("--legacy-refs"),
                                                FLAG("--uncompressed-xml"),
                                                VALUE("--largest"),
                                                VALUE("--max-parts"),
                                                VALUE("--name"),
                                                VALUE("--country"),
                                                END};
static const struct sph_option ask_options[] = {VALUE("--to"),
                                                MANY("--topic"),
                                                VALUE("--place"),
                                                VALUE("--deadline"),
                                                MANY("--want"),
                                                VALUE("--from"),
                                                VALUE("--text-lang"),
                                                VALUE("--capacity"),
                                                VALUE("--urgency"),
                                                VALUE("--draft"),
                                                END};
static const struct sph_option reply_options[] = {
    VALUE("--as"),  VALUE("--from"),   VALUE("--text-lang"), MANY("--attach"),
    MANY("--link"), VALUE("--reason"), VALUE("--draft"),     END};
static const struct sph_option publish_options[] = {
    VALUE("--summary"),     VALUE("--holding"),   VALUE("--level"),         VALUE("--finality"),
    MANY("--outcome"),      MANY("--act"),        MANY("--exploitation"),   VALUE("--court"),
    VALUE("--case-number"), VALUE("--text-lang"), VALUE("--anonymised-by"), VALUE("--checked-by"),
    MANY("--attach"),       VALUE("--draft"),     FLAG("--partners-only"),  END};
static const struct sph_option send_options[] = {MANY("--to"),
                                                 MANY("--attach"),
                                                 VALUE("--service"),
                                                 VALUE("--action"),
                                                 VALUE("--reply-to"),
                                                 VALUE("--conversation"),
                                                 VALUE("--original-sender"),
                                                 VALUE("--final-recipient"),
                                                 END};
static const struct sph_option inbox_options[] = {FLAG("--unread"), FLAG("--all"),
                                                  VALUE("--partner"), VALUE("--limit"), END};
static const struct sph_option outbox_options[] = {FLAG("--open"), FLAG("--all"),
                                                   VALUE("--partner"), VALUE("--limit"), END};
static const struct sph_option show_options[] = {FLAG("--xml"), FLAG("--proof"), END};
static const struct sph_option save_options[] = {VALUE("-o"), VALUE("--attachment"), END};
static const struct sph_option log_options[] = {
    VALUE("--from"), VALUE("--to"), VALUE("--partner"), VALUE("--type"), VALUE("--limit"), END};
static const struct sph_option verify_options[] = {MANY("--trust"), VALUE("--leaf"), END};
static const struct sph_option install_options[] = {VALUE("--xml"), END};

const struct sph_word sph_words[] = {
    {"init", 0, 1, init_options, sph_cmd_init},
    {"run", 0, 0, run_options, sph_cmd_run},
    {"status", 0, 0, status_options, sph_cmd_status},
    {"doctor", 0, 0, NULL, sph_cmd_doctor},
    {"pull", 0, 0, NULL, sph_cmd_pull},
    {"demo", 0, 0, demo_options, sph_cmd_demo},
    {"partner card", 0, 0, out_options, sph_cmd_partner_card},
    {"partner add", 0, 6, add_options, sph_cmd_partner_add},
    {"partner certificates", 0, 0, out_options, sph_cmd_partner_certificates},
    {"partner list", 0, 0, NULL, sph_cmd_partner_list},
    {"partner show", 1, 1, NULL, sph_cmd_partner_show},
    {"partner ping", 1, 1, NULL, sph_cmd_partner_ping},
    {"partner pause", 1, 1, NULL, sph_cmd_partner_pause},
    {"partner resume", 1, 1, NULL, sph_cmd_partner_resume},
    {"partner remove", 1, 1, NULL, sph_cmd_partner_remove},
    {"check", 1, 1, NULL, sph_cmd_check},
    {"ask", 0, 0, ask_options, sph_cmd_ask},
    {"reply", 1, 1, reply_options, sph_cmd_reply},
    {"publish", 0, 1, publish_options, sph_cmd_publish},
    {"send", 0, SPH_CLI_WORDS, send_options, sph_cmd_send},
    {"inbox", 0, 0, inbox_options, sph_cmd_inbox},
    {"outbox", 0, 0, outbox_options, sph_cmd_outbox},
    {"show", 1, 1, show_options, sph_cmd_show},
    {"save", 1, 1, save_options, sph_cmd_save},
    {"ledger log", 0, 0, log_options, sph_cmd_ledger_log},
    {"ledger verify", 0, 0, NULL, sph_cmd_ledger_verify},
    {"ledger checkpoint", 0, 0, out_options, sph_cmd_ledger_checkpoint},
    {"ledger proof", 1, 1, out_options, sph_cmd_ledger_proof},
    {"verify", 1, 1, verify_options, sph_cmd_verify},
    {"schema list", 0, 0, NULL, sph_cmd_schema_list},
    {"schema install", 1, 1, install_options, sph_cmd_schema_install},
    {"version", 0, 0, NULL, sph_cmd_version},
    {"help", 0, 3, NULL, sph_cmd_help},
    {NULL, 0, 0, NULL, NULL},
};
