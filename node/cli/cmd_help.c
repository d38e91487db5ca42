#include <stdio.h>

#include "base/unicode.h"
#include "cli/help.h"
#include "cli/suggest.h"

static void print_padded(const char *text, size_t column)
{
    const size_t wide = sph_unicode_width(sph_slice_str(text));
    printf("%s%*s", text, (int)(wide < column ? column - wide : 1), "");
}

static void print_row(const sph_cli *cli, const struct sph_word *word)
{
    char name[64];
    const struct sph_help_place *place = sph_help_place_of(word->name);
    const char *text = sph_help_text(cli, word->name, "");
    if (!place ||
        sph_str_format(name, sizeof(name), NULL, "  %s %s", word->name, place->args).code != SPH_OK)
        return;
    print_padded(name, 26);
    puts(text ? text : "");
}

static void print_group(const sph_cli *cli, const char *group)
{
    char key[48];
    if (sph_str_format(key, sizeof(key), NULL, "help.group.%s", group).code == SPH_OK)
        printf("\n%s\n", sph_text(cli->lang, key));
    for (const struct sph_word *word = sph_words; word->name; word++) {
        const struct sph_help_place *place = sph_help_place_of(word->name);
        if (place && sph_slice_is(sph_slice_str(place->group), group))
            print_row(cli, word);
    }
}

static enum sph_exit print_all(const sph_cli *cli)
{
    puts(sph_text(cli->lang, "help.head"));
    for (const char *const *group = sph_help_groups; *group; group++)
        print_group(cli, *group);
    printf("\n%s\n\n%s\n", sph_text(cli->lang, "help.common-long"),
           sph_text(cli->lang, "help.foot"));
    return SPH_EXIT_DONE;
}

static void print_option(const sph_cli *cli, const char *word, const struct sph_option *option)
{
    char name[48];
    sph_slice value, rest;
    sph_help_split(sph_help_option(cli, word, option->name), option->has_value, &value, &rest);
    if (sph_str_format(name, sizeof(name), NULL, "  %s %.*s", option->name, (int)value.len,
                       (const char *)value.at)
            .code != SPH_OK)
        return;
    print_padded(name, 26);
    printf("%.*s\n", (int)rest.len, (const char *)rest.at);
}

#define MOST_OPTIONS 20 /* of a word, each on a line of its own */
#define FIRST_OPTIONS 9 /* of a word that has more */
#define NAMES_WIDTH 96

/** Names of the rarer options, a few lines for all of them; the manual page tells what each is. */
static void print_names(const sph_cli *cli, const struct sph_option *option)
{
    size_t column = 0;
    puts(sph_text(cli->lang, "help.more-options"));
    for (; option->name; option++) {
        const size_t len = sph_slice_str(option->name).len;
        if (column > 0 && column + len + 1 > NAMES_WIDTH) {
            putchar('\n');
            column = 0;
        }
        printf("%s%s", column > 0 ? " " : "    ", option->name);
        column += len + (column > 0 ? 1 : 4);
    }
    putchar('\n');
}

static void print_options(const sph_cli *cli, const struct sph_word *word)
{
    size_t count = 0;
    while (word->options && word->options[count].name)
        count++;
    const size_t shown = count > MOST_OPTIONS ? FIRST_OPTIONS : count;
    for (size_t i = 0; i < shown; i++)
        print_option(cli, word->name, &word->options[i]);
    if (shown < count)
        print_names(cli, &word->options[shown]);
}

/** Examples first, then what the word does, then its options: at most 24 lines (a test counts
 * them). */
static enum sph_exit print_word(const sph_cli *cli, const struct sph_word *word)
{
    const struct sph_help_place *place = sph_help_place_of(word->name);
    const char *text = sph_help_text(cli, word->name, "");
    const char *more = sph_help_text(cli, word->name, ".more");
    const char *examples = sph_help_text(cli, word->name, ".examples");
    printf("%s\n\n%s\n", examples ? examples : "", text ? text : "");
    if (more)
        puts(more);
    printf("\nsaphan %s %s%s%s\n", word->name, place ? place->args : "",
           place && place->args[0] ? " " : "", sph_text(cli->lang, "help.options"));
    print_options(cli, word);
    puts(sph_text(cli->lang, "help.common"));
    return SPH_EXIT_DONE;
}

static sph_rc join(const sph_cli *cli, char *out, size_t room, sph_err *err)
{
    SPH_AUTO(sph_buf) text = sph_buf_init(room - 1);
    for (size_t i = 0; i < cli->arg_count; i++)
        SPH_TRY(sph_buf_addf(&text, err, "%s%s", i > 0 ? " " : "", cli->arg[i]), err, "word");
    return sph_str_copy(out, room, sph_buf_peek(&text), err);
}

/** "partner" alone: the words that begin with it. */
static bool print_family(const sph_cli *cli, const char *first)
{
    const sph_slice family = sph_slice_str(first);
    bool is_found = false;
    for (const struct sph_word *word = sph_words; word->name; word++) {
        const sph_slice name = sph_slice_str(word->name);
        if (!sph_slice_starts(name, family) || name.len <= family.len || name.at[family.len] != ' ')
            continue;
        print_row(cli, word);
        is_found = true;
    }
    return is_found;
}

enum sph_exit sph_cmd_help(sph_cli *cli)
{
    char wanted[64];
    if (cli->arg_count == 0)
        return print_all(cli);
    if (join(cli, wanted, sizeof(wanted), NULL).code != SPH_OK)
        return sph_cli_usage(cli, "cli.unknown-word", SPH_ARGS({"word", cli->arg[0]}));
    for (const struct sph_word *word = sph_words; word->name; word++)
        if (sph_slice_is(sph_slice_str(word->name), wanted))
            return print_word(cli, word);
    if (sph_slice_is(sph_slice_str(wanted), "man")) {
        sph_help_man(cli);
        return SPH_EXIT_DONE;
    }
    if (print_family(cli, wanted))
        return SPH_EXIT_DONE;
    char *typed[] = {wanted};
    cli->word = NULL;
    return sph_suggest(cli, 1, typed);
}
