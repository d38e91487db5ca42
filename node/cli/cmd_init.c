#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/config_keys.h"
#include "cli/cli.h"
#include "exchange/node.h"

#define LINE_ROOM 512
#define ANSWERS 16

/** Answers by name: from options, from --answers FILE ("name = value" lines), or typed. */
struct answers {
    struct {
        char name[24], value[256];
    } at[ANSWERS];
    size_t count;
};

static const char *answer(const struct answers *answers, const char *name)
{
    for (size_t i = 0; i < answers->count; i++)
        if (strcmp(answers->at[i].name, name) == 0 && answers->at[i].value[0])
            return answers->at[i].value;
    return NULL;
}

static bool add_answer(struct answers *answers, const char *name, const char *value)
{
    if (answers->count == ANSWERS)
        return false;
    const size_t at = answers->count++;
    return sph_str_copy(answers->at[at].name, sizeof(answers->at[at].name), sph_slice_str(name),
                        NULL)
                   .code == SPH_OK &&
           sph_str_copy(answers->at[at].value, sizeof(answers->at[at].value), sph_slice_str(value),
                        NULL)
                   .code == SPH_OK;
}

static char *trimmed(char *text)
{
    while (*text == ' ' || *text == '\t')
        text++;
    for (size_t len = sph_slice_str(text).len; len > 0 && strchr(" \t\r\n", text[len - 1]); len--)
        text[len - 1] = '\0';
    return text;
}

static enum sph_exit read_answers(const sph_cli *cli, const char *path, struct answers *answers)
{
    char line[LINE_ROOM];
    FILE *in = fopen(path, "re");
    bool is_good = in != NULL;
    while (is_good && fgets(line, sizeof(line), in)) {
        char *equals = strchr(line, '=');
        if (line[0] == '#' || !equals)
            continue;
        *equals = '\0';
        is_good = add_answer(answers, trimmed(line), trimmed(equals + 1));
    }
    if (in)
        fclose(in);
    return is_good ? SPH_EXIT_DONE
                   : sph_cli_usage(cli, "init.answers-unreadable", SPH_ARGS({"file", path}));
}

static bool take_options(const sph_cli *cli, struct answers *answers)
{
    static const char *const names[] = {"party",   "name", "name-lo", "name-th", "name-en", "kind",
                                        "country", "url",  "listen",  "largest", "suites",  "via"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char option[32];
        if (sph_str_format(option, sizeof(option), NULL, "--%s", names[i]).code != SPH_OK)
            return false;
        const char *value = sph_cli_option(cli, option, 0);
        if (value && !add_answer(answers, names[i], value))
            return false;
    }
    return true;
}

/** The wizard: asks only for what is missing, with an example, on a terminal. */
static void ask_missing(const sph_cli *cli, struct answers *answers)
{
    static const char *const needed[] = {"party", "name", "kind", "country", "url"};
    char line[LINE_ROOM], key[40];
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        if (answer(answers, needed[i]) ||
            (strcmp(needed[i], "url") == 0 && sph_cli_flag(cli, "--pull-only")) ||
            (strcmp(needed[i], "name") == 0 &&
             (answer(answers, "name-lo") || answer(answers, "name-th") ||
              answer(answers, "name-en"))))
            continue;
        if (!isatty(STDIN_FILENO) ||
            sph_str_format(key, sizeof(key), NULL, "init.ask.%s", needed[i]).code != SPH_OK)
            return;
        fprintf(stderr, "%s: ", sph_text(cli->lang, key));
        if (!fgets(line, sizeof(line), stdin) || !add_answer(answers, needed[i], trimmed(line)))
            return;
    }
}

/** "host:port" of --listen, else all addresses and the port of the URL. */
static bool split_listen(const struct answers *answers, char address[64], unsigned *port)
{
    const char *listen = answer(answers, "listen");
    const char *from = listen ? listen : answer(answers, "url");
    const char *colon = from ? strrchr(from, ':') : NULL;
    uint64_t number = 8443;
    if (colon && sph_slice_u64(sph_slice_str(colon + 1), 65535, &number, NULL).code != SPH_OK)
        number = listen ? 0 : 443;
    *port = (unsigned)number;
    if (!listen)
        return sph_str_copy(address, 64, SPH_LIT("0.0.0.0"), NULL).code == SPH_OK;
    return sph_str_copy(
               address, 64,
               sph_slice_of(listen, colon ? (size_t)(colon - listen) : sph_slice_str(listen).len),
               NULL)
               .code == SPH_OK;
}

static enum sph_exit make_folder(const sph_cli *cli)
{
    char path[sizeof(cli->home)];
    if (sph_str_copy(path, sizeof(path), sph_slice_str(cli->home), NULL).code != SPH_OK)
        return SPH_EXIT_FAILED;
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0755) != 0 && errno != EEXIST)
            return sph_cli_usage(cli, "init.no-folder", SPH_ARGS({"home", path}));
        *slash = '/';
    }
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return sph_cli_usage(cli, "init.no-folder", SPH_ARGS({"home", path}));
    return chmod(path, 0700) == 0 ? SPH_EXIT_DONE
                                  : sph_cli_usage(cli, "init.no-folder", SPH_ARGS({"home", path}));
}

static sph_rc create(const sph_cli *cli, const struct sph_home_new *values, sph_err *err)
{
    sph_files *files = NULL;
    SPH_TRY(sph_files_real_new(cli->home, &files, err), err, "home");
    const struct sph_env env = {sph_clock_real(), sph_random_real(), files, NULL};
    const sph_rc rc = sph_home_create(&env, cli->home, values, err);
    sph_files_real_free(&files);
    return rc;
}

static void fill(const sph_cli *cli, const struct answers *answers, const char *address,
                 unsigned port, struct sph_home_new *values)
{
    uint64_t largest = 0;
    const char *name = answer(answers, "name");
    if (answer(answers, "largest") && sph_slice_u64(sph_slice_str(answer(answers, "largest")),
                                                    UINT64_C(2147483648), &largest, NULL)
                                              .code != SPH_OK)
        largest = 0;
    *values =
        (struct sph_home_new){.party = answer(answers, "party"),
                              .kind = answer(answers, "kind"),
                              .country = answer(answers, "country"),
                              .mode = sph_cli_flag(cli, "--training") ? "training" : "production",
                              .url = answer(answers, "url"),
                              .listen_address = address,
                              .listen_port = port,
                              .largest = largest,
                              .suites = answer(answers, "suites"),
                              .via = answer(answers, "via"),
                              .relays = sph_cli_flag(cli, "--relay"),
                              .lang = cli->lang};
    values->name[SPH_LANG_EN] = answer(answers, "name-en");
    values->name[SPH_LANG_LO] = answer(answers, "name-lo");
    values->name[SPH_LANG_TH] = answer(answers, "name-th");
    if (name && !values->name[cli->lang])
        values->name[cli->lang] = name;
}

static enum sph_exit check_given(const sph_cli *cli, const struct answers *answers)
{
    static const char *const needed[] = {"party", "kind", "country"};
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        if (!answer(answers, needed[i]))
            return sph_cli_usage(cli, "init.missing", SPH_ARGS({"option", needed[i]}));
    if (sph_cli_flag(cli, "--relay") && sph_cli_flag(cli, "--pull-only"))
        return sph_cli_usage(cli, "init.relay-needs-url", NULL, 0);
    if (answer(answers, "via") && !sph_cli_flag(cli, "--pull-only"))
        return sph_cli_usage(cli, "init.via-needs-pull-only", NULL, 0);
    if (sph_cli_flag(cli, "--pull-only"))
        return answer(answers, "url") ? sph_cli_usage(cli, "init.pull-only-url", NULL, 0)
                                      : SPH_EXIT_DONE;
    if (!answer(answers, "url"))
        return sph_cli_usage(cli, "init.no-url", NULL, 0);
    return SPH_EXIT_DONE;
}

/** Does saphan.ini take this value? */
static bool is_taken(const char *key, const char *value)
{
    size_t count = 0;
    const struct sph_config_key *keys = sph_config_keys(&count);
    struct sph_config config;
    for (size_t i = 0; i < count; i++)
        if (sph_slice_is(sph_slice_str(key), keys[i].name))
            return sph_config_set(&keys[i], sph_slice_str(value), &config, NULL).code == SPH_OK;
    return false;
}

/** Before anything is made: a value that the node could not start with is named, with what would
 * do. */
static enum sph_exit check_values(const sph_cli *cli, const struct answers *answers)
{
    static const char *const checked[][3] = {
        {"party", "party", "init.bad.party"},
        {"name", "name_en", "init.bad.name"},
        {"name-lo", "name_lo", "init.bad.name"},
        {"name-th", "name_th", "init.bad.name"},
        {"name-en", "name_en", "init.bad.name"},
        {"kind", "kind", "init.bad.kind"},
        {"country", "country", "init.bad.country"},
        {"url", "url", "init.bad.url"},
        {"largest", "largest", "init.bad.largest"},
        {"suites", "suites", "init.bad.suites"},
        {"via", "via", "init.bad.via"},
    };
    for (size_t i = 0; i < sizeof(checked) / sizeof(checked[0]); i++) {
        const char *value = answer(answers, checked[i][0]);
        if (value && !is_taken(checked[i][1], value))
            return sph_cli_usage(cli, checked[i][2], SPH_ARGS({"value", value}));
    }
    return SPH_EXIT_DONE;
}

static enum sph_exit report(sph_cli *cli, const char *party)
{
    sph_reply reply = {.status = 0};
    const sph_ask ask = {.method = "GET", .target = "/api/1/node"};
    if (!cli->is_json) {
        sph_cli_say(cli, "init.done", SPH_ARGS({"party", party}, {"home", cli->home}));
        return SPH_EXIT_DONE;
    }
    const enum sph_exit code = sph_cli_ask(cli, &ask, &reply);
    if (code == SPH_EXIT_DONE)
        sph_cli_print_json(cli, &reply);
    sph_reply_clear(&reply);
    return code;
}

static enum sph_exit init(sph_cli *cli, struct answers *answers)
{
    char address[64];
    unsigned port = 0;
    sph_err err = {0};
    struct sph_home_new values;
    const char *file = sph_cli_option(cli, "--answers", 0);
    if (!take_options(cli, answers))
        return sph_cli_usage(cli, "init.answers-unreadable", SPH_ARGS({"file", "--"}));
    if (file && read_answers(cli, file, answers) != SPH_EXIT_DONE)
        return SPH_EXIT_USAGE;
    ask_missing(cli, answers);
    enum sph_exit given = check_given(cli, answers);
    if (given == SPH_EXIT_DONE)
        given = check_values(cli, answers);
    if (given != SPH_EXIT_DONE)
        return given;
    if (!split_listen(answers, address, &port) || !is_taken("address", address) || port == 0)
        return sph_cli_usage(cli, "init.bad.listen",
                             SPH_ARGS({"value", answer(answers, "listen")}));
    if (make_folder(cli) != SPH_EXIT_DONE || sph_cli_become_owner(cli) != SPH_EXIT_DONE)
        return SPH_EXIT_REFUSED;
    fill(cli, answers, address, port, &values);
    const sph_rc rc = create(cli, &values, &err);
    if (rc.code == SPH_EEXISTS) {
        sph_cli_say(cli, "init.exists", SPH_ARGS({"home", cli->home}));
        return SPH_EXIT_DONE;
    }
    if (rc.code == SPH_EUNSUPPORTED)
        return sph_cli_usage(cli, "init.bad.suites", SPH_ARGS({"value", values.suites}));
    return rc.code == SPH_OK ? report(cli, values.party) : sph_cli_failed(cli, &err);
}

enum sph_exit sph_cmd_init(sph_cli *cli)
{
    struct answers *answers = sph_mem_new(1, sizeof(*answers));
    if (!answers)
        return SPH_EXIT_FAILED;
    if (cli->arg_count == 1 &&
        sph_str_copy(cli->home, sizeof(cli->home), sph_slice_str(cli->arg[0]), NULL).code !=
            SPH_OK) {
        sph_mem_free(answers);
        return sph_cli_usage(cli, "cli.bad-home", NULL, 0);
    }
    const enum sph_exit code = init(cli, answers);
    sph_mem_free(answers);
    return code;
}
