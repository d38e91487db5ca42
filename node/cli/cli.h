/** The command line: words, their options, and the way to the API (cli.md). Every command is an API
 * client. */
#pragma once

#include "base/json.h"
#include "base/lang.h"
#include "net/transport.h"

/** Exit codes (cli.md). */
enum sph_exit {
    SPH_EXIT_DONE = 0,
    SPH_EXIT_FAILED = 1,
    SPH_EXIT_USAGE = 2,
    SPH_EXIT_PROOF = 3,
    SPH_EXIT_REFUSED = 4,
    SPH_EXIT_LATER = 5
};

enum sph_color { SPH_COLOR_AUTO, SPH_COLOR_ALWAYS, SPH_COLOR_NEVER };
#define SPH_CLI_OPTIONS 64
#define SPH_CLI_WORDS 16

/** One command's run. */
typedef struct sph_cli {
    enum sph_lang lang;
    char home[512];
    bool is_json, is_quiet, is_yes, is_dry_run, is_verbose;
    enum sph_color color;
    bool is_utf8; /* else ASCII symbols */
    const struct sph_word *word;
    struct {
        const char *name, *value; /* value NULL for a flag */
    } option[SPH_CLI_OPTIONS];
    size_t option_count;
    const char *arg[SPH_CLI_WORDS]; /* what stands after the word */
    size_t arg_count;
    char program[512]; /* path of this program, for children (demo) */
} sph_cli;

/** An option of a word. */
struct sph_option {
    const char *name; /* "--to" */
    bool has_value, is_repeatable;
};
/** A word of the command line. Help is the catalogue's "help.<word>" and "help.<word>.examples". */
struct sph_word {
    const char *name;                 /* "partner add" */
    unsigned least, most;             /* arguments behind the word */
    const struct sph_option *options; /* ended by {NULL}; NULL none */
    enum sph_exit (*run)(sph_cli *cli);
};
/** All words, ended by {NULL}. */
extern const struct sph_word sph_words[];

/** Value of an option, the n-th when repeated; NULL when absent. */
const char *sph_cli_option(const sph_cli *cli, const char *name, size_t n);
bool sph_cli_flag(const sph_cli *cli, const char *name);

/** Print a catalogue text with a newline: to stdout (unless --quiet), or to stderr. */
void sph_cli_say(const sph_cli *cli, const char *key, const sph_arg *args, size_t count);
void sph_cli_warn(const sph_cli *cli, const char *key, const sph_arg *args, size_t count);
/** "ok", "!!", ".." with colour on a terminal. */
enum sph_mark { SPH_MARK_OK, SPH_MARK_BAD, SPH_MARK_WAIT };
const char *sph_cli_mark(const sph_cli *cli, enum sph_mark mark);
/** A wrong use: says what, names the help, exit 2. */
enum sph_exit sph_cli_usage(const sph_cli *cli, const char *key, const sph_arg *args, size_t count);
/** A problem in its own words: catalogue text `key`, and `key`.do when there is one, on stderr;
 * under --json an object as the API's on stdout too. Returns exit_code. */
enum sph_exit sph_cli_problem_said(const sph_cli *cli, const char *key, enum sph_code code,
                                   enum sph_exit exit_code, const sph_arg *args, size_t count);
/** A failure that has no problem document: the reason in the user's language and the cause. */
enum sph_exit sph_cli_failed(const sph_cli *cli, const sph_err *err);
/** Ask a question on the terminal; --yes answers yes; no terminal is no. */
bool sph_cli_confirm(const sph_cli *cli, const char *key, const sph_arg *args, size_t count);
/** Make text safe for a terminal: control characters become U+FFFD. Appended. */
SPH_MUST sph_rc sph_cli_safe(const char *text, sph_buf *out, sph_err *err);
/** A table: rows of cells, columns padded by display width; "" rows are skipped. */
struct sph_table {
    size_t columns, rows;
    char *cell[2000];
};
void sph_table_clear(struct sph_table *table);
void sph_table_row(struct sph_table *table, size_t columns, const char *const *cells);
void sph_table_print(const sph_cli *cli, const struct sph_table *table);

/** One API call. */
typedef struct sph_ask {
    const char *method, *target; /* "/api/1/…" */
    const sph_json *body;        /* JSON body, or */
    const char *file;            /* a file's path whose octets are the body, with */
    const char *content_type;
    const char *save_to; /* answer's body goes to this new file instead of memory */
    void (*progress)(void *ctx, uint64_t done, uint64_t total); /* of `file`; may be NULL */
    void *progress_ctx;
} sph_ask;
typedef struct sph_reply {
    unsigned status;
    sph_buf body;
    sph_json *json; /* when the answer is JSON */
} sph_reply;
void sph_reply_clear(sph_reply *reply);
/** Ask the running node, else handle it in-process under the home's lock. A problem is explained on
 * stderr (or printed as it is with
 *  --json) and turned into its exit code; done: *reply owned. */
enum sph_exit sph_cli_ask(sph_cli *cli, const sph_ask *ask, sph_reply *reply);
/** As sph_cli_ask, without a word about problems: for callers that judge the status themselves.
 * SPH_EXIT_FAILED when nobody answered. */
enum sph_exit sph_cli_ask_quietly(sph_cli *cli, const sph_ask *ask, sph_reply *reply);
/** Explain a problem document and give its exit code. */
enum sph_exit sph_cli_problem(const sph_cli *cli, const sph_reply *reply);
/** Print an answer as --json asks: verbatim, one line. */
enum sph_exit sph_cli_print_json(const sph_cli *cli, const sph_reply *reply);
/** Does a node run on this home? */
bool sph_cli_is_running(const sph_cli *cli);
/** Percent-encode into a target; SPH_ELIMIT. */
SPH_MUST sph_rc sph_cli_encode(const char *text, sph_buf *out, sph_err *err);

/** The home's owner acts: euid 0 drops to it, others are refused (exit 4). SPH_EXIT_DONE when we
 * may go on. */
enum sph_exit sph_cli_become_owner(const sph_cli *cli);
/** Home-less set-up of the library floors; once, in main. */
SPH_MUST sph_rc sph_cli_start(sph_err *err);
void sph_cli_stop(void);

/* The words, one file each. */
enum sph_exit sph_cmd_init(sph_cli *cli), sph_cmd_run(sph_cli *cli), sph_cmd_status(sph_cli *cli),
    sph_cmd_doctor(sph_cli *cli), sph_cmd_pull(sph_cli *cli);
enum sph_exit sph_cmd_demo(sph_cli *cli), sph_cmd_help(sph_cli *cli), sph_cmd_version(sph_cli *cli);
enum sph_exit sph_cmd_partner_card(sph_cli *cli), sph_cmd_partner_add(sph_cli *cli),
    sph_cmd_partner_list(sph_cli *cli);
enum sph_exit sph_cmd_partner_show(sph_cli *cli), sph_cmd_partner_ping(sph_cli *cli),
    sph_cmd_partner_pause(sph_cli *cli);
enum sph_exit sph_cmd_partner_certificates(sph_cli *cli);
enum sph_exit sph_cmd_partner_resume(sph_cli *cli), sph_cmd_partner_remove(sph_cli *cli);
enum sph_exit sph_cmd_check(sph_cli *cli), sph_cmd_ask(sph_cli *cli), sph_cmd_reply(sph_cli *cli),
    sph_cmd_publish(sph_cli *cli);
enum sph_exit sph_cmd_send(sph_cli *cli), sph_cmd_inbox(sph_cli *cli), sph_cmd_outbox(sph_cli *cli),
    sph_cmd_show(sph_cli *cli);
enum sph_exit sph_cmd_save(sph_cli *cli);
enum sph_exit sph_cmd_ledger_log(sph_cli *cli), sph_cmd_ledger_verify(sph_cli *cli),
    sph_cmd_ledger_checkpoint(sph_cli *cli);
enum sph_exit sph_cmd_ledger_proof(sph_cli *cli), sph_cmd_verify(sph_cli *cli),
    sph_cmd_schema_list(sph_cli *cli);
enum sph_exit sph_cmd_schema_install(sph_cli *cli);
