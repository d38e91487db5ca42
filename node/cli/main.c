/* saphan: the whole node as one program. This file reads the command line; each word has a file of
 * its own. */
#include <locale.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/suggest.h"

const char *sph_cli_option(const sph_cli *cli, const char *name, size_t n)
{
    for (size_t i = 0; i < cli->option_count; i++)
        if (strcmp(cli->option[i].name, name) == 0 && n-- == 0)
            return cli->option[i].value;
    return NULL;
}

bool sph_cli_flag(const sph_cli *cli, const char *name)
{
    for (size_t i = 0; i < cli->option_count; i++)
        if (strcmp(cli->option[i].name, name) == 0)
            return true;
    return false;
}

/** Options that every word takes; one small setter each. */
static void set_json(sph_cli *cli, const char *value)
{
    (void)value;
    cli->is_json = true;
}

static void set_yes(sph_cli *cli, const char *value)
{
    (void)value;
    cli->is_yes = true;
}

static void set_quiet(sph_cli *cli, const char *value)
{
    (void)value;
    cli->is_quiet = true;
}

static void set_verbose(sph_cli *cli, const char *value)
{
    (void)value;
    cli->is_verbose = true;
}

static void set_dry_run(sph_cli *cli, const char *value)
{
    (void)value;
    cli->is_dry_run = true;
}

static void set_lang(sph_cli *cli, const char *value)
{
    cli->lang = sph_lang_of(value);
}

static void set_home(sph_cli *cli, const char *value)
{
    if (sph_str_copy(cli->home, sizeof(cli->home), sph_slice_str(value), NULL).code != SPH_OK)
        cli->home[0] = '\0';
}

static void set_color(sph_cli *cli, const char *value)
{
    cli->color = strcmp(value, "always") == 0  ? SPH_COLOR_ALWAYS
                 : strcmp(value, "never") == 0 ? SPH_COLOR_NEVER
                                               : SPH_COLOR_AUTO;
}

static const struct common {
    const char *name;
    bool has_value;
    void (*set)(sph_cli *cli, const char *value);
} common_options[] = {
    {"--json", false, set_json},       {"--yes", false, set_yes},
    {"--quiet", false, set_quiet},     {"--verbose", false, set_verbose},
    {"--dry-run", false, set_dry_run}, {"--lang", true, set_lang},
    {"--home", true, set_home},        {"--color", true, set_color},
};

/** "--name=value" or "--name value"; *used = arguments taken. */
static bool option_value(int argc, char **argv, int at, const char *name, bool has_value,
                         const char **value, int *used)
{
    const sph_slice given = sph_slice_str(argv[at]);
    const sph_slice wanted = sph_slice_str(name);
    *value = NULL;
    *used = 1;
    if (sph_slice_equal(given, wanted)) {
        if (!has_value)
            return true;
        *used = 2;
        *value = at + 1 < argc ? argv[at + 1] : NULL;
        return true;
    }
    if (has_value && sph_slice_starts(given, wanted) && given.at[wanted.len] == '=') {
        *value = argv[at] + wanted.len + 1;
        return true;
    }
    return false;
}

/** 0: not an option of all words; else arguments used, -1 for a missing value. */
static int take_common(sph_cli *cli, int argc, char **argv, int at)
{
    for (size_t i = 0; i < sizeof(common_options) / sizeof(common_options[0]); i++) {
        const char *value = NULL;
        int used = 0;
        if (!option_value(argc, argv, at, common_options[i].name, common_options[i].has_value,
                          &value, &used))
            continue;
        if (common_options[i].has_value && !value)
            return -1;
        common_options[i].set(cli, value);
        return used;
    }
    return 0;
}

static int take_own(sph_cli *cli, int argc, char **argv, int at)
{
    for (const struct sph_option *option = cli->word->options; option && option->name; option++) {
        const char *value = NULL;
        int used = 0;
        if (!option_value(argc, argv, at, option->name, option->has_value, &value, &used))
            continue;
        if ((option->has_value && !value) || cli->option_count == SPH_CLI_OPTIONS)
            return -1;
        cli->option[cli->option_count].name = option->name;
        cli->option[cli->option_count++].value = value;
        return used;
    }
    return 0;
}

/** Words in argv from `at` that make up the word's name; 0 when they do not. */
static int name_length(const char *name, int argc, char **argv, int at)
{
    sph_slice rest = sph_slice_str(name);
    int count = 0;
    while (rest.len > 0) {
        const size_t space = sph_slice_find(rest, SPH_LIT(" "), 0);
        if (at + count >= argc || !sph_slice_is(sph_slice_sub(rest, 0, space), argv[at + count]))
            return 0;
        count++;
        rest = space == SIZE_MAX ? (sph_slice){NULL, 0} : sph_slice_sub(rest, space + 1, SIZE_MAX);
    }
    return count;
}

static const struct sph_word *find_word(int argc, char **argv, int at, int *used)
{
    for (const struct sph_word *word = sph_words; word->name; word++) {
        *used = name_length(word->name, argc, argv, at);
        if (*used > 0)
            return word;
    }
    return NULL;
}

static bool is_option(const char *text)
{
    return text[0] == '-' && text[1] != '\0';
}

static enum sph_exit read_rest(sph_cli *cli, int argc, char **argv, int at, bool *wants_help)
{
    while (at < argc) {
        if (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0) {
            *wants_help = true;
            return SPH_EXIT_DONE;
        }
        int used = take_own(cli, argc, argv, at);
        if (used == 0)
            used = take_common(cli, argc, argv, at);
        if (used == 0 && !is_option(argv[at])) {
            if (cli->arg_count == SPH_CLI_WORDS)
                return sph_cli_usage(cli, "cli.too-many", SPH_ARGS({"word", cli->word->name}));
            cli->arg[cli->arg_count++] = argv[at];
            used = 1;
        }
        if (used == 0)
            return sph_cli_usage(cli, "cli.unknown-option",
                                 SPH_ARGS({"option", argv[at]}, {"word", cli->word->name}));
        if (used < 0)
            return sph_cli_usage(cli, "cli.no-value", SPH_ARGS({"option", argv[at]}));
        at += used;
    }
    return SPH_EXIT_DONE;
}

static void default_home(sph_cli *cli)
{
    const char *given = getenv("SAPHAN_HOME");
    const struct passwd *who = getpwuid(geteuid());
    if (given)
        set_home(cli, given);
    else if (who && strcmp(who->pw_name, "saphan") == 0)
        set_home(cli, "/var/lib/saphan");
    else if (sph_str_format(cli->home, sizeof(cli->home), NULL, "%s/.local/share/saphan",
                            who              ? who->pw_dir
                            : getenv("HOME") ? getenv("HOME")
                                             : "")
                 .code != SPH_OK)
        cli->home[0] = '\0';
}

static void default_lang(sph_cli *cli)
{
    static const char *const names[] = {"SAPHAN_LANG", "LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = getenv(names[i]);
        if (value && value[0]) {
            cli->lang = sph_lang_of(value);
            break;
        }
    }
    const char *type = setlocale(LC_CTYPE, "");
    cli->is_utf8 =
        cli->lang != SPH_LANG_EN || (type && (strstr(type, "UTF-8") || strstr(type, "utf8")));
    if (getenv("NO_COLOR"))
        cli->color = SPH_COLOR_NEVER;
}

static void find_program(sph_cli *cli)
{
    const ssize_t len = readlink("/proc/self/exe", cli->program, sizeof(cli->program) - 1);
    cli->program[len > 0 ? len : 0] = '\0';
}

/** An absolute home, so that a later change of folder does not matter. */
static enum sph_exit settle_home(sph_cli *cli)
{
    char folder[512];
    if (cli->home[0] == '/')
        return SPH_EXIT_DONE;
    char relative[512];
    if (!cli->home[0] ||
        sph_str_copy(relative, sizeof(relative), sph_slice_str(cli->home), NULL).code != SPH_OK ||
        !getcwd(folder, sizeof(folder)) ||
        sph_str_format(cli->home, sizeof(cli->home), NULL, "%s/%s", folder, relative).code !=
            SPH_OK)
        return sph_cli_usage(cli, "cli.bad-home", NULL, 0);
    return SPH_EXIT_DONE;
}

static enum sph_exit run_word(sph_cli *cli, bool wants_help)
{
    if (wants_help) {
        cli->arg_count = 0;
        cli->arg[cli->arg_count++] = cli->word->name;
        return sph_cmd_help(cli);
    }
    if (cli->arg_count < cli->word->least)
        return sph_cli_usage(cli, "cli.too-few", SPH_ARGS({"word", cli->word->name}));
    if (cli->arg_count > cli->word->most)
        return sph_cli_usage(cli, "cli.too-many", SPH_ARGS({"word", cli->word->name}));
    const enum sph_exit home = settle_home(cli);
    return home == SPH_EXIT_DONE ? cli->word->run(cli) : home;
}

static enum sph_exit read_and_run(sph_cli *cli, int argc, char **argv)
{
    int at = 1, used = 0;
    bool wants_help = false;
    while (at < argc && (used = take_common(cli, argc, argv, at)) != 0) {
        if (used < 0)
            return sph_cli_usage(cli, "cli.no-value", SPH_ARGS({"option", argv[at]}));
        at += used;
    }
    if (at >= argc || strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0)
        return sph_cmd_help(cli);
    if (strcmp(argv[at], "--version") == 0)
        return sph_cmd_version(cli);
    cli->word = find_word(argc, argv, at, &used);
    if (!cli->word)
        return sph_suggest(cli, argc - at, argv + at);
    const enum sph_exit rest = read_rest(cli, argc, argv, at + used, &wants_help);
    return rest == SPH_EXIT_DONE ? run_word(cli, wants_help) : rest;
}

int main(int argc, char **argv)
{
    sph_err err = {0};
    sph_cli cli = {.lang = SPH_LANG_EN};
    default_lang(&cli);
    default_home(&cli);
    find_program(&cli);
    if (sph_cli_start(&err).code != SPH_OK)
        return (int)sph_cli_failed(&cli, &err);
    const enum sph_exit code = read_and_run(&cli, argc, argv);
    sph_cli_stop();
    return fflush(stdout) != 0 && code == SPH_EXIT_DONE ? SPH_EXIT_FAILED : (int)code;
}
